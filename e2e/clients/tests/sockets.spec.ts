// Subscriptions with a client of others (graphql-ws), and each rule of graphql-transport-ws that closes a socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { type Client, createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { Platform } from '../support/platform.ts';

let platform: Platform;
let token: { secret: string; id: string };
before(async () => {
  platform = await Platform.start();
  token = await platform.apiToken();
});
after(() => platform.stop());

function client(secret: string, more: Partial<Parameters<typeof createClient>[0]> = {}): Client {
  return createClient({
    url: platform.socket,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${secret}` },
    retryWait: async () => {},
    ...more,
  });
}

const LIVE = 'subscription { live { viewers ingests } }';

test('a subscription comes back by itself when the connection is lost', async () => {
  let connections = 0;
  const subscriber = client(token.secret, { on: { connected: () => void (connections += 1) } });
  const values = subscriber.iterate({ query: LIVE });
  const first = await values.next();
  assert.equal(typeof (first.value as any).data.live.viewers, 'number');
  subscriber.terminate();
  const again = await values.next();
  assert.equal(typeof (again.value as any).data.live.viewers, 'number', 'the first counters come at once, again');
  assert.equal(connections, 2);
  await subscriber.dispose();
});

test('pings are answered', async () => {
  await new Promise<void>((resolve) => {
    const subscriber = client(token.secret, {
      lazy: false,
      keepAlive: 20,
      on: {
        pong: (received) => {
          if (!received) return;
          void subscriber.dispose();
          resolve();
        },
      },
    });
  });
  const socket = await opened();
  say(socket, { type: 'ping', payload: { at: 7 } });
  assert.deepEqual(await hear(socket), { type: 'pong', payload: { at: 7 } });
  socket.close();
});

test('queries and mutations are answered once and completed; mistakes are errors of the operation', async () => {
  const socket = await opened();
  say(socket, { type: 'subscribe', id: 'q', payload: { query: '{ viewer { kind } }' } });
  assert.deepEqual(await hear(socket), { type: 'next', id: 'q', payload: { data: { viewer: { kind: 'API_TOKEN' } } } });
  assert.deepEqual(await hear(socket), { type: 'complete', id: 'q' });
  for (const query of ['{ nothing }', '{', 'subscription { live { nothing } }']) {
    say(socket, { type: 'subscribe', id: 'q', payload: { query } });
    const error = await hear(socket);
    assert.equal(error.type, 'error', query);
    assert.equal(error.payload[0].extensions.code, 'INVALID');
  }
  // Nothing follows an error: the id is free again.
  say(socket, { type: 'subscribe', id: 'q', payload: { query: '{ __typename }' } });
  assert.equal((await hear(socket)).type, 'next');
  socket.close();
});

test('who completes a subscription hears no more of it, and may use its id again', async () => {
  const socket = await opened();
  say(socket, { type: 'subscribe', id: '1', payload: { query: LIVE } });
  assert.equal((await hear(socket)).type, 'next');
  say(socket, { type: 'complete', id: '1' });
  say(socket, { type: 'subscribe', id: '1', payload: { query: '{ __typename }' } });
  assert.deepEqual(await hear(socket), { type: 'next', id: '1', payload: { data: { __typename: 'Query' } } });
  socket.close();
});

test('a socket has 32 operations at once', async () => {
  const socket = await opened();
  const query = 'subscription { streamState { state } }';
  for (let id = 0; id < 33; id += 1) say(socket, { type: 'subscribe', id: `${id}`, payload: { query } });
  const error = await hear(socket);
  assert.equal(error.type, 'error');
  assert.equal(error.id, '32');
  say(socket, { type: 'complete', id: '0' });
  say(socket, { type: 'subscribe', id: '33', payload: { query: '{ __typename }' } });
  assert.equal((await hear(socket)).type, 'next');
  socket.close();
});

const SUBSCRIBE = { type: 'subscribe', id: '1', payload: { query: LIVE } };
const INIT = { type: 'connection_init' };

/** What is said on a new socket, and the code and the reason with which it is closed. */
const CLOSED: [string, (object | string)[], number, string][] = [
  ['an operation before the opening', [SUBSCRIBE], 4401, 'Unauthorized'],
  ['an opening with a token that is none', [{ ...INIT, payload: { authorization: 'Bearer nothing' } }], 4403, 'Forbidden'],
  ['an opening with another scheme', [{ ...INIT, payload: { authorization: 'Basic eA==' } }], 4403, 'Forbidden'],
  ['two openings', [INIT, INIT], 4429, 'Too many initialisation requests'],
  ['an id that is in use', [INIT, SUBSCRIBE, SUBSCRIBE], 4409, 'Subscriber for 1 already exists'],
  ['no JSON', ['hello'], 4400, 'Invalid message'],
  ['a message without a type', [{ id: '1' }], 4400, 'Invalid message'],
  ['a word of another protocol', [INIT, { type: 'start', id: '1', payload: { query: LIVE } }], 4400, 'Invalid message'],
  ['variables that are no map', [INIT, { ...SUBSCRIBE, payload: { query: LIVE, variables: 'x' } }], 4400, 'Invalid message'],
  ['an empty id', [INIT, { ...SUBSCRIBE, id: '' }], 4400, 'Invalid message'],
  ['silence', [], 4408, 'Connection initialisation timeout'],
];

test('what breaks the protocol closes the socket with the code of the protocol', async () => {
  await Promise.all(
    CLOSED.map(async ([what, words, code, reason]) => {
      // With a token in the header, so that the subscriptions would be answered.
      const socket = new WebSocket(platform.socket, 'graphql-transport-ws', {
        headers: { authorization: `Bearer ${token.secret}` },
      });
      await once(socket, 'open');
      const closed = once(socket, 'close');
      for (const word of words) say(socket, word);
      const [got, why] = await closed;
      assert.deepEqual([got, String(why)], [code, reason], what);
    }),
  );
});

test('another protocol is refused', async () => {
  for (const protocol of ['graphql-ws', 'chat']) {
    const socket = new WebSocket(platform.socket, protocol);
    const [error] = await once(socket, 'error');
    assert.match(String(error), /400/, protocol);
  }
});

test('a hash stands for a text on a socket too', async () => {
  const socket = await opened();
  const extensions = {
    persistedQuery: { version: 1, sha256Hash: '7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b' },
  };
  say(socket, { type: 'subscribe', id: '1', payload: { extensions } });
  const unknown = await hear(socket);
  assert.equal(unknown.payload[0].message, 'PersistedQueryNotFound');
  say(socket, { type: 'subscribe', id: '1', payload: { query: '{ __typename }', extensions } });
  assert.equal((await hear(socket)).type, 'next');
  assert.equal((await hear(socket)).type, 'complete');
  say(socket, { type: 'subscribe', id: '1', payload: { extensions } });
  assert.equal((await hear(socket)).type, 'next');
  socket.close();
});

test('a token that is revoked ends its subscriptions, and opens no socket any more', async () => {
  const doomed = await platform.apiToken();
  const subscriber = client(doomed.secret, { retryAttempts: 0 });
  const values = subscriber.iterate({ query: LIVE });
  await values.next();
  await platform.ask(
    'mutation($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { errors { code } } }',
    { input: { id: doomed.id } },
    { authorization: `Bearer ${token.secret}` },
  );
  const last = (await values.next()).value as any;
  assert.equal(last.errors[0].extensions.code, 'UNAUTHENTICATED');
  assert.equal((await values.next()).done, true);
  await subscriber.dispose();
  const refused = client(doomed.secret, { retryAttempts: 0 });
  await assert.rejects(refused.iterate({ query: LIVE }).next(), (event: any) => event.code === 4403);
});

/** A socket that is open for the administrator's token. */
async function opened(): Promise<WebSocket> {
  const socket = new WebSocket(platform.socket, 'graphql-transport-ws');
  await once(socket, 'open');
  listen(socket);
  say(socket, { ...INIT, payload: { authorization: `Bearer ${token.secret}` } });
  assert.deepEqual(await hear(socket), { type: 'connection_ack' });
  return socket;
}

function say(socket: WebSocket, message: object | string): void {
  socket.send(typeof message === 'string' ? message : JSON.stringify(message));
}

/** Words that nobody took yet, and who waits for the next. */
type Ear = { words: any[]; waiting: ((word: any) => void)[] };
const ears = new WeakMap<WebSocket, Ear>();

function listen(socket: WebSocket): void {
  const ear: Ear = { words: [], waiting: [] };
  ears.set(socket, ear);
  socket.on('message', (data) => {
    const word = JSON.parse(String(data));
    const next = ear.waiting.shift();
    next ? next(word) : ear.words.push(word);
  });
}

async function hear(socket: WebSocket): Promise<any> {
  const { words, waiting } = ears.get(socket)!;
  return words.length > 0 ? words.shift() : new Promise((resolve) => waiting.push(resolve));
}
