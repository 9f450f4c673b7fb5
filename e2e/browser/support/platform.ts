// Starts `portcullis up --demo` on a folder of its own before the first test, and sees it drain after the last.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const BROWSER_TESTS = fileURLToPath(new URL('..', import.meta.url));
const BINARY = process.env.PORTCULLIS_BIN ?? resolve(BROWSER_TESTS, '../../target/debug/portcullis');
const READY_WITHIN_MS = 60_000;
const DRAINED_WITHIN_MS = 10_000;

export default async function start(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), 'portcullis-browser-'));
  mkdirSync(join(BROWSER_TESTS, 'results'), { recursive: true });
  const log = createWriteStream(join(BROWSER_TESTS, 'results/portcullis.log'));
  const platform = spawn(
    BINARY,
    ['up', '--data', data, '--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--demo'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  platform.stdout.pipe(log, { end: false });
  platform.stderr.pipe(log, { end: false });
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
  return async () => {
    await drain(platform);
    rmSync(data, { recursive: true });
  };
}

/** Resolves once `ready.json` is there: it is written by rename, when every door answers. */
async function ready(platform: ChildProcess, data: string): Promise<void> {
  const file = join(data, 'ready.json');
  await new Promise<void>((fulfil, reject) => {
    const watcher = watch(data, () => existsSync(file) && finish());
    const timer = setTimeout(() => finish(new Error(`not ready after ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
    const gone = () => finish(new Error('portcullis ended before it was ready: see results/portcullis.log'));
    const finish = (error?: Error) => {
      clearTimeout(timer);
      watcher.close();
      platform.off('exit', gone);
      error ? reject(error) : fulfil();
    };
    platform.once('error', finish);
    platform.once('exit', gone);
    if (existsSync(file)) finish();
  });
}

/** A platform that is asked to stop ends by itself, in time, and without an error. */
async function drain(platform: ChildProcess): Promise<void> {
  const exit = once(platform, 'exit');
  platform.kill('SIGTERM');
  const timer = setTimeout(() => platform.kill('SIGKILL'), DRAINED_WITHIN_MS);
  const [code, signal] = await exit;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`portcullis did not drain: code ${code}, signal ${signal}`);
}
