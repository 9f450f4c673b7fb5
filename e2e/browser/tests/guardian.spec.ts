// Guardian in the dashboard: a thief is kept out while others go on watching, and let in again.
import { type APIRequestContext, expect, request, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';

const THIEF = 'Thief/7.1';
const GUARDIAN = () => new URL('/guardian', demo().dashboard).href;

/** A player that calls itself something, and what it is answered. */
async function player(userAgent: string): Promise<{ ask: () => Promise<string>; close: () => Promise<void> }> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'customer-4711');
  await control.close();
  const http: APIRequestContext = await request.newContext({ userAgent });
  const ask = async () => {
    const answer = await http.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=${token}`);
    return answer.headers()['x-deny-reason'] ?? String(answer.status());
  };
  return { ask, close: () => http.dispose() };
}

test('a rule is tried, made, changed and deleted, and acts at once', async ({ page }) => {
  const [thief, guest] = [await player(THIEF), await player('Friend/1.0')];
  await expect.poll(thief.ask).toBe('200');
  expect(await guest.ask()).toBe('200');
  await signIn(page, user('nanoAdmin'));
  await page.getByRole('navigation').getByRole('link', { name: 'Guardian' }).click();
  await expect(page.getByText('No rules yet')).toBeVisible();
  await expectFitEverywhere(page, 'guardian without rules');

  await page.getByRole('button', { name: 'New rule' }).first().click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByLabel('Address or network').fill('300.1.1.1');
  await expect(form.getByRole('alert')).toContainText('300.1.1.1');
  await expectFitEverywhere(page, 'guardian with a wrong value');
  await form.getByRole('radio', { name: 'Player' }).check();
  await form.getByRole('textbox', { name: 'Player', exact: true }).fill('Thief/*');
  await form.getByRole('radio', { name: '7 days', exact: true }).check();
  await form.getByLabel('Comment').fill('Restreams our matches');
  await expect(form.getByRole('status')).toContainText('Would cut 1 session now');
  await form.getByText('Whom').click();
  await expect(form.getByRole('listitem')).toContainText('customer-4711');
  await expectFitEverywhere(page, 'guardian with a rule that is tried');
  expect(await thief.ask(), 'trying changes nothing').toBe('200');
  await form.getByRole('button', { name: 'Make rule' }).click();
  await expect(page.getByText('The rule is in force: cut 1 session.')).toBeVisible();
  expect(await thief.ask()).toBe('GUARDIAN_USER_AGENT');
  expect(await guest.ask()).toBe('200');

  const row = page.getByRole('row', { name: 'Thief/*' });
  await expect(row).toContainText('Keep out');
  await expect(row).toContainText('Restreams our matches');
  await expect(row).toContainText('In force');
  // Whom it ended, and whom it turned away: told without a reload.
  await expect(row.getByRole('cell').nth(2)).toContainText('2', { timeout: 20_000 });

  await page.getByRole('button', { name: 'Actions for Thief/*' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit rule' });
  await edit.getByRole('radio', { name: 'Only count' }).check();
  await expectFitEverywhere(page, 'guardian with a rule that is edited');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Only counts');
  expect(await thief.ask()).toBe('200');

  for (const [kind, label, value] of [
    ['IP address', 'Address or network', '203.0.113.0/24'],
    ['Site', 'Site', '*.example.com'],
    ['Network', 'Network number', '64500'],
  ] as const) {
    await page.getByRole('button', { name: 'New rule' }).click();
    await form.getByRole('radio', { name: kind, exact: true }).check();
    await form.getByRole('textbox', { name: label, exact: true }).fill(value);
    await form.getByRole('button', { name: 'Make rule' }).click();
    await expect(page.getByRole('row', { name: value })).toBeVisible();
  }
  await expectFitEverywhere(page, 'guardian with rules');
  await page.getByLabel('Search rules').fill('matches');
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByLabel('By').selectOption('Site');
  await expect(page.getByText('No rule fits')).toBeVisible();
  await page.goto(`${GUARDIAN()}?kind=referrer`);
  await expect(page.getByRole('row', { name: '*.example.com' })).toBeVisible();
  await expect(page.getByRole('row')).toHaveCount(2);

  await page.goto(GUARDIAN());
  for (const value of ['Thief/*', '203.0.113.0/24', '*.example.com', '64500']) {
    await page.getByRole('button', { name: `Actions for ${value}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const ask = page.getByRole('dialog', { name: 'Delete this rule?' });
    if (value === 'Thief/*') await expectFitEverywhere(page, 'guardian with a rule to delete');
    await ask.getByRole('button', { name: 'Delete rule' }).click();
    await expect(page.getByRole('row', { name: value })).toHaveCount(0);
  }
  await expect(page.getByText('No rules yet')).toBeVisible();
  await thief.close();
  await guest.close();
});

test('what reaches broadcasters is the administrator’s, and rules are nothing for who only reads', async ({ page, browser }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(GUARDIAN());
  await page.getByRole('button', { name: 'New rule' }).first().click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByRole('radio', { name: 'Network', exact: true }).check();
  await form.getByRole('textbox', { name: 'Network number', exact: true }).fill('64501');
  await form.getByRole('radio', { name: 'Both' }).check();
  await form.getByRole('button', { name: 'Make rule' }).click();
  await expect(page.getByRole('button', { name: 'Actions for 64501' })).toBeVisible();

  const theirs = await (await browser.newContext()).newPage();
  await signIn(theirs, user('nanoUser'));
  await theirs.goto(GUARDIAN());
  await expect(theirs.getByRole('row', { name: '64501' })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Actions for 64501' })).toHaveCount(0);
  await theirs.getByRole('button', { name: 'New rule' }).click();
  await expect(theirs.getByRole('dialog').getByRole('radio', { name: 'Keep out' })).toBeVisible();
  await expect(theirs.getByRole('dialog').getByRole('radio', { name: 'Broadcasters' })).toHaveCount(0);
  await theirs.context().close();

  const reader = await (await browser.newContext()).newPage();
  await signIn(reader, user('nanoReadOnly'));
  await expect(reader.getByRole('navigation').getByRole('link', { name: 'Guardian' })).toHaveCount(0);
  await reader.goto(GUARDIAN());
  await expect(reader.getByText('Closed to your role')).toBeVisible();
  await reader.context().close();

  await page.getByRole('button', { name: 'Actions for 64501' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await expect(page.getByText('No rules yet')).toBeVisible();
});
