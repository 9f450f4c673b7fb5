// What goes on, at a glance: counters, refusals, changes and findings as they are told, and how it was.
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const figure = (page: Page, name: string) => page.locator('.stat').filter({ hasText: name }).locator('dd');
const card = (page: Page, name: string) => page.getByRole('region', { name });

async function token(viewer: string): Promise<{ token: string; jti: string }> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const made = await control.playbackToken(testStream().name, viewer);
  await control.close();
  return made;
}

test('the overview counts who comes, is turned away and is cut, without asking', async ({ page }) => {
  test.slow();
  const { token: text, jti } = await token('overview-ann');
  await signIn(page, user('nanoUser'));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await expect(figure(page, 'Ingests now')).toHaveText('1');
  await expect(card(page, 'Ingests by protocol')).toContainText('Test source');
  const before = Number(await figure(page, 'Viewers now').innerText());
  const viewer = await Viewer.from('127.0.7.1', text);
  await expect(figure(page, 'Viewers now')).toHaveText(String(before + 1));
  await expect(card(page, 'Viewers by protocol')).toContainText('HLS');

  const refused = card(page, 'Turned away within the hour').getByRole('listitem').filter({ hasText: 'TOKEN_MALFORMED' }).locator('.bar-value');
  const count = async () => ((await refused.count()) ? Number(await refused.innerText()) : 0);
  const first = await count();
  const stranger = await Viewer.from('127.0.8.1', 'nonsense');
  stranger.leave();
  await expect.poll(count).toBeGreaterThan(first);

  const control = await Control.signedIn(user('nanoAdmin'));
  await control.revoke(jti);
  await control.close();
  await expect(figure(page, 'Last change to cut')).toHaveText(/^\d+(\.\d)? ms$/);
  await expect(figure(page, 'Viewers now')).toHaveText(String(before));
  viewer.leave();
});

test('a metric over time is read step by step and looked at closer, by keyboard and by pointer', async ({ page }) => {
  test.slow();
  const viewer = await Viewer.from('127.0.9.1', (await token('chart-ann')).token);
  await signIn(page, user('nanoUser'));
  await page.goto(at('/overview?last=15'));
  const chart = card(page, 'Over time');
  const cursor = chart.getByRole('slider');
  await expect(cursor).toHaveAttribute('aria-valuetext', / · \d/);
  await cursor.focus();
  const newest = await cursor.getAttribute('aria-valuetext');
  await page.keyboard.press('ArrowLeft');
  await expect(cursor).not.toHaveAttribute('aria-valuetext', newest!);
  await chart.getByRole('combobox', { name: 'Show' }).selectOption('Refusals');
  await chart.getByRole('combobox', { name: 'Apart' }).selectOption('By reason');
  await expect(cursor).toHaveAttribute('aria-valuetext', / · /);
  await chart.getByRole('combobox', { name: 'Show' }).selectOption('Viewers at once');
  await chart.getByRole('combobox', { name: 'Apart' }).selectOption('By protocol');
  await expectFitEverywhere(page, 'the overview');

  await page.goto(at('/overview?last=360'));
  await expect(cursor).toHaveAttribute('aria-valuetext', / · /);
  const field = chart.locator('.lines-drawing');
  await field.scrollIntoViewIfNeeded();
  const box = (await field.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*&to=/);
  await expect(page.getByLabel('From')).toBeVisible();
  const closer = page.url();
  await chart.getByRole('button', { name: 'Zoom out' }).click();
  await expect(page).not.toHaveURL(closer);
  await page.goBack();
  await expect(page).toHaveURL(closer);
  viewer.leave();
});

test('the map says the same as the list, of viewers and of broadcasters', async ({ page }) => {
  test.slow();
  const { token: text } = await token('map-ann');
  const viewers = [];
  for (const address of ['127.40.1.1', '127.40.1.2', '127.40.2.1', '127.40.3.1']) viewers.push(await Viewer.from(address, text));
  await signIn(page, user('nanoReadOnly'));
  await page.goto(at('/overview?last=60'));
  const world = card(page, 'Where in the world');
  const list = world.getByRole('list', { name: 'Sessions by country' });
  await expect(list).toContainText('Germany');
  for (const name of ['Germany', 'Brazil', 'Singapore']) {
    await expect(list).toContainText(name);
    await expect(world.locator('.land-on title', { hasText: new RegExp(`^${name}: \\d+ sessions?$`) })).toHaveCount(1);
  }
  await expect(world.locator('.land-on title', { hasText: 'France' }), 'nobody came from there').toHaveCount(0);
  await expectFitEverywhere(page, 'the overview with a map');
  for (const viewer of viewers) viewer.leave();
  await expect(world.getByRole('img', { name: /^World map/ })).toBeVisible();
  await expect(world.locator('.land')).not.toHaveCount(0);
  await world.getByRole('radio', { name: 'Broadcasters' }).check();
  await world.getByRole('combobox', { name: 'By' }).selectOption('RTMP');
  await expect(world.getByRole('img', { name: /^World map/ })).toBeVisible();
  await expect(card(page, 'Looks like misuse')).toHaveCount(0);
});

test('changes say how fast they took hold, as they are made', async ({ page }) => {
  test.slow();
  const newcomer = await newAdministrator('Nora');
  await signIn(page, newcomer);
  await page.goto(at('/activity/changes'));
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();

  const stranger = await page.context().browser()!.newContext();
  const other = await stranger.newPage();
  await signIn(other, user('nanoAdmin'));
  await other.goto(at('/activity/changes'));
  const { token: text, jti } = await token('changes-ann');
  const viewer = await Viewer.from('127.0.11.1', text);
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.revoke(jti);
  await control.close();
  const table = other.getByRole('table', { name: 'Changes to policy' });
  const first = table.getByRole('row').nth(1);
  await expect(first).toContainText('token.revoke');
  await expect(first).toContainText('1 session');
  await expect(first).toContainText('1 of 1');
  await expect(first).toContainText(/\d ms/);
  await expect(other.getByRole('list', { name: 'Changes by how long they took' }).getByRole('listitem')).toHaveCount(10);
  await expect(other.locator('.stat').filter({ hasText: 'Bytes sent after a cut' })).toContainText('0 B');
  await expectFitEverywhere(other, 'changes to policy');
  viewer.leave();
  await stranger.close();
});
