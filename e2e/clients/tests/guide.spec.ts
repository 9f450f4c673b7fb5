// The integrator's guide does what it says: its examples are taken from the page and run against the real thing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  platform = await Platform.start();
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
  assert.match(stdout, /"TOKEN_REVOKED"\n$/);
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
