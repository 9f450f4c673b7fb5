// An operator ends one viewer's session from the list of who watches, and takes up the offer to revoke.
import { createHmac, randomBytes } from 'node:crypto';
import { type Browser, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';
import { asked } from '../support/viewers.ts';

/** A token as a customer's own backend makes it, with a secret that it shares with the platform. */
function signed(secret: string, kid: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** A viewer of the test stream, with a token of theirs, in a browser of their own. */
async function watching(browser: Browser, token: string) {
  const elsewhere = await browser.newContext();
  const viewer = await elsewhere.newPage();
  await viewer.goto(`${demo().http}/watch#stream=${testStream().name}&token=${token}`);
  await expectToPlay(viewer.locator('portcullis-player video'));
  return { elsewhere, viewer };
}

test('a session is ended beside its viewer, and its token revoked by the offer', async ({ page, browser }) => {
  // Pages are judged in each look.
  test.slow();
  const control = await Control.signedIn(user('nanoUser'));
  const { token } = await control.playbackToken(testStream().name, 'sent-away');
  const { elsewhere, viewer } = await watching(browser, token);

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

test('a token that a customer signed is revoked by the offer, and opens nothing from anywhere', async ({ page, browser }) => {
  test.slow();
  const admin = await Control.signedIn(user('nanoAdmin'));
  const [kid, secret] = [`theirs-${Date.now()}`, randomBytes(32).toString('hex')];
  type Added = { signingKey: { id: string } };
  const { signingKey } = await admin.change<Added>('addSigningKey', { hs256Secret: secret, kid }, 'signingKey { id }');
  try {
    const now = Math.floor(Date.now() / 1000);
    const streams = [testStream().name];
    // Bound to this machine, so that nothing stands against it elsewhere in the dashboard.
    const claims = { aud: 'play', iat: now, exp: now + 600, jti: `${kid}-1`, streams, user: 'signed-by-theirs', ip: ['127.0.0.0/8'] };
    const token = signed(secret, kid, claims);
    const { elsewhere, viewer } = await watching(browser, token);

    await signIn(page, user('nanoUser'));
    await page.goto(`${demo().http}/streams/${testStream().name}`);
    const row = page.getByRole('table', { name: 'Running sessions' }).getByRole('row', { name: 'signed-by-theirs' });
    await row.getByRole('button', { name: 'End the session of signed-by-theirs' }).click();
    await page.getByRole('dialog', { name: 'End this session?' }).getByRole('button', { name: 'End session' }).click();
    const ended = page.getByRole('dialog', { name: 'Session ended' });
    await expect(ended).toContainText('Cut 1 session on 1 node');
    await expect(viewer.locator('portcullis-player')).toContainText('SESSION_ENDED');
    const offer = ended.getByRole('button', { name: 'Revoke its token' });
    await expect(offer).toBeVisible();
    expect(await asked(token, '127.50.0.7'), 'the end alone keeps out from there').toBe('200');

    await offer.click();
    await expect(offer).toBeHidden();
    expect(await asked(token, '127.50.0.7')).toBe('TOKEN_REVOKED');
    const other = signed(secret, kid, { ...claims, jti: `${kid}-2` });
    expect(await asked(other, '127.50.0.7'), 'another token of the same key').toBe('200');
    await ended.getByRole('button', { name: 'Done' }).click();
    await viewer.reload();
    await expect(viewer.locator('portcullis-player')).toContainText('TOKEN_REVOKED');
    await elsewhere.close();
  } finally {
    await admin.change('removeSigningKey', { id: signingKey.id });
    await admin.close();
  }
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
