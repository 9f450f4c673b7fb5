// What could be better about the tokens that are shown at the doors, by the key that signed them.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

test('a weak token that is seen at a door is listed by its key, and leads to who shows it', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, 'seen-ann');
  await control.close();
  const viewer = await Viewer.from('127.40.1.7', token);
  await signIn(page, user('nanoUser'));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('navigation', { name: 'Parts of tokens' }).getByRole('link', { name: 'Seen' }).click();
  const row = page.getByRole('table', { name: 'Weak tokens seen' }).getByRole('row', { name: /works from any address/ });
  // It is told in batches.
  await expect(async () => {
    await page.reload();
    await expect(row).toContainText(jti, { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await expect(row).toContainText('Weak');
  await expect(row).toContainText('A key of Portcullis');
  await expect(row.locator('td[data-label="Sessions"]')).toHaveText(/^[1-9]\d*$/);
  await expect(page.getByRole('row', { name: /has no label/ }), 'what is only good to know').toHaveCount(0);
  await expectFitEverywhere(page, 'weak tokens that were seen');

  await row.getByRole('link', { name: jti }).click();
  const panel = page.getByRole('dialog', { name: 'Token' });
  await expect(panel.getByRole('heading', { name: 'What could be better about it' })).toBeVisible();
  await expect(panel.locator('.findings')).toContainText(['It works from any address.']);
  await expectFitEverywhere(page, 'a token with what could be better about it');
  viewer.leave();
});

test('where no token was seen that is said, and who only reads is told whose it is', async ({ page }) => {
  test.slow();
  await signIn(page, await newAdministrator('Sina'));
  await page.goto(at('/tokens/seen'));
  await expect(page.getByText('Nothing stands against them')).toBeVisible();
  await expectFitEverywhere(page, 'no weak tokens seen');
  await page.context().clearCookies();
  await page.evaluate(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  await signIn(page, user('nanoReadOnly'));
  await page.goto(at('/tokens/seen'));
  await expect(page.getByText('Closed to your role')).toBeVisible();
});
