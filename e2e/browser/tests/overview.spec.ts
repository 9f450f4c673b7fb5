// What goes on, at a glance: counters, refusals, changes and findings as they are told, and how it was.
import { readFile } from 'node:fs/promises';
import { type Locator, type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { Encoder } from '../support/encoder.ts';
import { expectFitEverywhere, expectFitForAll } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { FAR } from '../support/places.ts';
import { Viewer, asked } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const figure = (page: Page, name: string) => page.locator('.stat').filter({ hasText: name }).locator('dd');
const card = (page: Page, name: string) => page.getByRole('region', { name });
const countries = (page: Page) => card(page, 'Where in the world').getByRole('list', { name: 'Sessions by country' }).getByRole('listitem');
/** Whatever leads on from the map and its list. */
const leading = (page: Page) => card(page, 'Where in the world').locator('.map a[href], .bars a');

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
  // The time of day as on the axis below the lines.
  await expect(cursor).toHaveAttribute('aria-valuetext', /, \d\d:\d\d · \d/);
  await expect(chart.locator('.lines-times span').last()).toHaveText(/^\d\d:\d\d$/);
  // It ends, and is told, at the newest minute of which everything is known: the one that goes on would be too low.
  const line = chart.locator('.line-of').first();
  await expect(line).toHaveAttribute('d', /^M0\.0 .*L\d+\.\d [\d.]+$/);
  await expect(line).not.toHaveAttribute('d', /L1000\.0 /);
  const untold = () => cursor.evaluate((one) => Number((one as HTMLInputElement).max) - Number((one as HTMLInputElement).value));
  await expect.poll(untold).toBeLessThanOrEqual(2);
  expect(await untold()).toBeGreaterThan(0);
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

test('the line ends where the server knows no more, by whatever clock it is read and however late it is told', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.addInitScript(() => {
    const now = Date.now;
    let ahead = 60_000;
    Date.now = () => now() + ahead;
    window.addEventListener('late', () => (ahead += 60_000));
  });
  const cursor = card(page, 'Over time').getByRole('slider');
  const untold = () => cursor.evaluate((one) => Number((one as HTMLInputElement).max) - Number((one as HTMLInputElement).value));
  let [isWatched, isLate] = [true, true];
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('timeseries')) return route.fallback();
    // The newest minute of which the server knows everything by now.
    const newest = Math.floor((Date.now() - 15_000) / 60_000) * 60_000 - 60_000;
    const response = await route.fetch();
    const answer = await response.json();
    const points = [{ at: new Date(newest).toISOString(), value: 5 }];
    answer.data.organisation.analytics.timeseries = isWatched ? [{ name: '', points }] : [];
    if (isLate) await page.evaluate(() => window.dispatchEvent(new Event('late')));
    isLate = false;
    await route.fulfill({ response, json: answer });
  });
  await page.goto(at('/overview?last=15'));
  await expect(cursor, 'what it told last is the end').toHaveAttribute('aria-valuetext', / · 5$/);
  isWatched = false;
  await page.reload();
  await expect(cursor).toHaveAttribute('aria-valuetext', / · 0$/);
  await expect.poll(untold, 'where nobody watched the line goes on').toBeLessThanOrEqual(3);
  expect(await untold()).toBeGreaterThan(1);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('what is chosen stands in the address: it is there after a reload, and for a colleague', async ({ page, browser }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(at('/overview?last=60'));
  const choice = (of: Page, on: string, name: string) => card(of, on).getByRole('combobox', { name });
  await choice(page, 'Over time', 'Show').selectOption('Refusals');
  await choice(page, 'Over time', 'Apart').selectOption('By reason');
  await card(page, 'Where in the world').getByRole('radio', { name: 'Broadcasters' }).check();
  await choice(page, 'Where in the world', 'By').selectOption('RTMP');
  const stands = async (of: Page) => {
    await expect(of.getByRole('combobox', { name: 'Time' })).toHaveValue('60');
    await expect(choice(of, 'Over time', 'Show')).toHaveValue('denials');
    await expect(choice(of, 'Over time', 'Apart')).toHaveValue('reason');
    await expect(card(of, 'Where in the world').getByRole('radio', { name: 'Broadcasters' })).toBeChecked();
    await expect(choice(of, 'Where in the world', 'By')).toHaveValue('rtmp');
  };
  await expect(page).toHaveURL(/\?protocol=rtmp&last=60&metric=denials&apart=reason&door=broadcasters$/);
  await stands(page);
  await page.reload();
  await stands(page);
  const context = await browser.newContext();
  const colleague = await context.newPage();
  await signIn(colleague, user('nanoReadOnly'));
  await colleague.goto(page.url());
  await stands(colleague);
  await context.close();
  await page.goBack();
  await expect(page, 'no choice is a step on the way back').not.toHaveURL(/overview/);

  await page.goto(at('/activity'));
  await page.getByRole('radio', { name: 'Turned away' }).check();
  await expect(page).toHaveURL(/\/activity\?kind=denied$/);
  await page.reload();
  await expect(page.getByRole('radio', { name: 'Turned away' })).toBeChecked();
  await expect(page.getByRole('row').filter({ hasText: 'Let in' })).toHaveCount(0);
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
  await expect(leading(page), 'who watched is not for this role').toHaveCount(0);
  await expectFitEverywhere(page, 'the overview with a map');
  for (const viewer of viewers) viewer.leave();
  await expect(world.getByRole('img', { name: /^World map/ })).toBeVisible();
  await expect(world.locator('.land')).not.toHaveCount(0);
  await world.getByRole('radio', { name: 'Broadcasters' }).check();
  await world.getByRole('combobox', { name: 'By' }).selectOption('RTMP');
  await expect(world.getByRole('img', { name: /^World map/ })).toBeVisible();
  await expect(card(page, 'Looks like misuse')).toHaveCount(0);
});

test('a country leads to who watched from there, and there are as many', async ({ page }) => {
  test.slow();
  const { token: text } = await token('world-ann');
  const viewers = [await Viewer.from('127.40.1.21', text), await Viewer.from('127.40.1.22', text)];
  await signIn(page, user('nanoUser'));
  const germany = countries(page).filter({ hasText: 'Germany' });
  const drawn = page.locator('.land-on').filter({ has: page.locator('title', { hasText: /^Germany: / }) }).locator('a[href]');
  const view = page.getByRole('table', { name: 'IP view' });
  for (const way of [drawn, germany.getByRole('link')]) {
    // What is told arrives in batches, as a sum and as sessions.
    await expect(async () => {
      await page.goto(at('/overview?last=360&protocol=hls'));
      await expect(drawn).toHaveAttribute('tabindex', '-1', { timeout: 5_000 });
      const here = Number(await germany.locator('.bar-value').innerText());
      await way.click({ timeout: 5_000 });
      await expect(page).toHaveURL(/\/misuse\/addresses\?last=360&protocol=hls&country=DE$/, { timeout: 5_000 });
      const cells = view.locator('td[data-label="Sessions"]');
      await expect(cells.first()).toBeVisible({ timeout: 5_000 });
      const there = (await cells.allInnerTexts()).reduce((sum, sessions) => sum + Number(sessions), 0);
      expect(there).toBe(here);
      expect(there).toBeGreaterThanOrEqual(viewers.length);
    }).toPass({ timeout: 60_000 });
    await expect(page.getByRole('list', { name: 'Filters' })).toContainText(['Protocol: HLS']);
  }
  for (const viewer of viewers) viewer.leave();
  await page.goBack();
  await expect(card(page, 'Where in the world').getByRole('group', { name: /in the list by keyboard/ })).toBeVisible();
  await expectFitEverywhere(page, 'the overview with a map that leads on');
});

test('broadcasters are on the map where they are, and lead nowhere', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { stream } = await control.change<{ stream: { ingestUrl: string } }>('createStream', { title: 'From Brazil' }, 'stream { ingestUrl }');
  await control.close();
  const encoder = await Encoder.from('127.40.2.31', stream.ingestUrl);
  try {
    await signIn(page, user('nanoUser'));
    await page.goto(at('/overview?last=60&door=broadcasters&protocol=rtmp'));
    const world = card(page, 'Where in the world');
    await expect(world.getByRole('radio', { name: 'Broadcasters' })).toBeChecked();
    await expect(countries(page).filter({ hasText: 'Brazil' }).locator('.bar-value'), encoder.said).toHaveText('1', { timeout: 30_000 });
    await expect(world.locator('.land-on title', { hasText: /^Brazil: 1 session$/ })).toHaveCount(1);
    await expect(world.getByRole('img', { name: /^World map\. Most sessions began in: .*Brazil/ })).toBeVisible();
    await expect(leading(page), 'no page lists broadcasters by country').toHaveCount(0);
  } finally {
    await encoder.stop();
  }
});

test('every country is in the list when asked, and those left out are said until then', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  for (const { country, network } of FAR) {
    const { token: text } = await control.playbackToken(testStream().name, `far-${country}`);
    expect(await asked(text, network.replace('0/24', '1'))).toBe('200');
  }
  await control.close();
  await signIn(page, user('nanoReadOnly'));
  await page.goto(at('/overview?last=60&metric=sessions&apart=country'));
  await expect(card(page, 'Over time').getByText(/^6 of (at least )?\d+ shown, those with most$/)).toBeVisible({ timeout: 30_000 });
  const world = card(page, 'Where in the world');
  const others = world.getByText(/^\d+ (country|countries) more with \d+ sessions?$/);
  await expect(others).toBeVisible({ timeout: 30_000 });
  await expect(countries(page)).toHaveCount(12);
  await expect(world.getByRole('img', { name: /The list says the first 12, and all when asked\.$/ })).toBeVisible();
  await expectFitForAll(page, 'the overview with many countries');
  await world.getByRole('button', { name: 'Show all' }).click();
  for (const name of ['Argentina', 'Japan', 'Poland']) await expect(countries(page).filter({ hasText: name })).toHaveCount(1);
  expect(await countries(page).count()).toBeGreaterThanOrEqual(FAR.length);
  await expect(others).toHaveCount(0);
  await expect(world.getByRole('img', { name: /The list says all\.$/ })).toBeVisible();
  await page.reload();
  await expect(countries(page).filter({ hasText: 'Poland' })).toHaveCount(1);
  await world.getByRole('button', { name: 'Show fewer' }).click();
  await expect(countries(page)).toHaveCount(12);
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

test('beside each list and each sum stands the way to its file', async ({ page }) => {
  // What was sent is shown where there is somebody to send it to.
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.change('saveAlertReceiver', { name: 'Files', emails: ['files@example.com'] });
  await control.close();
  await signIn(page, user('nanoAdmin'));
  const button = (of: Page | Locator, name = 'Export CSV') => of.getByRole('button', { name, exact: true });
  for (const [path, press, table, head] of [
    ['/overview', button(card(page, 'Over time')), 'timeseries', '"name","at","value"'],
    ['/overview?door=broadcasters', button(card(page, 'Where in the world')), 'world', '"country","sessions"'],
    ['/activity', button(page, 'Export refusals'), 'refusals', '"id","at","stream","door"'],
    ['/activity', button(page, 'Export sessions'), 'sessions', '"id","stream","door"'],
    ['/alerts', button(card(page, 'History')), 'alerts', '"id","rule","name"'],
    ['/alerts/receivers', button(card(page, 'Sent')), 'alert-deliveries', '"id","alert","receiver"'],
    ['/misuse/responses?state=all', button(page), 'responses', '"id","state","jti"'],
    ['/misuse/cases', button(page), 'cases', '"id","title","state"'],
  ] as const) {
    await page.goto(at(path));
    const [file] = await Promise.all([page.waitForEvent('download'), press.click()]);
    expect(file.suggestedFilename(), path).toMatch(new RegExp(`^${table}-[A-Z0-9]+\\.csv$`));
    expect((await readFile(await file.path(), 'utf8')).startsWith(head), path).toBe(true);
  }
});

test('who sees no persons is offered no file', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  for (const [path, heading] of [
    ['/overview', 'Overview'],
    ['/activity', 'Activity'],
    ['/alerts', 'Alerts'],
  ] as const) {
    await page.goto(at(path));
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
    await expect(page.getByRole('button', { name: /^Export/ })).toHaveCount(0);
  }
});
