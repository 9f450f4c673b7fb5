// What a person would see and hear of a <video>, measured in the page.
import { type Locator, expect } from '@playwright/test';

/** Mean brightness and spread of the pixels that are shown now, 0 to 255. */
async function pixels(video: Locator): Promise<{ mean: number; spread: number }> {
  return video.evaluate((element) => {
    const video = element as HTMLVideoElement;
    const canvas = document.createElement('canvas');
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext('2d')!;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const brightness: number[] = [];
    for (let i = 0; i < data.length; i += 4) brightness.push((data[i]! + data[i + 1]! + data[i + 2]!) / 3);
    const mean = brightness.reduce((sum, value) => sum + value, 0) / brightness.length;
    const spread = Math.sqrt(brightness.reduce((sum, value) => sum + (value - mean) ** 2, 0) / brightness.length);
    return { mean, spread };
  });
}

const position = (video: Locator) => video.evaluate((element) => (element as HTMLVideoElement).currentTime);

/** The time advances by three seconds, the picture is not black, and there is sound. */
export async function expectToPlay(video: Locator): Promise<void> {
  await expect.poll(() => position(video), { message: 'the time advances', timeout: 20_000 }).toBeGreaterThan(0);
  const start = await position(video);
  await expect.poll(() => position(video), { message: 'the time goes on', timeout: 20_000 }).toBeGreaterThan(start + 3);
  const shown = await pixels(video);
  expect(shown.mean, 'the picture is not black').toBeGreaterThan(16);
  expect(shown.spread, 'the picture is not one colour').toBeGreaterThan(8);
  const heard = () =>
    video.evaluate((element) => (element as unknown as { webkitAudioDecodedByteCount: number }).webkitAudioDecodedByteCount);
  await expect.poll(heard, { message: 'there is a sound track, and it is decoded' }).toBeGreaterThan(0);
}
