// HLS as an unknown player meets it: hls.js on another site, with nothing but an address.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectToPlay } from '../support/picture.ts';
import { Site } from '../support/site.ts';

const playing = (url: string) => `
  <title>hls.js</title>
  <video muted playsinline></video>
  <script src="/hls.js"></script>
  <script>
    window.failures = [];
    const hls = new Hls({ fragLoadPolicy: { default: { maxTimeToFirstByteMs: 9000, maxLoadTimeMs: 9000 } } });
    hls.on(Hls.Events.ERROR, (_, { details, response }) => window.failures.push({ details, status: response?.code }));
    hls.on(Hls.Events.MANIFEST_PARSED, () => document.querySelector('video').play());
    hls.loadSource(${JSON.stringify(url)});
    hls.attachMedia(document.querySelector('video'));
  </script>`;

test('hls.js plays from an address with a token, and is refused at its next request once that is revoked', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, 'hls');
  const site = await Site.with(playing(`${demo().http}/live/${testStream().name}/index.m3u8?token=${token}`));
  await page.goto(site.url);
  await expectToPlay(page.locator('video'));

  const refused = page.waitForResponse((response) => response.url().includes('/live/') && response.status() === 403);
  await control.revoke(jti);
  const response = await refused;
  expect(response.headers()['x-deny-reason']).toBe('TOKEN_REVOKED');
  const late: number[] = [];
  page.on('response', (response) => response.url().includes('/live/') && late.push(response.status()));
  await page.waitForResponse((response) => response.url().includes('/live/'));
  expect(late.filter((status) => status !== 403), 'playlists and segments alike').toEqual([]);
  await control.close();
  await site.close();
});
