// Persisted queries, as Apollo's clients use them: the hash first, the text once when it is asked for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Platform } from '../support/platform.ts';

let platform: Platform;
before(async () => {
  platform = await Platform.start();
});
after(() => platform.stop());

const QUERY = 'query Methods($email: String!) { signInMethods(email: $email) { password } }';
const VARIABLES = { email: 'ann@example.com' };

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

async function send(body: object, accept = 'application/graphql-response+json'): Promise<{ status: number; body: any }> {
  const response = await fetch(platform.ready.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const named = (sha256Hash: string, version = 1) => ({ persistedQuery: { version, sha256Hash } });

test('a hash stands for the text that was once sent with it', async () => {
  const extensions = named(hash(QUERY));
  const unknown = await send({ variables: VARIABLES, extensions });
  assert.equal(unknown.status, 200, 'it is no mistake');
  assert.deepEqual(unknown.body, {
    errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
  });
  const told = await send({ query: QUERY, variables: VARIABLES, extensions });
  assert.deepEqual(told.body, { data: { signInMethods: { password: true } } });
  const short = await send({ variables: VARIABLES, extensions });
  assert.deepEqual(short.body, told.body);
  const other = await send({ variables: { email: 1 }, extensions });
  assert.equal(other.status, 400, 'it is validated like any text');
});

test('nobody puts another text under a hash', async () => {
  const text = '{ __typename }';
  const taken = hash('{ viewer { id } }');
  const lie = await send({ query: text, extensions: named(taken) });
  assert.equal(lie.status, 400);
  assert.equal(lie.body.errors[0].extensions.code, 'INVALID');
  const after = await send({ extensions: named(taken) });
  assert.equal(after.body.errors[0].message, 'PersistedQueryNotFound');
  for (const extensions of [named(hash(text), 2), named('abc'), named(''), { persistedQuery: null }]) {
    const malformed = await send({ query: text, extensions });
    assert.equal(malformed.status, 400, JSON.stringify(extensions));
    assert.equal(malformed.body.errors[0].extensions.code, 'INVALID');
  }
});

test('what is no valid request is not kept', async () => {
  const text = '{ nothing }';
  const extensions = named(hash(text));
  assert.equal((await send({ query: text, extensions })).body.errors[0].extensions.code, 'INVALID');
  assert.equal((await send({ extensions })).body.errors[0].message, 'PersistedQueryNotFound');
});
