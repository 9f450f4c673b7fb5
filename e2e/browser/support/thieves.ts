// Thieves that play for real: one who passes the stream on, and those who watch with a token that was given to them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import type { Writable } from 'node:stream';
import { demo, testStream } from './demo.ts';

/** Somebody who watches the progressive MP4, from an address of their own, for as long as it lasts. */
export class Watcher {
  #bytes = 0;
  #over = false;

  private constructor(
    private readonly asked: ClientRequest,
    answer: IncomingMessage,
    into?: Writable,
  ) {
    const over = () => {
      this.#over = true;
      into?.end();
    };
    answer.on('data', (media: Buffer) => {
      this.#bytes += media.length;
      into?.write(media);
    });
    answer.on('end', over).on('close', over).on('error', over);
  }

  /** Begins to watch; `into` gets whatever comes. */
  static async from(localAddress: string, token: string, into?: Writable): Promise<Watcher> {
    const { hostname, port } = new URL(demo().http);
    const path = `/live/${testStream().name}/stream.mp4?token=${token}`;
    const asked = request({ hostname, port, path, localAddress, agent: false });
    // Whoever is cut off hears of it as an error.
    asked.on('error', () => {});
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`refused: ${answer.headers['x-deny-reason']}`);
    return new Watcher(asked, answer, into);
  }

  /** How much of it came. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#over;
  }

  leave(): void {
    this.asked.destroy();
  }
}

/** A restreaming site: it watches with a token and serves what it sees, by ffmpeg, to somebody who never had one. */
export class Relay {
  #frames = 0;

  private constructor(
    readonly source: Watcher,
    private readonly server: ChildProcess,
    private readonly customer: ChildProcess,
  ) {
    customer.stdout?.on('data', (said: Buffer) => {
      for (const [, frames] of String(said).matchAll(/^frame=(\d+)$/gm)) this.#frames = Number(frames);
    });
  }

  static async from(localAddress: string, token: string): Promise<Relay> {
    const url = `http://127.0.0.1:${await freePort()}/restream.ts`;
    const server = ffmpeg(['-i', 'pipe:0', '-c', 'copy', '-f', 'mpegts', '-listen', '1', url]);
    server.stdin!.on('error', () => {});
    const source = await Watcher.from(localAddress, token, server.stdin!);
    // It asks until the relay listens.
    const patient = ['-reconnect_on_network_error', '1', '-reconnect_delay_max', '2'];
    const customer = ffmpeg([...patient, '-i', url, '-f', 'null', '-', '-progress', 'pipe:1']);
    return new Relay(source, server, customer);
  }

  /** How many pictures its customer has seen. */
  get frames(): number {
    return this.#frames;
  }

  /** Whether its customer sees nothing any more. */
  get isOver(): boolean {
    return this.customer.exitCode !== null;
  }

  leave(): void {
    this.source.leave();
    for (const one of [this.server, this.customer]) one.kill('SIGKILL');
  }
}

function ffmpeg(settings: string[]): ChildProcess {
  return spawn('ffmpeg', ['-hide_banner', '-loglevel', 'fatal', ...settings], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
