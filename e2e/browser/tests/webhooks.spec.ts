// Webhooks in the dashboard: set up, tried, read about, called again. On a platform of its own, since the backend of the
// test is on this machine, where no customer's may be.
import { type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { demo, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { begin, drain, ready } from '../support/process.ts';
import { type Call, Receiver } from '../support/receiver.ts';

const shared = process.env.PORTCULLIS_DATA;
let data: string;
let platform: ChildProcess;
let backend: Receiver;

test.beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portcullis-webhooks-'));
  platform = begin(data, { PORTCULLIS__OUTBOUND__DANGER_ALLOW_PRIVATE_NETWORKS: 'true' });
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
  backend = await Receiver.start();
});

test.afterAll(async () => {
  process.env.PORTCULLIS_DATA = shared;
  await backend?.close();
  await drain(platform);
  rmSync(data, { recursive: true });
});

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Whether a call is signed with a secret, among others perhaps. */
function isSigned({ headers, body }: Call, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const wanted = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return `${headers['webhook-signature']}`.split(' ').includes(wanted);
}

test('a webhook is set up, tried, looked through, called again, given another secret and taken away', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/webhooks'));
  await expect(page.getByText('No webhooks')).toBeVisible();
  await expectFitEverywhere(page, 'no webhooks');
  await page.getByRole('button', { name: 'New webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('ftp://nowhere.example');
  await dialog.getByRole('switch', { name: 'Viewer comes' }).check();
  await dialog.getByRole('switch', { name: 'Tokens were revoked' }).check();
  await expect(dialog.getByRole('radio', { name: 'Nobody comes in' })).toBeChecked();
  await dialog.getByRole('button', { name: 'Make webhook' }).click();
  await expect(dialog.getByRole('alert').filter({ hasText: 'https address' })).toBeVisible();
  await expectFitEverywhere(page, 'a webhook with an address that is none');
  await dialog.getByLabel('Address').fill(backend.url);
  await dialog.getByRole('radio', { name: 'JSON' }).check();
  await dialog.getByRole('button', { name: 'Make webhook' }).click();
  const secret = (await dialog.getByRole('textbox', { name: 'Secret' }).textContent())!;
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  await expectFitEverywhere(page, 'the secret of a webhook');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator('body')).not.toContainText(secret);

  const card = page.getByRole('region', { name: backend.host });
  await expect(card).toContainText('Viewer comes (on_play), Tokens were revoked');
  await card.getByRole('button', { name: `Test ${backend.host}` }).click();
  await expect(card.getByRole('status')).toContainText(/It answered 200 in \d+ ms\./);
  expect(isSigned(backend.calls[0]!, secret)).toBe(true);
  expect(JSON.parse(backend.calls[0]!.body).call).toBe('test');
  backend.status = 500;
  await card.getByRole('button', { name: `Test ${backend.host}` }).click();
  await expect(card.getByRole('status')).toContainText('The test failed: answered 500.');

  // What is told waits while nobody takes it.
  const table = page.getByRole('table', { name: 'Calls' });
  await page.goto(at('/tokens'));
  await revokeSomething();
  await expect.poll(() => backend.calls.some((call) => call.body.includes('token_revoked'))).toBe(true);
  await page.goto(at('/organisation/webhooks'));
  await page.getByRole('radio', { name: 'Waiting' }).check();
  await expect(page).toHaveURL(/state=waiting/);
  const waiting = table.getByRole('row').filter({ hasText: 'token_revoked' });
  await expect(waiting).toContainText('answered 500');
  await expect(waiting).toContainText('Tried again ');
  await page.getByRole('button', { name: /^Details of token_revoked/ }).click();
  await expect(table).toContainText('"subject": "ann"');
  await expectFitEverywhere(page, 'webhooks with calls that wait');
  backend.status = 204;
  await page.getByRole('button', { name: /^Call again: token_revoked/ }).click();
  await page.getByRole('radio', { name: 'Delivered' }).check();
  await expect(async () => {
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect(table.getByRole('row').filter({ hasText: 'token_revoked' })).toContainText('204', { timeout: 500 });
  }).toPass();
  await page.getByRole('radio', { name: 'All' }).check();
  await expect(table.getByRole('row')).not.toHaveCount(1);
  await expectFitEverywhere(page, 'webhooks');

  await card.getByRole('button', { name: `Actions for ${backend.host}` }).click();
  await page.getByRole('menuitem', { name: 'Rotate secret' }).click();
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  const next = (await dialog.getByRole('textbox', { name: 'Secret' }).textContent())!;
  expect(next).not.toBe(secret);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(card).toContainText('The secret before this one signs until');
  const before = backend.calls.length;
  await card.getByRole('button', { name: `Test ${backend.host}` }).click();
  await expect(card.getByRole('status')).toContainText('It answered 204');
  expect([secret, next].map((one) => isSigned(backend.calls[before]!, one))).toEqual([true, true]);

  await card.getByRole('button', { name: `Actions for ${backend.host}` }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog.getByRole('switch', { name: 'Switched on' }).uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(card).toContainText('Switched off');
  await card.getByRole('button', { name: `Actions for ${backend.host}` }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No webhooks')).toBeVisible();

  /** By the API, as software does it. */
  async function revokeSomething(): Promise<void> {
    const query = 'mutation { revokeTokens(input: { user: "ann" }) { errors { code } } }';
    const answer = await page.request.post(demo().graphql, { data: { query } });
    expect((await answer.json()).errors).toBeUndefined();
  }
});

test('webhooks are for administrators', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(at('/organisation/webhooks'));
  await expect(page.getByText('Closed to your role')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Webhooks' })).toHaveCount(0);
});
