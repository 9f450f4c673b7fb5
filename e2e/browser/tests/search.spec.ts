// The search box: from any page by keyboard, grouped, fit for everybody, and nothing in it that the role may not read.
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newMember, signIn } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const box = (page: Page) => page.getByRole('dialog', { name: 'Search' });
const field = (page: Page) => box(page).getByRole('combobox');
const group = (page: Page, name: string) => box(page).getByRole('group', { name });
const hits = (page: Page, name: string) => group(page, name).getByRole('option');

async function open(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(field(page)).toBeFocused();
}

/** A token for a viewer of whom nobody else makes one. */
async function token(viewer: string): Promise<string> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { jti } = await control.playbackToken(testStream().name, viewer);
  await control.close();
  return jti;
}

test('a stream is found and opened by keyboard alone, and is at hand the next time', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await expect(box(page)).toContainText('Find anything by its name');
  // Without the organisation's hash, in another case.
  const [, alias] = testStream().name.split('-');
  await page.keyboard.type(alias!.toLowerCase());
  await expect(hits(page, 'Streams')).toHaveCount(1);
  await expect(hits(page, 'Streams')).toHaveAttribute('aria-selected', 'true');
  await expect(hits(page, 'Streams').locator('mark')).toHaveText(['Test', alias!]);
  await page.keyboard.press('Enter');
  await expect(box(page)).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`/streams/${testStream().name}$`));
  await expect(page.getByRole('main')).toBeFocused();

  await open(page);
  await expect(hits(page, 'Recent')).toContainText(testStream().name);

  // Whoever comes next in this tab finds nothing of it.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /nanoAdmin/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Email')).toBeVisible();
  await signIn(page, user('nanoUser'));
  await open(page);
  await expect(box(page)).toContainText('Find anything by its name');
});

test('the focus goes back to where it was, however the box was opened and closed', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  const before = page.getByRole('button', { name: 'New stream' });
  await before.focus();
  await open(page);
  await page.keyboard.press('Escape');
  await expect(field(page)).toHaveCount(0);
  await expect(before).toBeFocused();
  await open(page);
  await page.keyboard.press('Control+k');
  await expect(box(page)).toBeHidden();
  await expect(before).toBeFocused();
  const button = page.getByRole('button', { name: 'Search' });
  await button.click();
  await expect(field(page)).toBeFocused();
  await box(page).getByRole('button', { name: 'Close' }).click();
  await expect(button).toBeFocused();
  // Another dialog keeps what it has.
  await before.click();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toHaveCount(1);
  await expect(box(page)).toBeHidden();
});

test('the box opens again however soon after it was closed', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  for (let round = 0; round < 20; round += 1) {
    await open(page);
    await page.keyboard.type('soon');
    await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('Control+k')]);
    await expect(field(page)).toBeFocused();
    await expect(field(page), 'nothing is left of the last time').toHaveValue('');
    await page.keyboard.press('Escape');
    await expect(box(page)).toBeHidden();
  }
  // Before the browser tells that it was closed.
  await open(page);
  await page.evaluate(() => {
    const dialog = document.querySelector<HTMLDialogElement>('dialog[open]');
    dialog!.addEventListener('close', () => document.body.setAttribute('data-closed', ''), { once: true });
    dialog!.requestClose();
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }));
  });
  await expect(page.locator('body[data-closed]')).toBeAttached();
  await expect(box(page)).toBeVisible();
  await expect(field(page)).toBeFocused();
});

test('what is typed right behind the keys of the box is in its field', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  // Keys come faster than pictures: none is drawn in between.
  await page.evaluate(() => {
    window.requestAnimationFrame = () => 0;
  });
  for (let round = 0; round < 3; round += 1) {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('soon');
    await expect(field(page)).toHaveValue('soon');
    await page.keyboard.press('Escape');
    await expect(box(page)).toBeHidden();
  }
});

test('the arrows go through every group and round its ends, and what they mark is named and in view', async ({ page }) => {
  await token('box-arrows');
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await page.keyboard.type('o');
  for (const name of ['Streams', 'Tokens', 'Members', 'Audit log']) await expect(hits(page, name).first()).toBeVisible();
  const options = box(page).getByRole('option');
  const count = await options.count();
  await page.keyboard.press('ArrowUp');
  await expect(options.last()).toHaveAttribute('aria-selected', 'true');
  for (let n = 0; n < count; n += 1) {
    await page.keyboard.press('ArrowDown');
    await expect(options.nth(n)).toHaveAttribute('aria-selected', 'true');
    await expect(options.nth(n)).toBeInViewport();
    await expect(field(page)).toHaveAttribute('aria-activedescendant', (await options.nth(n).getAttribute('id'))!);
    await expect(field(page)).toBeFocused();
  }
});

test('a token leads to its record alone, from its own page too', async ({ page }) => {
  const [first, second] = [await token('box-first'), await token('box-second')];
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await page.keyboard.type('box-first');
  await expect(hits(page, 'Tokens')).toHaveCount(1);
  await page.keyboard.press('Enter');
  const rows = page.getByRole('main').getByRole('rowheader');
  await expect(page).toHaveURL(new RegExp(`/tokens\\?jti=${first}`));
  await expect(rows).toHaveText(new RegExp(`box-first.*${first}`));
  await open(page);
  await page.keyboard.type(second);
  await expect(hits(page, 'Tokens')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(rows).toHaveText(new RegExp(`box-second.*${second}`));
  await expect(page.getByRole('main')).toBeFocused();
  await expectFitEverywhere(page, 'a token that was searched for');
  await page.getByRole('link', { name: 'One token only' }).click();
  await expect(page).toHaveURL(/\/tokens$/);
  await expect(rows.filter({ hasText: 'box-first' })).toHaveCount(1);
});

test('a Guardian rule leads to itself among the rules', async ({ page, browser }) => {
  const admin = await Control.signedIn(user('nanoAdmin'));
  const rules = [];
  for (const [value, note] of [
    ['box-leech/*', 'seen in the box'],
    ['box-other/*', 'another one'],
  ] as const) {
    rules.push(await admin.rule({ kind: 'USER_AGENT', value, action: 'DENY', note }));
  }
  await signIn(page, user('nanoUser'));
  await open(page);
  await page.keyboard.type('box-leech');
  await expect(hits(page, 'Rules')).toHaveCount(1);
  await expect(hits(page, 'Rules')).toContainText('Player · seen in the box');
  await expectFitEverywhere(page, 'the box with a rule');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/guardian\?q=box-leech/);
  const rows = page.getByRole('main').getByRole('rowheader');
  await expect(rows).toHaveText(/box-leech\/\*/);
  // By its comment, from its own page.
  await open(page);
  await page.keyboard.type('another one');
  await expect(hits(page, 'Rules')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(rows).toHaveText(/box-other\/\*/);
  await expect(page.getByRole('main')).toBeFocused();

  const reader = await (await browser.newContext()).newPage();
  await signIn(reader, user('nanoReadOnly'));
  await open(reader);
  await reader.keyboard.type('box-leech');
  await expect(box(reader)).toContainText('Nothing found');
  await reader.context().close();
  for (const id of rules) await admin.unrule(id);
  await admin.close();
});

test('a member leads to their row, and what was done to its entry, opened', async ({ page }) => {
  const zoe = await newMember('Zoe', 'nanoUser');
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await page.keyboard.type(zoe.email);
  await hits(page, 'Members').filter({ hasText: zoe.name }).click();
  await expect(page).toHaveURL(/\/organisation\/members\?q=/);
  await expect(page.getByRole('table', { name: 'Members' }).getByRole('rowheader')).toContainText(zoe.email);
  // It names her nowhere but among the addresses of people.
  await open(page);
  await page.keyboard.type(zoe.email);
  const entry = hits(page, 'Audit log').filter({ hasText: 'invitation.accept' });
  await expect(entry.locator('mark')).toHaveText(zoe.email);
  await entry.click();
  await expect(page.getByRole('main').getByRole('rowheader')).toHaveText(['invitation.accept']);
  await expect(page.getByRole('definition').filter({ hasText: zoe.email })).toBeVisible();
  await expectFitEverywhere(page, 'an entry that was searched for');
  await page.getByRole('button', { name: 'One entry only' }).click();
  await expect(page).toHaveURL(/\/organisation\/audit\?action=invitation.accept$/);
});

test('who may not read members or the audit log is not offered them', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  await open(page);
  await expect(field(page)).toHaveAttribute('placeholder', 'Search streams');
  await page.keyboard.type(testStream().name);
  await expect(hits(page, 'Streams')).toHaveCount(1);
  await expect(box(page).getByRole('group')).toHaveCount(1);
  await field(page).fill(user('nanoAdmin').email);
  await expect(box(page)).toContainText('Nothing found for');
});

test('a search that failed says so and is tried again', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await page.route('**/graphql', (route) => route.abort());
  await page.keyboard.type(testStream().name);
  await expect(box(page).getByRole('alert')).toContainText('The server cannot be reached');
  await expectFitEverywhere(page, 'search failed');
  await page.unroute('**/graphql');
  await box(page).getByRole('button', { name: 'Try again' }).click();
  await expect(hits(page, 'Streams')).toHaveCount(1);
  await expect(field(page)).toBeFocused();
});

test('while an answer is on its way nothing of the one before is opened', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await open(page);
  await page.keyboard.type(testStream().name);
  await expect(hits(page, 'Streams')).toHaveCount(1);
  let answer!: () => void;
  const held = new Promise<void>((fulfil) => (answer = fulfil));
  await page.route('**/graphql', async (route) => {
    await held;
    await route.continue();
  });
  await field(page).fill(user('nanoAdmin').email);
  await page.keyboard.press('Enter');
  await expect(box(page).getByRole('status').filter({ hasText: 'Still searching' })).toBeAttached();
  await page.keyboard.press('Enter');
  await expect(box(page)).toBeVisible();
  await page.screenshot({ path: 'results/screenshots/search-slow.png' });
  answer();
  await expect(hits(page, 'Members').first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/organisation\/members\?q=/);
});

test('the box is fit for everybody: empty, full, without a hit, and with what was opened of late', async ({ page }) => {
  test.slow();
  await token('box-look');
  await signIn(page, user('nanoAdmin'));
  await page.getByRole('button', { name: 'Search' }).click();
  await expectFitEverywhere(page, 'search, empty');
  await field(page).fill('o');
  for (const name of ['Streams', 'Tokens', 'Members', 'Audit log']) await expect(hits(page, name).first()).toBeVisible();
  await expectFitEverywhere(page, 'search, full');
  await field(page).fill('nothing of this name %_*');
  await expect(box(page)).toContainText('Nothing found for');
  await expectFitEverywhere(page, 'search, nothing');
  await field(page).fill(testStream().name);
  await hits(page, 'Streams').click();
  await page.goto(at('/activity'));
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await open(page);
  await expect(hits(page, 'Recent')).toHaveCount(1);
  await expectFitEverywhere(page, 'search, recent');
});
