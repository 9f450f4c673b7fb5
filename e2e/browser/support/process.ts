// The binary that was built, as a process of one's own on a data folder of its own: started, waited for, drained.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results', import.meta.url));
const BINARY = process.env.PORTCULLIS_BIN ?? join(REPOSITORY, 'target/debug/portcullis');
const READY_WITHIN_MS = 60_000;
const DRAINED_WITHIN_MS = 10_000;

/**
 * A demo on free ports of loopback, with settings of its own as environment variables. What it says goes to a file of the
 * results that is called like its folder: a pipe that nobody reads would stop it once it is full.
 */
export function begin(data: string, settings: NodeJS.ProcessEnv = {}): ChildProcess {
  mkdirSync(RESULTS, { recursive: true });
  const log = openSync(logOf(data), 'w');
  const platform = spawn(
    BINARY,
    ['up', '--data', data, '--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--demo'],
    { stdio: ['ignore', log, log], env: { ...process.env, ...settings } },
  );
  closeSync(log);
  return platform;
}

const logOf = (data: string) => join(RESULTS, `${basename(data)}.log`);

/** The last of what it said. */
const said = (data: string) => readFileSync(logOf(data), 'utf8').slice(-4_000);

/** Resolves once `ready.json` is there: it is written by rename, when every door answers. */
export async function ready(platform: ChildProcess, data: string): Promise<void> {
  const file = join(data, 'ready.json');
  await new Promise<void>((fulfil, reject) => {
    const watcher = watch(data, () => existsSync(file) && finish());
    const timer = setTimeout(() => finish(new Error(`not ready after ${READY_WITHIN_MS} ms\n${said(data)}`)), READY_WITHIN_MS);
    const gone = () => finish(new Error(`portcullis ended before it was ready\n${said(data)}`));
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
export async function drain(platform: ChildProcess): Promise<void> {
  const exit = once(platform, 'exit');
  platform.kill('SIGTERM');
  const timer = setTimeout(() => platform.kill('SIGKILL'), DRAINED_WITHIN_MS);
  const [code, signal] = await exit;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`portcullis did not drain: code ${code}, signal ${signal}`);
}
