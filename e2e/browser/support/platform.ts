// Starts `portcullis up --demo` on a folder of its own before the first test, and sees it drain after the last.
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { places } from './places.ts';
import { begin, drain, ready } from './process.ts';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

export default async function start(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), 'portcullis-browser-'));
  mkdirSync(RESULTS, { recursive: true });
  const log = createWriteStream(join(RESULTS, 'portcullis.log'));
  const platform = begin(data, places(data));
  platform.stdout.pipe(log, { end: false });
  platform.stderr.pipe(log, { end: false });
  await ready(platform, data).catch((error) => {
    throw new Error(`${error}: see results/portcullis.log`);
  });
  process.env.PORTCULLIS_DATA = data;
  return async () => {
    await drain(platform);
    rmSync(data, { recursive: true });
  };
}
