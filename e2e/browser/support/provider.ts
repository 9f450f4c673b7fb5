// A customer's identity provider: a program of others, as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { REPOSITORY } from './process.ts';

export const CLIENT = { id: 'portcullis', secret: 'what the client shares with its provider' };

export class IdentityProvider {
  private constructor(private readonly program: ChildProcess, readonly issuer: string) {}

  /** One that sends browsers back to that platform. */
  static async for(http: string): Promise<IdentityProvider> {
    const script = join(REPOSITORY, 'e2e/foreign/oidc.mjs');
    const program = spawn('node', [script, `${http}/sign-in/callback`, CLIENT.secret], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [issuer] = await once(createInterface(program.stdout), 'line');
    return new IdentityProvider(program, issuer);
  }

  async close(): Promise<void> {
    const exit = once(this.program, 'exit');
    this.program.kill();
    await exit;
  }
}
