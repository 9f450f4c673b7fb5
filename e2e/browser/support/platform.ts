// Starts `portcullis up --demo` on a folder of its own before the first test, and sees it drain after the last.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { places } from './places.ts';
import { begin, drain, ready } from './process.ts';

export default async function start(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), 'portcullis-browser-'));
  const platform = begin(data, places(data));
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
  return async () => {
    await drain(platform);
    rmSync(data, { recursive: true });
  };
}
