// A person's way through the whole: from nothing to a stream, a viewer, and the end of that viewer.
import { expect, test } from '@playwright/test';
import { user } from '../support/demo.ts';
import { Encoder } from '../support/encoder.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';

test('an operator creates a stream, sees it live, lets a viewer in and cuts that viewer off', async ({ page, browser }) => {
  const shot = (name: string, of = page) => of.screenshot({ path: `results/screenshots/journey-${name}.png` });
  await signIn(page, user('nanoAdmin'));
  // A reload would forget this mark.
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  await shot('1-streams');

  await page.getByRole('button', { name: 'New stream' }).click();
  const creating = page.getByRole('dialog', { name: 'New stream' });
  await creating.getByLabel('Title').fill('Evening service');
  await creating.getByLabel('Name').fill('evening');
  await creating.getByRole('button', { name: 'Create stream' }).click();
  const ready = page.getByRole('dialog', { name: 'Ready for your encoder' });
  await ready.getByRole('button', { name: 'Reveal key' }).click();
  const server = await ready.getByRole('textbox', { name: 'Server' }).innerText();
  const key = await ready.getByRole('textbox', { name: 'Stream key' }).innerText();
  await shot('2-created');
  await ready.getByRole('button', { name: 'Close' }).last().click();

  const row = page.getByRole('row').filter({ hasText: 'Evening service' });
  await expect(row.getByText('Never live')).toBeVisible();
  const encoder = new Encoder(`${server}/${key}`);
  try {
    await expect(row.getByText('Live', { exact: true }), encoder.said).toBeVisible();
    await row.getByRole('link', { name: 'Evening service' }).click();
    await expectToPlay(page.locator('portcullis-player video'));
    await shot('3-live');

    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByRole('dialog').getByLabel('Viewer').fill('customer-4711');
    await page.getByRole('dialog').getByRole('button', { name: 'Make token' }).click();
    const made = page.getByRole('dialog', { name: 'Copy the token now' });
    const link = await made.getByRole('link', { name: 'Watch with it' }).getAttribute('href');
    await shot('4-token');
    await made.getByRole('button', { name: 'Done' }).click();

    const elsewhere = await browser.newContext();
    const viewer = await elsewhere.newPage();
    await viewer.goto(link!);
    await expectToPlay(viewer.locator('portcullis-player video'));
    const session = page.getByRole('table', { name: 'Running sessions' }).getByRole('row', { name: 'customer-4711' });
    await expect(session).toBeVisible();
    await shot('5-watched');
    await shot('6-watching', viewer);

    await page.getByRole('button', { name: 'Revoke the token of customer-4711' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click();
    await expect(page.getByRole('dialog', { name: 'Token revoked' })).toContainText('Cut 1 session on 1 node');
    await shot('7-revoked');
    await expect(viewer.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
    await shot('8-cut-off', viewer);
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
    await expect(session).toBeHidden();
    const record = page.getByRole('table', { name: 'Playback tokens' }).getByRole('row', { name: 'customer-4711' });
    await expect(record.getByText('Revoked')).toBeVisible();

    await viewer.reload();
    await expect(viewer.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
    await elsewhere.close();

    await encoder.stop();
    await expect(page.getByText('Offline', { exact: true })).toBeVisible();
    expect(await page.evaluate(() => 'neverReloaded' in window), 'nothing of this needed a reload').toBe(true);
  } finally {
    await encoder.stop();
  }
});
