// <portcullis-player> on a customer's own page, on another site than the platform.
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectToPlay } from '../support/picture.ts';
import { Site } from '../support/site.ts';

type Socket = { frames: number; open: boolean };

const embedding = (token: string) => `
  <title>A customer's page</title>
  <script type="module" src="${demo().http}/player.js"></script>
  <portcullis-player src="${demo().http}/live/${testStream().name}" token="${token}" style="width: 640px"></portcullis-player>
  <script>
    window.refusals = [];
    addEventListener('portcullis-refused', (event) => window.refusals.push(event.detail));
  </script>`;

/** Every WebSocket that the page opens, and what arrives on it. */
function sockets(page: Page): Socket[] {
  const seen: Socket[] = [];
  page.on('websocket', (socket) => {
    const one = { frames: 0, open: true };
    seen.push(one);
    socket.on('framereceived', () => one.frames++);
    socket.on('close', () => (one.open = false));
  });
  return seen;
}

test('the player plays on another site, and a revoked viewer is told why and sent nothing more', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, 'embedded');
  const site = await Site.with(embedding(token));
  const opened = sockets(page);
  await page.goto(site.url);
  await expectToPlay(page.locator('portcullis-player video'));
  await page.screenshot({ path: 'results/screenshots/player-playing.png' });

  await control.revoke(jti);
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
  await page.screenshot({ path: 'results/screenshots/player-refused.png' });
  expect(opened).toHaveLength(1);
  expect(opened[0]!.open).toBe(false);
  const refusals = () => page.evaluate(() => (window as unknown as { refusals: object[] }).refusals);
  expect(await refusals()).toEqual([{ reason: 'TOKEN_REVOKED', code: 4416, decision: '' }]);

  // A refusal is final: whatever wakes the player up, it asks no second time by itself.
  const before = opened[0]!.frames;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.locator('portcullis-player').hover();
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
  expect(opened).toHaveLength(1);
  expect(opened[0]!.frames).toBe(before);

  // Who comes again is told under which id the broadcaster finds why.
  await page.reload();
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
  const [refused] = (await refusals()) as { decision: string }[];
  expect(refused!.decision).toMatch(/^dec_\w{20,}$/);
  await expect(page.locator('portcullis-player')).toContainText(refused!.decision);
  await control.close();
  await site.close();
});

test('a player with short tokens asks its page for newer ones, and plays on over the same connection', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const mint = (viewer: string) =>
    control.playbackToken(testStream().name, viewer, 12, { forceDisconnect: true }).then(({ token }) => token);
  await page.exposeFunction('mint', mint);
  const answering = `
    <script>
      window.asked = 0;
      window.refused = [];
      addEventListener('portcullis-token-expiring', async ({ target }) => {
        window.asked += 1;
        if (window.asked < 5) target.token = await window.mint(window.asked === 2 ? 'somebody-else' : 'ann');
      });
      addEventListener('portcullis-token-refused', ({ target, detail }) => {
        window.refused.push(detail.reason);
        window.mint('ann').then((token) => (target.token = token));
      });
    </script>`;
  const site = await Site.with(embedding(await mint('ann')) + answering);
  const opened = sockets(page);
  const begun = Date.now();
  await page.goto(site.url);
  const picture = page.locator('portcullis-player video');
  await expectToPlay(picture);
  const asked = () => page.evaluate(() => (window as unknown as { asked: number }).asked);
  await expect.poll(asked, { timeout: 60_000 }).toBe(5);
  expect(Date.now() - begun).toBeGreaterThan(15_000);
  await expectToPlay(picture);
  expect(opened).toHaveLength(1);
  expect(opened[0]!.open).toBe(true);
  // One for somebody else was refused, and ended nothing.
  expect(await page.evaluate(() => (window as unknown as { refused: string[] }).refused)).toEqual(['TOKEN_MALFORMED']);
  // From then on the page has none to give, and is asked once more.
  await expect.poll(asked).toBe(6);
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_EXPIRED', { timeout: 60_000 });
  await control.close();
  await site.close();
});

test('a player without a token is told so, and never asks again', async ({ page }) => {
  const site = await Site.with(embedding(''));
  const opened = sockets(page);
  await page.goto(site.url);
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_MISSING');
  expect(opened).toHaveLength(1);
  await site.close();
});

test('a token of one stream does not open another', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(demo().streams[1]!.name, 'elsewhere');
  const site = await Site.with(embedding(token));
  await page.goto(site.url);
  await expect(page.locator('portcullis-player')).toContainText('TOKEN_SCOPE');
  await control.close();
  await site.close();
});
