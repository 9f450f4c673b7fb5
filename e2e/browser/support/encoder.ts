// A real encoder beside the browser: ffmpeg pushes a moving picture and a tone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class Encoder {
  #said = '';
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

  /** What it wrote, for a message that explains a failure. */
  get said(): string {
    return this.#said;
  }

  async stop(): Promise<void> {
    if (this.#ffmpeg.exitCode !== null) return;
    const exit = once(this.#ffmpeg, 'exit');
    this.#ffmpeg.kill('SIGINT');
    await exit;
  }
}
