// Signing keys in the dashboard: ours is rotated, those of the organisation's own are added, refused with a reason, removed.
import { generateKeyPairSync } from 'node:crypto';
import { type Page, expect, test } from '@playwright/test';
import { demo } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, newMember, signIn } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;

async function addPublicKey(page: Page, pem: string, kid: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a key' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Public key', { exact: true }).last().fill(pem);
  await form.getByLabel('Name (kid)').fill(kid);
  await form.getByRole('button', { name: 'Add key' }).click();
}

test('an administrator adds, mistakes and removes keys of their own', async ({ page }) => {
  // An organisation of its own: eight keys are all there can be.
  await signIn(page, await newAdministrator('Keya'));
  await page.goto(at('/organisation/keys'));
  await expect(page.getByText('No keys of your own')).toBeVisible();
  await expect(page.getByText('Signs', { exact: true })).toBeVisible();
  await expectFitEverywhere(page, 'signing keys, none');

  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privately = pair.privateKey.export(pkcs8) as string;
  await addPublicKey(page, privately, 'backend');
  const form = page.getByRole('dialog');
  await expect(form.getByRole('alert')).toContainText('private key');
  await expect(form.getByRole('alert')).not.toContainText(privately.slice(40, 60));
  await expectFitEverywhere(page, 'signing keys, a private one');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(spki) as string;
  await form.getByRole('textbox', { name: 'Public key' }).fill(weak);
  await form.getByRole('button', { name: 'Add key' }).click();
  await expect(form.getByRole('alert')).toContainText('2048 bits');
  await form.getByRole('textbox', { name: 'Public key' }).fill(pair.publicKey.export(spki) as string);
  await form.getByRole('button', { name: 'Add key' }).click();
  const table = page.getByRole('table', { name: 'Your own keys' });
  await expect(table.getByRole('row', { name: 'backend' })).toContainText('ES256');

  await page.getByRole('button', { name: 'Add a key' }).click();
  await form.getByRole('radio', { name: 'Shared secret' }).check();
  await form.getByLabel('Shared secret', { exact: true }).last().fill('thirty-two bytes and more, shared with a backend');
  await form.getByLabel('Name (kid)').fill('shared');
  await form.getByRole('radio', { name: 'In their own way' }).check();
  await form.getByLabel('Names of claims').fill('video_id = streams\nviewer = user');
  await form.getByRole('button', { name: 'Add key' }).click();
  await expect(table.getByRole('row', { name: 'shared' })).toContainText('video_id → streams');
  await expectFitEverywhere(page, 'signing keys, some');

  await page.getByRole('button', { name: 'Remove backend' }).click();
  await expect(form).toContainText('0 running sessions');
  await form.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('“backend” is removed.')).toBeVisible();
  await expect(table.getByRole('row', { name: 'backend' })).toHaveCount(0);
});

test('a rotation says what becomes of the old key, and shows it until it is over', async ({ page }) => {
  await signIn(page, await newAdministrator('Rota'));
  await page.goto(at('/organisation/keys'));
  await page.getByRole('button', { name: 'Rotate' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Nobody is cut off');
  await dialog.getByRole('radio', { name: 'End it at once' }).check();
  await expect(dialog).toContainText('0 tokens that can be used, 0 running sessions');
  await dialog.getByRole('radio', { name: 'Let it run out' }).check();
  await expectFitEverywhere(page, 'signing keys, rotation');
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByText('Runs out', { exact: true })).toBeVisible();
  await expect(page.getByText('Signs', { exact: true })).toBeVisible();
});

test('signing keys are for administrators', async ({ page }) => {
  await signIn(page, await newMember('Una', 'nanoUser'));
  await page.goto(at('/organisation'));
  await expect(page.getByRole('link', { name: 'Signing keys' })).toHaveCount(0);
  await page.goto(at('/organisation/keys'));
  await expect(page.getByText('Closed to your role')).toBeVisible();
});
