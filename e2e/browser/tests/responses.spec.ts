// Whoever steals is kept out for a while: one person suggests and another approves, or it happens by itself.
import { type Locator, type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectApart, expectSeenByKeyboard } from '../support/tables.ts';
import { Viewer, asked } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

/** A token that is passed on: it is used from four networks, in four countries, within seconds. */
async function passedOn(name: string): Promise<{ jti: string; token: string; viewers: Viewer[] }> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, name, 600);
  await control.close();
  const viewers = [];
  for (const third of [1, 2, 3, 4]) viewers.push(await Viewer.from(`127.40.${third}.9`, token));
  return { jti, token, viewers };
}

const row = (page: Page, jti: string) => page.getByRole('table', { name: 'Responses' }).getByRole('row').filter({ hasText: jti });

test('one suggests to keep somebody out, another approves, and takes it back', async ({ page, browser }) => {
  test.slow();
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/responses'));
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  await expectFitEverywhere(page, 'no responses');
  const { jti, token, viewers } = await passedOn('response-thief');
  await page.goto(at('/misuse'));
  const found = page.getByRole('listitem').filter({ hasText: jti }).filter({ hasText: 'Several addresses' });
  await found.getByRole('button', { name: `Suggest to keep out token ${jti}` }).click({ timeout: 60_000 });
  const dialog = page.getByRole('dialog', { name: `Keep out token ${jti}?` });
  // Or what they came from, instead.
  await expect(dialog.getByRole('radio', { name: 'The token' })).toBeChecked();
  await expect(dialog.getByRole('radio', { name: '127.40.1.0/24' })).toHaveCount(1);
  await dialog.getByRole('radio', { name: '15 min' }).check();
  await dialog.getByLabel('Comment').fill('Restreams our matches');
  await expectFitEverywhere(page, 'suggesting a response');
  await dialog.getByRole('button', { name: 'Suggest' }).click();
  await expect(page.getByText('waits under Responses for a second person')).toBeVisible();
  await page.goto(at('/misuse/responses'));
  await expect(row(page, jti)).toContainText('Restreams our matches');
  await expect(row(page, jti).getByRole('button', { name: /^Approve/ })).toBeDisabled();
  expect(await asked(token, '127.40.1.9')).toBe('200');

  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, user('nanoAdmin'));
  await other.goto(at('/misuse/responses'));
  await expect(row(other, jti)).toContainText('Uma User');
  await expectFitEverywhere(other, 'a response that waits');
  await other.setViewportSize({ width: 390, height: 844 });
  const place = async (name: RegExp) => (await row(other, jti).getByRole('button', { name }).boundingBox())!;
  const [refuse, approve] = [await place(/^Refuse/), await place(/^Approve/)];
  expect(approve.x - refuse.x - refuse.width, 'one is not pressed for the other').toBeGreaterThan(4);
  await other.setViewportSize({ width: 1280, height: 800 });
  await row(other, jti).getByRole('button', { name: /^Approve/ }).click();
  // Whom that cuts, and until when, is shown before.
  const before = other.getByRole('dialog', { name: `Keep out token ${jti}?` });
  await expect(before).toContainText('Would cut 4 sessions now.');
  await expect(before).toContainText('For 15:00, until');
  await expectFitEverywhere(other, 'approving a response');
  await before.getByRole('button', { name: 'Cancel' }).click();
  await expect(before).toHaveCount(0);
  expect(viewers.map((viewer) => viewer.answered), 'nobody is cut yet').not.toContain('SESSION_ENDED');
  await row(other, jti).getByRole('button', { name: /^Approve/ }).click();
  await before.getByRole('button', { name: 'Approve' }).click();
  await expect(other.getByText(`Token ${jti} is kept out: cut 4 sessions.`)).toBeVisible();
  await expect(row(other, jti)).toHaveCount(0);
  await expect.poll(() => viewers.map((viewer) => viewer.answered)).toEqual(Array(4).fill('SESSION_ENDED'));

  await other.getByRole('radio', { name: 'In force' }).check();
  await expect(row(other, jti)).toContainText('Kept out');
  await expectFitEverywhere(other, 'a response in force');
  await other.goto(at(`/misuse/tokens?jti=${jti}`));
  const held = other.getByRole('table').getByRole('row').filter({ hasText: jti }).getByRole('link', { name: /^Held until/ });
  await expect(held, 'it does not look free').toBeVisible({ timeout: 60_000 });
  // In one word, with the time behind it: it covers no column, and on a phone what can be done stays at the edge.
  await expect(held).toHaveText('Held');
  await expect(held).toHaveAttribute('title', /^Held until .*\d/);
  const view = other.getByRole('table', { name: 'Token view' });
  await expectApart(view);
  await expectSeenByKeyboard(other, view, ['Top referrers', 'First start', 'Last end', 'Max concurrency', 'Score', 'Status']);
  await other.setViewportSize({ width: 390, height: 844 });
  const card = view.getByRole('row').filter({ hasText: jti });
  const box = async (one: Locator) => (await one.boundingBox())!;
  const [whole, acts, first] = [await box(card), await box(card.locator('.stay-acts')), await box(card.locator('[data-label="User"]'))];
  expect(whole.x + whole.width - acts.x - acts.width, 'at the edge').toBeLessThan(20);
  expect(first.y, 'nothing is beside it').toBeGreaterThan(acts.y + acts.height / 2);
  await other.setViewportSize({ width: 1280, height: 800 });
  await held.click();
  await row(other, jti).getByRole('button', { name: `Let Token ${jti} in again` }).click();
  await expect(other.getByText(`Token ${jti} may come in again.`)).toBeVisible();
  await expect.poll(() => asked(token, '127.40.1.9')).toBe('200');
  for (const viewer of viewers) viewer.leave();
  await other.getByRole('radio', { name: 'All', exact: true }).check();
  await expect(row(other, jti)).toContainText('Taken back');
  await context.close();
});

test('whatever somebody else does about a response is shown at once, and that its time is over', async ({ page }) => {
  test.setTimeout(240_000);
  const { jti, viewers } = await passedOn('shown-thief');
  const [suggester, approver] = [await Control.signedIn(user('nanoUser')), await Control.signedIn(user('nanoAdmin'))];
  const finding = await suggester.finding(jti);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse/responses'));
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  // Before it is touched again nothing is pressed here, and nothing is loaded anew.
  const refused = await suggester.suggest(finding, 60);
  await expect(row(page, jti).getByRole('button', { name: /^Approve/ }), 'it is suggested').toBeEnabled();
  await suggester.change('refuseResponse', { id: refused });
  await expect(page.getByText('Nothing waits for you'), 'it is taken back').toBeVisible();
  const undone = await suggester.suggest(finding, 60);
  await expect(row(page, jti)).toBeVisible();
  await page.getByRole('radio', { name: 'In force' }).check();
  await expect(page.getByText('Nobody is kept out')).toBeVisible();
  await approver.change('approveResponse', { id: undone });
  await expect(row(page, jti), 'it is approved').toContainText('Kept out');
  await suggester.change('undoResponse', { id: undone });
  await expect(page.getByText('Nobody is kept out'), 'it is undone').toBeVisible();

  await page.getByRole('radio', { name: 'All', exact: true }).check();
  await approver.change('approveResponse', { id: await suggester.suggest(finding, 60) });
  await expect(row(page, jti).first()).toContainText('Kept out');
  await expect(row(page, jti).first()).toContainText('Over', { timeout: 90_000 });
  await expect(row(page, jti).first()).not.toContainText('Kept out');
  await expect(row(page, jti).first().getByRole('button', { name: /^Let/ })).toHaveCount(0);
  for (const viewer of viewers) viewer.leave();
  await suggester.close();
  await approver.close();
});

test('who steals is kept out by itself where an administrator says so', async ({ page, browser }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse'));
  await page.getByRole('button', { name: 'Thresholds' }).click();
  const numbers = page.getByRole('dialog', { name: 'What is a sign of misuse' });
  await numbers.getByLabel('Countries of a token').fill('0');
  await numbers.getByRole('button', { name: 'Save' }).click();
  await expect(numbers.getByText('1 to 100', { exact: true })).toBeVisible();
  await expectFitEverywhere(page, 'what is a sign of misuse');
  await numbers.getByLabel('Countries of a token').fill('2');
  await numbers.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('It is saved, and holds from now on.')).toBeVisible();

  await page.goto(at('/misuse/responses'));
  await page.getByRole('button', { name: 'By itself' }).click();
  const dialog = page.getByRole('dialog', { name: 'What happens by itself' });
  await dialog.getByRole('combobox', { name: 'Several addresses' }).selectOption('Keep out');
  await dialog.getByRole('combobox', { name: 'Several countries' }).selectOption('Suggest');
  await dialog.getByLabel('Kept out by itself within an hour, at most').fill('0');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('1 to 1000')).toBeVisible();
  await dialog.getByLabel('Kept out by itself within an hour, at most').fill('5');
  await expectFitEverywhere(page, 'what happens by itself');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('holds for what is found from now on')).toBeVisible();

  const { jti, viewers } = await passedOn('cut-by-itself');
  await expect
    .poll(() => viewers.map((viewer) => viewer.answered), { timeout: 60_000 })
    .toEqual(Array(4).fill('SESSION_ENDED'));
  for (const viewer of viewers) viewer.leave();
  await page.getByRole('radio', { name: 'In force' }).check();
  await expect(row(page, jti)).toContainText('By itself');
  await row(page, jti).getByRole('button', { name: /^Let/ }).click();
  await expect(row(page, jti)).toHaveCount(0);

  // Who only reads sees nothing of it, and who is no administrator chooses nothing.
  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, user('nanoReadOnly'));
  await other.goto(at('/misuse/responses'));
  await expect(other.getByText('Closed to your role')).toBeVisible();
  await context.close();
  await page.getByRole('button', { name: 'By itself' }).click();
  await expect(dialog.getByRole('combobox', { name: 'Several addresses' })).toHaveValue('apply');
  for (const name of ['Several addresses', 'Several countries']) {
    await dialog.getByRole('combobox', { name }).selectOption('Nothing');
  }
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
});
