// Tokens in the dashboard: found, taken back many at once, viewers banned, static ones listed.
import { type Page, expect, request, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Tokens for the test stream, one for each of these viewers. */
async function tokens(...viewers: string[]): Promise<{ token: string; jti: string }[]> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const made = [];
  for (const viewer of viewers) made.push(await control.playbackToken(testStream().name, viewer));
  await control.close();
  return made;
}

/** What a player is answered that comes with this. */
async function answered(credential: string): Promise<string> {
  const http = await request.newContext();
  const answer = await http.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=${credential}`);
  await http.dispose();
  return answer.headers()['x-deny-reason'] ?? String(answer.status());
}

/** Goes on asking as who watches does, until it is told to rest. */
function watching(...credentials: { token: string }[]): { rest: () => void } {
  const ask = () => void Promise.all(credentials.map(({ token }) => answered(token))).catch(() => {});
  const turning = setInterval(ask, 1_000);
  return { rest: () => clearInterval(turning) };
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

test('tokens are found by text, status and door, and the address keeps what was looked for', async ({ page }) => {
  test.slow();
  const [one, other] = await tokens('seek-ann', 'seek-bob');
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.revoke(other!.jti);
  await control.close();
  await signIn(page, user('nanoAdmin'));
  await page.getByRole('navigation').getByRole('link', { name: 'Tokens' }).click();
  await page.getByLabel('Search tokens').fill('SEEK-');
  await expect(page.getByText('2 tokens')).toBeVisible();
  await expectFitEverywhere(page, 'tokens that were looked for');
  await page.getByRole('radio', { name: 'Revoked' }).check();
  await expect(page.getByText('1 token', { exact: true })).toBeVisible();
  await expect(row(page, 'seek-bob')).toBeVisible();
  await page.reload();
  await expect(row(page, 'seek-bob')).toBeVisible();
  await expect(row(page, 'seek-ann')).toHaveCount(0);
  await page.getByRole('combobox', { name: 'To' }).selectOption('Publish');
  await expect(page.getByText('No token fits')).toBeVisible();
  await expectFitEverywhere(page, 'no token fits');
  await page.goto(at(`/tokens?q=${one!.jti}`));
  await expect(row(page, 'seek-ann')).toBeVisible();

  await page.goto(at(`/streams/${testStream().name}`));
  await page.getByLabel('Search tokens').fill('seek-');
  await page.getByRole('radio', { name: 'Revoked' }).check();
  const table = page.getByRole('table', { name: 'Playback tokens' });
  await expect(table.getByRole('row').filter({ hasText: 'seek-bob' })).toBeVisible();
  await expect(table.getByRole('row').filter({ hasText: 'seek-ann' })).toHaveCount(0);
  await expectFitEverywhere(page, 'a stream with tokens that were looked for');
});

test('many tokens are taken back at once, after it was shown whom that hits', async ({ page }) => {
  test.slow();
  const [first, second, friend] = await tokens('bulk-ann', 'bulk-ann', 'bulk-bob');
  for (const one of [first, second, friend]) expect(await answered(one!.token)).toBe('200');
  const viewers = watching(first!, second!);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/tokens'));
  await page.getByRole('button', { name: 'Revoke many' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke many tokens' });
  await expect(dialog.getByRole('button', { name: 'Revoke tokens' })).toBeDisabled();
  await expect(dialog.getByRole('button', { name: 'Revoke tokens' })).toHaveAccessibleDescription('Say which tokens.');
  await expect(dialog).toContainText('Tokens without iat are covered for good, new ones too.');
  await expectFitEverywhere(page, 'revoking many, nothing chosen');
  await dialog.getByLabel('Viewer').last().fill('bulk-ann');
  await expect(dialog.getByRole('status')).toContainText('Would revoke 2 tokens, and cut 2 sessions now.');
  await expect(dialog.getByRole('status')).toContainText(testStream().name);
  await expectFitEverywhere(page, 'revoking many, with whom it hits');
  for (const [by, label] of [['Stream', testStream().name], ['Signing key', /Portcullis/]] as const) {
    await dialog.getByRole('radio', { name: by }).check();
    const list = dialog.getByRole('combobox', { name: by });
    // The choices come from the server; until then there is the one without a value.
    const choices = list.locator('option:not([value=""])');
    const value = await choices.filter({ hasText: by === 'Stream' ? /./ : label }).last().getAttribute('value');
    await list.selectOption(value!);
    await expect(dialog.getByRole('status')).toContainText(/Would revoke \d+ tokens?/);
  }
  await dialog.getByRole('radio', { name: 'All' }).check();
  await expect(dialog.getByRole('status')).toContainText(/Would revoke \d+ tokens/);
  await expectFitEverywhere(page, 'revoking all');
  expect(await answered(first!.token), 'looking changes nothing').toBe('200');
  await dialog.getByRole('radio', { name: 'Viewer' }).check();
  await dialog.getByLabel('Viewer').last().fill('bulk-ann');
  await expect(dialog.getByRole('status')).toContainText('Would revoke 2 tokens');
  await dialog.getByRole('button', { name: 'Revoke tokens' }).click();
  viewers.rest();
  await expect(page.getByRole('dialog', { name: 'Tokens revoked' })).toContainText('Cut 2 sessions on 1 node');
  await page.getByRole('button', { name: 'Done' }).click();
  for (const one of [first, second]) expect(await answered(one!.token)).toBe('TOKEN_REVOKED');
  expect(await answered(friend!.token)).toBe('200');
  await page.getByLabel('Search tokens').fill('bulk-ann');
  await expect(page.getByRole('row').filter({ hasText: 'Revoked' })).toHaveCount(2);
});

test('a nanoUser revokes by viewer and tag, and is told who does the rest', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(at('/tokens'));
  await page.getByRole('button', { name: 'Revoke many' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('radio')).toHaveCount(2);
  await expect(dialog).toContainText('for nanoAdmin');
  await expectFitEverywhere(page, 'revoking many as nanoUser');
  await page.keyboard.press('Escape');
  await page.goto(at('/tokens/static'));
  await expect(page.getByText('No static tokens')).toBeVisible();
  await expect(page.getByRole('button', { name: /static token|Switch/ })).toHaveCount(0);
  for (const path of ['/tokens', '/tokens/banned', '/tokens/static']) {
    await page.goto(at(path));
    await expect(page.getByRole('navigation', { name: 'Parts of tokens' })).toBeVisible();
  }
});

test('a viewer is banned with every token to come, and let in again', async ({ page }) => {
  test.slow();
  const [before] = await tokens('ban-ann');
  expect(await answered(before!.token)).toBe('200');
  const viewer = watching(before!);
  await signIn(page, user('nanoUser'));
  await page.goto(at('/tokens/banned'));
  await expect(page.getByText('Nobody is banned')).toBeVisible();
  await expectFitEverywhere(page, 'nobody is banned');
  await page.goto(at('/tokens?q=ban-ann'));
  await page.getByRole('button', { name: 'Actions for ban-ann' }).click();
  await page.getByRole('menuitem', { name: 'Ban the viewer' }).click();
  const dialog = page.getByRole('dialog', { name: 'Ban a viewer' });
  await expect(dialog.getByLabel('Viewer')).toHaveValue('ban-ann');
  await dialog.getByLabel('Comment').fill('Restreams our matches');
  await expect(dialog.getByRole('status')).toContainText('Would cut 1 session now');
  await expectFitEverywhere(page, 'banning a viewer');
  await dialog.getByRole('button', { name: 'Ban viewer' }).click();
  viewer.rest();
  await expect(page.getByText('ban-ann is banned: cut 1 session.')).toBeVisible();
  const [after] = await tokens('ban-ann');
  for (const one of [before, after]) expect(await answered(one!.token)).toBe('TOKEN_USER_BANNED');

  await page.getByRole('link', { name: 'Banned viewers' }).click();
  await expect(row(page, 'ban-ann')).toContainText('Restreams our matches');
  await expectFitEverywhere(page, 'banned viewers');
  await page.getByLabel('Search banned viewers').fill('nobody of that name');
  await expect(page.getByText('Nobody fits')).toBeVisible();
  await page.getByLabel('Search banned viewers').fill('MATCHES');
  await page.getByRole('button', { name: 'Take back the ban of ban-ann' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('ban-ann is banned no more.')).toBeVisible();
  await expect(row(page, 'ban-ann')).toHaveCount(0);
  expect(await answered(after!.token)).toBe('200');
});

test('a static token is made with what stands against it, shown once, lets in while the list does, and is revoked', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/tokens/static'));
  await expect(page.getByText('No static tokens')).toBeVisible();
  await expect(page.getByText('No static token lets in')).toBeVisible();
  await expectFitEverywhere(page, 'no static tokens');
  await page.getByRole('button', { name: 'New static token' }).click();
  const dialog = page.getByRole('dialog', { name: 'New static token' });
  await dialog.getByLabel('Name').fill('Box in the lab');
  await expect(dialog.getByText('It is for every stream of the organisation.')).toBeVisible();
  await dialog.getByRole('combobox', { name: 'For' }).selectOption(testStream().name);
  await expect(dialog.getByText('It is for every stream of the organisation.')).toHaveCount(0);
  await expect(dialog.getByText('It is the same text for everybody who has it')).toBeVisible();
  await expect(dialog.locator('[data-code="LIFETIME"]')).toContainText('Weak');
  await dialog.getByRole('radio', { name: '7 days' }).check();
  await expect(dialog.locator('[data-code="LIFETIME"]')).toContainText('Risky');
  await dialog.getByLabel('Text').fill('short');
  await dialog.getByRole('button', { name: 'Make static token' }).click();
  await expect(dialog.getByRole('alert')).toContainText('16 to 256');
  await expectFitEverywhere(page, 'a new static token');
  await dialog.getByLabel('Text').fill('');
  await dialog.getByRole('button', { name: 'Make static token' }).click();
  const once = page.getByRole('dialog', { name: 'Copy the text now' });
  const text = await once.getByRole('textbox', { name: 'Text' }).innerText();
  await expectFitEverywhere(page, 'a static token just made');
  await once.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Box in the lab')).toContainText(text.slice(0, 6));
  await expect(page.getByText(text)).toHaveCount(0);
  expect(await answered(text), 'the list does not let in yet').toBe('TOKEN_MALFORMED');

  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch on' }).click();
  await expect(page.getByText('Static tokens let in.')).toBeVisible();
  expect(await answered(text)).toBe('200');
  const viewer = watching({ token: text });
  await expectFitEverywhere(page, 'static tokens');
  await page.getByRole('button', { name: 'Revoke Box in the lab' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  viewer.rest();
  await expect(page.getByText('Box in the lab is revoked: cut 1 session.')).toBeVisible();
  expect(await answered(text)).toBe('TOKEN_MALFORMED');
  await page.getByRole('button', { name: 'Switch off' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByText('No static token lets in')).toBeVisible();
});

test('whoever takes a token back by keyboard goes on in its row', async ({ page }) => {
  await tokens('keyed-ann');
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/tokens'));
  await page.getByLabel('Search tokens').fill('keyed-ann');
  await expect(page.getByText('1 token', { exact: true })).toBeVisible();
  await row(page, 'keyed-ann').getByRole('button', { name: 'Revoke the token of keyed-ann' }).press('Enter');
  await page.getByRole('dialog', { name: 'Revoke this token?' }).getByRole('button', { name: 'Revoke token' }).press('Enter');
  await expect(row(page, 'keyed-ann')).toContainText('Revoked');
  await page.getByRole('dialog', { name: 'Token revoked' }).getByRole('button', { name: 'Done' }).press('Enter');
  await expect(row(page, 'keyed-ann').getByRole('button', { name: 'Actions for keyed-ann' })).toBeFocused();
});
