// A platform of one's own: `portcullis up --demo` on a folder of its own, from the binary that was built.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { begin, drain, ready } from '../../browser/support/process.ts';

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

  static async start(settings: Record<string, string> = {}): Promise<Platform> {
    const data = mkdtempSync(join(tmpdir(), 'portcullis-clients-'));
    const platform = begin(data, settings);
    await ready(platform, data);
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

  async stop(): Promise<void> {
    await drain(this.process);
    rmSync(this.data, { recursive: true });
  }
}
