// An operator ends one viewer's session from the list of who watches, and takes up the offer to revoke.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';

test('a session is ended beside its viewer, and its token revoked by the offer', async ({ page, browser }) => {
  // Pages are judged in each look.
  test.slow();
  const control = await Control.signedIn(user('nanoUser'));
  const { token } = await control.playbackToken(testStream().name, 'sent-away');
  const elsewhere = await browser.newContext();
  const viewer = await elsewhere.newPage();
  await viewer.goto(`${demo().http}/watch#stream=${testStream().name}&token=${token}`);
  await expectToPlay(viewer.locator('portcullis-player video'));

  await signIn(page, user('nanoUser'));
  await page.goto(`${demo().http}/streams/${testStream().name}`);
  const row = page.getByRole('table', { name: 'Running sessions' }).getByRole('row', { name: 'sent-away' });
  await expect(row).toBeVisible();
  const figure = async (name: string) => Number(await page.locator('.stat').filter({ hasText: name }).locator('dd').innerText());
  await expect.poll(() => figure('Watching now')).toBeGreaterThan(0);
  const most = await figure('Most at once, last 24 hours');
  expect(most).toBeGreaterThan(0);
  await row.getByRole('button', { name: 'End the session of sent-away' }).click();
  const asked = page.getByRole('dialog', { name: 'End this session?' });
  await expect(asked).toContainText('5 minutes');
  await expectFitEverywhere(page, 'ending a session');
  await asked.getByRole('button', { name: 'End session' }).click();
  const ended = page.getByRole('dialog', { name: 'Session ended' });
  await expect(ended).toContainText('Cut 1 session on 1 node');
  await expect(viewer.locator('portcullis-player')).toContainText('SESSION_ENDED');
  await expect(row).toBeHidden();
  await expectFitEverywhere(page, 'a session that was ended');

  await ended.getByRole('button', { name: 'Revoke its token' }).click();
  await expect(ended.getByRole('button', { name: 'Revoke its token' })).toBeHidden();
  await ended.getByRole('button', { name: 'Done' }).click();
  await page.reload();
  await expect.poll(() => figure('Most at once, last 24 hours'), 'who has left was there').toBeGreaterThanOrEqual(most);
  await viewer.reload();
  await expect(viewer.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
  await elsewhere.close();
  await control.close();
});

test('who only looks on is offered no end', async ({ page }) => {
  const control = await Control.signedIn(user('nanoUser'));
  const { token } = await control.playbackToken(testStream().name, 'left-alone');
  await signIn(page, user('nanoReadOnly'));
  await page.goto(`${demo().http}/streams/${testStream().name}`);
  const viewer = await page.context().newPage();
  await viewer.goto(`${demo().http}/watch#stream=${testStream().name}&token=${token}`);
  await expectToPlay(viewer.locator('portcullis-player video'));
  const table = page.getByRole('table', { name: 'Running sessions' });
  await expect(table.getByRole('row').nth(1)).toBeVisible();
  await expect(table.getByRole('button')).toHaveCount(0);
  await control.close();
});
