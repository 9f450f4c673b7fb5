// For how long viewers are known is said on the organisation's page, and one is erased there.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

test('how long viewers are known is set on the organisation\'s page', async ({ page }) => {
  test.slow();
  await signIn(page, await newAdministrator('Nora'));
  await page.goto(at('/organisation'));
  const full = page.getByLabel('Days with full addresses');
  await expect(full).toHaveValue('30');
  await expect(page.getByRole('radio', { name: 'Truncated to /24 or /48' })).toBeChecked();
  await full.fill('0');
  await page.getByRole('button', { name: 'Save privacy' }).click();
  await expect(page.getByText('1 to 3650 days')).toBeVisible();
  await full.fill('45');
  await page.getByRole('radio', { name: 'Hashed, under a key that is destroyed' }).check();
  await page.getByLabel('Days for which it is kept what was watched').fill('90');
  await expectFitEverywhere(page, 'privacy of viewers');
  await page.getByRole('button', { name: 'Save privacy' }).click();
  await expect(page.getByText('It is saved, and done from now on.')).toBeVisible();
  await page.reload();
  await expect(full).toHaveValue('45');
  await expect(page.getByRole('radio', { name: 'Hashed, under a key that is destroyed' })).toBeChecked();
  await expect(page.getByLabel('Days for which it is kept what was watched')).toHaveValue('90');
});

test('a viewer is erased, and goes on watching', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'erase-me');
  await control.close();
  const viewer = await Viewer.from('127.0.0.1', token);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse/tokens?user=erase-me'));
  await expect(page.getByText('1 token', { exact: true })).toBeVisible({ timeout: 30_000 });
  await page.goto(at('/organisation'));
  await page.getByLabel('Erase a viewer').fill('erase-me');
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase erase-me?' });
  await expectFitEverywhere(page, 'erasing a viewer');
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await expect(page.getByText(/^Erased: \d+ sessions?, 1 token, \d+ findings?\.$/)).toBeVisible();
  await page.goto(at('/misuse/tokens?user=erase-me'));
  await expect(page.getByText('Nobody watched')).toBeVisible();
  expect(await viewer.ask()).toBe('200');
  viewer.leave();
});
