// How well it plays, as players tell it: from a customer's page to the dashboard.
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';
import { Site } from '../support/site.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const figure = (page: Page, name: string) => page.locator('.stat').filter({ hasText: name }).locator('dd');

const embedding = (token: string, more = '') => `
  <title>A customer's page</title>
  <script type="module" src="${demo().http}/player.js"></script>
  <portcullis-player src="${demo().http}/live/${testStream().name}" token="${token}" style="width: 640px" ${more}></portcullis-player>`;

test('what a player lived through on a customer’s page is seen in the dashboard, by what it is', async ({ page, context }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'quality-ann');
  const site = await Site.with(embedding(token));
  const customers = await context.newPage();
  const told: string[] = [];
  customers.on('websocket', (socket) => socket.on('framesent', ({ payload }) => told.push(String(payload))));
  await customers.goto(site.url);
  await expectToPlay(customers.locator('portcullis-player video'));
  const reports = () => told.filter((text) => text.includes('"quality"')).map((text) => JSON.parse(text));
  await expect.poll(() => reports().length, { timeout: 30_000 }).toBeGreaterThan(1);
  expect(reports()[0]).toMatchObject({ attempt: true, startMs: expect.any(Number) });
  expect(reports().filter((one) => one.attempt)).toHaveLength(1);
  expect(JSON.stringify(reports())).not.toContain('ann');

  await page.bringToFront();
  await signIn(page, user('nanoUser'));
  await page.goto(at('/overview?last=15'));
  await page.getByRole('navigation', { name: 'Parts of what goes on' }).getByRole('link', { name: 'Playback quality' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Playback quality' })).toBeVisible();
  // Told with the session's next heartbeat, and asked for as counters move.
  await expect(figure(page, 'First picture after')).toHaveText(/^\d+(\.\d)? s$/, { timeout: 45_000 });
  await expect(figure(page, 'Saw a picture')).toHaveText(/ %$/);
  await page.getByRole('combobox', { name: 'By' }).selectOption('Browser');
  const row = page.getByRole('table', { name: 'Playback quality, taken apart' }).getByRole('row').filter({ hasText: 'Chrome' });
  await expect(row).toBeVisible();
  await expect(page).toHaveURL(/group=browser/);
  await page.getByRole('combobox', { name: 'By' }).selectOption('Version of the browser');
  await expect(page.getByRole('rowheader', { name: /^Chrome \d+$/ })).toBeVisible();
  await expect(page.getByRole('slider')).toHaveAttribute('aria-valuetext', / · (\d+(\.\d)? s|–)$/);
  // A minute between two of which nothing is known is seen, too: no line leads to it.
  const drawing = page.locator('.lines-drawing svg');
  const [line, dots] = await drawing.evaluate((svg) => ['.line-of', '.dots-of'].map((of) => svg.querySelector(of)!.getAttribute('d') ?? ''));
  for (const part of line!.split('M').slice(1)) if (!part.includes('L')) expect(dots).toContain(`M${part}h`);
  await expect(drawing.locator('.dots-of')).toHaveCSS('stroke-linecap', 'round');
  await expectFitEverywhere(page, 'playback quality');
  const figures = page.getByRole('combobox', { name: 'Show' });
  await figures.selectOption('Stood still');
  await expect(page).toHaveURL(/figure=buffering/);
  await page.reload();
  await expect(figures).toHaveValue('buffering');
  await expect(page.getByRole('slider')).toHaveAttribute('aria-valuetext', / · (\d+(\.\d)? %|–)$/);

  // The heads order the rows, once more the other way round; the address keeps it, and the server is asked for it.
  const table = page.getByRole('table', { name: 'Playback quality, taken apart' });
  const head = (name: string) => table.getByRole('columnheader', { name, exact: true });
  await expect(head('Watched')).toHaveAttribute('aria-sort', 'descending');
  const asked = page.waitForRequest((request) => request.postData()?.includes('AVERAGE_START') ?? false);
  await head('First picture').getByRole('button').click();
  await asked;
  await expect(head('First picture')).toHaveAttribute('aria-sort', 'descending');
  await expect(head('Watched')).not.toHaveAttribute('aria-sort');
  await head('First picture').getByRole('button').click();
  await expect(head('First picture')).toHaveAttribute('aria-sort', 'ascending');
  await expect(page).toHaveURL(/sort=start&dir=asc/);
  await page.reload();
  await expect(head('First picture')).toHaveAttribute('aria-sort', 'ascending');
  await head('Of').getByRole('button').click();
  await expect(head('Of')).toHaveAttribute('aria-sort', 'ascending');
  await head('Within 2 s').getByRole('button').click();
  await expect(head('Within 2 s')).toHaveAttribute('aria-sort', 'descending');
  await expect(table.getByRole('rowheader', { name: /^Chrome \d+$/ })).toBeVisible();

  await page.getByRole('combobox', { name: 'By' }).selectOption('Stream');
  await page.getByRole('button', { name: testStream().name }).click();
  await expect(page.getByRole('list', { name: 'Filters' })).toContainText(`Stream: ${testStream().name}`);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/^quality-[A-Z0-9]+\.csv$/);
  await page.getByRole('button', { name: 'Remove the filter Stream' }).click();
  await expect(page.getByRole('list', { name: 'Filters' })).toHaveCount(0);

  await customers.close();
  await control.close();
  await site.close();
});

test('a player that is to tell nothing tells nothing', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'quality-silent');
  const site = await Site.with(embedding(token, 'reports="off"'));
  const told: string[] = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => told.push(String(payload))));
  await page.goto(site.url);
  await expectToPlay(page.locator('portcullis-player video'));
  await page.evaluate(() => document.querySelector('portcullis-player')!.remove());
  expect(told.filter((text) => text.includes('"play"'))).toHaveLength(1);
  expect(told.filter((text) => text.includes('"quality"'))).toEqual([]);
  await control.close();
  await site.close();
});

test('where no player told anything the page says so, and an observer sees sums but takes none away', async ({ page, browser }) => {
  await signIn(page, user('nanoReadOnly'));
  await page.goto(at('/overview/quality'));
  await expect(page.getByRole('heading', { level: 1, name: 'Playback quality' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Export CSV' })).toHaveCount(0);

  const other = await (await browser.newContext()).newPage();
  await signIn(other, await newAdministrator('quality', ['LIVE', 'ANALYTICS']));
  await other.goto(at('/overview/quality'));
  await expect(other.getByText('No player has told anything in this time')).toBeVisible();
  await expectFitEverywhere(other, 'playback quality of nobody');
  await other.context().close();
});
