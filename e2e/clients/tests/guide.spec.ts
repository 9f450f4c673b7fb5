// The integrator's guide does what it says: its examples are taken from the page and run against the real thing.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../browser/support/process.ts';
import { Platform } from '../support/platform.ts';

const run = promisify(execFile);
const GUIDE = readFileSync(join(REPOSITORY, 'docs/integrating.md'), 'utf8');
const RUST = readFileSync(join(REPOSITORY, 'e2e/examples/integrating.rs'), 'utf8');
const RESULTS = join(REPOSITORY, 'e2e/clients/results');

let platform: Platform;
let environment: NodeJS.ProcessEnv;
before(async () => {
  // The receiver of webhooks is on this machine.
  platform = await Platform.start({ PORTCULLIS__OUTBOUND__DANGER_ALLOW_PRIVATE_NETWORKS: 'true' });
  const { secret } = await platform.apiToken();
  environment = { ...process.env, PORTCULLIS: platform.ready.http, PORTCULLIS_TOKEN: secret };
  mkdirSync(RESULTS, { recursive: true });
});
after(() => platform.stop());

/** The examples in a language, in their order. */
function blocks(language: string): string[] {
  return [...GUIDE.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text!);
}

test('the shell examples run', async () => {
  const script = blocks('sh').join('\n');
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { env: environment });
  assert.match(stdout, /"role":"nanoAdmin"/);
  assert.match(stdout, /"STREAM_OFFLINE"\n/);
  assert.match(stdout, /"revoked":1/);
  assert.match(stdout, /"TOKEN_REVOKED"\ntrue\n"ACTIVE"\n1\n"REVOKED"\n$/);
});

test('the TypeScript examples are one program, which is sound and runs', async () => {
  const file = join(RESULTS, 'guide.ts');
  writeFileSync(file, blocks('ts').join('\n'));
  const folder = join(REPOSITORY, 'e2e/clients');
  await run('npx', ['tsc', '--noEmit', '--project', 'tsconfig.guide.json'], { cwd: folder }).catch((error) =>
    assert.fail(error.stdout),
  );
  const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: folder, env: environment });
  const lines = stdout.trim().split('\n');
  assert.match(lines[0]!, /^true \[ '.*' \] viewer-4711$/);
  assert.match(lines[1]!, /^watching now: \d+$/);
  // The token of the shell example was this viewer's too, and is revoked by then.
  assert.match(lines[2]!, /^revoked: 1 sessions ended: 0$/);
  assert.equal(lines[3], '403 TOKEN_REVOKED');
  const listed = lines.slice(4, -1);
  assert.ok(listed.length >= 1 && listed.every((line) => / CREATED$/.test(line)), stdout);
  assert.match(lines.at(-1)!, /^there is no such stream/);
});

test('the Rust example is a program of this repository, which runs', async () => {
  assert.deepEqual(blocks('rust'), [RUST]);
  const built = join(REPOSITORY, 'target/debug/examples/integrating');
  const { PORTCULLIS: address, PORTCULLIS_TOKEN: secret } = environment;
  const stream = platform.ready.streams[0]!.name;
  const { stdout } = await run(built, [address!, secret!, stream]);
  assert.match(stdout, /^minted "tok_\w+"\nrevoked 1\n$/);
  await assert.rejects(run(built, [address!, 'nothing', stream]), /UNAUTHENTICATED/);
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

test('the receiver of webhooks believes what is signed, and nothing else', async () => {
  const file = join(RESULTS, 'receiver.mjs');
  const [receiver, ...others] = blocks('js');
  assert.deepEqual(others, []);
  writeFileSync(file, receiver!);
  const port = await freePort();
  const authorization = `Bearer ${environment.PORTCULLIS_TOKEN}`;
  const ask = async (query: string, variables: object) => {
    const { body } = await platform.ask(query, variables, { authorization });
    assert.equal(body.errors, undefined, JSON.stringify(body));
    return body.data;
  };
  const { setWebhook } = await ask(
    'mutation($url: String!) { setWebhook(input: { url: $url }) { webhook { id } secret errors { code } } }',
    { url: `http://127.0.0.1:${port}/` },
  );
  const test = async () => {
    const tested = await ask(
      'mutation($id: ID!) { testWebhook(input: { id: $id }) { delivery { status } } }',
      { id: setWebhook.webhook.id },
    );
    return tested.testWebhook.delivery.status;
  };
  for (const [secret, status] of [[setWebhook.secret, 200], [`whsec_${'A'.repeat(43)}=`, 401]] as const) {
    const running: ChildProcess = spawn(process.execPath, [file], {
      env: { ...process.env, WEBHOOK_SECRET: secret, PORT: `${port}` },
      stdio: 'inherit',
    });
    try {
      let said = null;
      for (let n = 0; n < 100 && said === null; n += 1) {
        await new Promise((later) => setTimeout(later, 100));
        said = await test();
      }
      assert.equal(said, status);
    } finally {
      running.kill();
      await new Promise((ended) => running.once('exit', ended));
    }
  }
});
