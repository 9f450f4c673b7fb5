// Viewers all over the loopback network, whose addresses stand for places in the world.
import { request } from 'node:http';
import { demo, testStream } from './demo.ts';

/** Somebody who goes on asking for the playlist, from an address of their own. */
export class Viewer {
  #last = '';
  readonly #turning: NodeJS.Timeout;

  private constructor(
    private readonly token: string,
    private readonly address: string,
    private readonly headers: Record<string, string>,
  ) {
    this.#turning = setInterval(() => void this.ask().catch(() => {}), 1_000);
  }

  static async from(address: string, token: string, headers: Record<string, string> = {}): Promise<Viewer> {
    const viewer = new Viewer(token, address, headers);
    await viewer.ask();
    return viewer;
  }

  /** The reason why the last question was refused, else its status. */
  get answered(): string {
    return this.#last;
  }

  async ask(): Promise<string> {
    this.#last = await asked(this.token, this.address, this.headers);
    return this.#last;
  }

  leave(): void {
    clearInterval(this.#turning);
  }
}

/** What a player is answered that comes with this from there: the reason of a refusal, else the status. */
export async function asked(token: string, localAddress: string, headers: Record<string, string> = {}): Promise<string> {
  const { hostname, port } = new URL(demo().http);
  const path = `/live/${testStream().name}/index.m3u8?token=${token}`;
  return new Promise((fulfil, reject) => {
    const one = request({ hostname, port, path, localAddress, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => fulfil((answer.headers['x-deny-reason'] as string) ?? String(answer.statusCode)));
    });
    one.on('error', reject);
    one.end();
  });
}
