// A platform of one's own: `portcullis up --demo` on a folder of its own, from the binary that was built.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const BINARY = process.env.PORTCULLIS_BIN ?? resolve(REPOSITORY, 'target/debug/portcullis');
const READY_WITHIN_MS = 60_000;
const DRAINED_WITHIN_MS = 10_000;

type Ready = {
  http: string;
  graphql: string;
  users: { email: string; password: string; role: string; organisation: string }[];
  streams: { name: string; ingestUrl: string; watchUrl: string }[];
};

export type Answer = { status: number; headers: Headers; body: any };

export class Platform {
  private constructor(
    private readonly process: ChildProcess,
    private readonly data: string,
    readonly ready: Ready,
  ) {}

  static async start(more: string[] = []): Promise<Platform> {
    const data = mkdtempSync(join(tmpdir(), 'portcullis-clients-'));
    const log: Buffer[] = [];
    const platform = spawn(
      BINARY,
      ['up', '--data', data, '--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--demo', ...more],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    platform.stdout.on('data', (chunk: Buffer) => log.push(chunk));
    platform.stderr.on('data', (chunk: Buffer) => log.push(chunk));
    try {
      await ready(platform, data);
    } catch (error) {
      throw new Error(`${error}\n${Buffer.concat(log)}`);
    }
    return new Platform(platform, data, JSON.parse(readFileSync(join(data, 'ready.json'), 'utf8')));
  }

  get socket(): string {
    return this.ready.graphql.replace('http', 'ws');
  }

  /** One operation with further headers. */
  async ask(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.ready.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** The secret and the id of an API token of the first organisation's administrator. */
  async apiToken(): Promise<{ secret: string; id: string }> {
    const admin = this.ready.users[0]!;
    const signedIn = await this.ask(
      'mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }',
      { input: { email: admin.email, password: admin.password } },
    );
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    const made = await this.ask(
      'mutation { createApiToken(input: { name: "test", role: nanoAdmin }) { secret apiToken { id } } }',
      {},
      { cookie },
    );
    const { secret, apiToken } = made.body.data.createApiToken;
    return { secret, id: apiToken.id };
  }

  /** A platform that is asked to stop ends by itself, in time, and without an error. */
  async stop(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), DRAINED_WITHIN_MS);
    const [code, signal] = await exit;
    clearTimeout(timer);
    rmSync(this.data, { recursive: true });
    if (code !== 0) throw new Error(`portcullis did not drain: code ${code}, signal ${signal}`);
  }
}

/** Resolves once `ready.json` is there: it is written by rename, when every door answers. */
async function ready(platform: ChildProcess, data: string): Promise<void> {
  const file = join(data, 'ready.json');
  await new Promise<void>((fulfil, reject) => {
    const watcher = watch(data, () => existsSync(file) && finish());
    const timer = setTimeout(() => finish(new Error(`not ready after ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
    const gone = () => finish(new Error('portcullis ended before it was ready'));
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
