// A real encoder beside the browser: ffmpeg pushes a moving picture and a tone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';

export class Encoder {
  #said = '';
  #road: Server | undefined;
  readonly #ffmpeg: ChildProcess;

  constructor(ingestUrl: string) {
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'];
    const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
    const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '30'];
    const audio = ['-c:a', 'aac', '-b:a', '96k'];
    this.#ffmpeg = spawn(
      'ffmpeg',
      ['-hide_banner', '-nostats', '-re', ...picture, '-re', ...tone, ...video, ...audio, '-f', 'flv', ingestUrl],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#ffmpeg.stderr?.on('data', (chunk) => (this.#said += chunk));
  }

  /** One from an address of its own: ffmpeg cannot choose any, so it goes by a road that does. */
  static async from(localAddress: string, ingestUrl: string): Promise<Encoder> {
    const url = new URL(ingestUrl);
    const [host, port] = [url.hostname, Number(url.port)];
    const road = createServer((here) => {
      const there = connect({ host, port, localAddress });
      here.pipe(there).pipe(here);
      here.on('error', () => there.destroy());
      there.on('error', () => here.destroy());
    });
    await once(road.listen(0, '127.0.0.1'), 'listening');
    url.port = String((road.address() as AddressInfo).port);
    const encoder = new Encoder(url.href);
    encoder.#road = road;
    return encoder;
  }

  /** What it wrote, for a message that explains a failure. */
  get said(): string {
    return this.#said;
  }

  async stop(): Promise<void> {
    this.#road?.close();
    if (this.#ffmpeg.exitCode !== null) return;
    const exit = once(this.#ffmpeg, 'exit');
    this.#ffmpeg.kill('SIGINT');
    await exit;
  }
}
