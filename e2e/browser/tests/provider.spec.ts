// Signing in with the customer's own identity provider: set up by an administrator, used, refused, taken away. On a
// platform of its own, since what is set up concerns everybody with an address of its domain.
import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { NORTHWIND, demo, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { personMenu, signIn } from '../support/people.ts';
import { begin, drain, ready } from '../support/process.ts';
import { CLIENT, IdentityProvider } from '../support/provider.ts';

const shared = process.env.PORTCULLIS_DATA;
let data: string;
let platform: ChildProcess;
let provider: IdentityProvider;

test.beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portcullis-provider-'));
  // The provider is on this machine, where no customer's may be.
  platform = begin(data, { PORTCULLIS__OUTBOUND__DANGER_ALLOW_PRIVATE_NETWORKS: 'true' });
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
  provider = await IdentityProvider.for(demo().http);
});

test.afterAll(async () => {
  process.env.PORTCULLIS_DATA = shared;
  await provider?.close();
  await drain(platform);
  rmSync(data, { recursive: true });
});

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Takes the way to the provider, which an address of its domain is enough for. */
async function wayIn(page: Page, looked = false): Promise<void> {
  await page.goto(at('/sign-in'));
  await page.getByLabel('Email').fill('somebody@northwind.example');
  await page.keyboard.press('Tab');
  const way = page.getByRole('link', { name: /^Sign in with/ });
  await expect(way).toBeVisible();
  if (looked) await expectFitEverywhere(page, 'sign in with a provider');
  await way.click();
}

/** Says at the provider who one is. */
async function signInAs(page: Page, name: string): Promise<void> {
  await wayIn(page);
  await page.getByRole('link', { name }).click();
}

test('people sign in with the provider that their administrator set up, in the role of their groups', async ({ page, browser }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/security'));
  const card = page.getByRole('region', { name: 'Identity provider' });
  await card.getByRole('button', { name: 'Set up a provider' }).click();
  await card.getByLabel('Issuer').fill(`${provider.issuer}/nothing`);
  await card.getByLabel('Client ID').fill(CLIENT.id);
  await card.getByLabel('Client secret').fill(CLIENT.secret);
  await card.getByLabel('Domains').fill('northwind');
  await card.getByLabel('Claim with the groups').fill('groups');
  await card.getByLabel('Groups that are nanoReadOnly').fill('staff');
  await card.getByLabel('Groups that are nanoUser').fill('video, studio');
  await card.getByRole('button', { name: 'Set up' }).click();
  await expect(card.getByRole('alert').filter({ hasText: 'host names' })).toBeVisible();
  await expectFitEverywhere(page, 'a provider with a domain that is none');
  await card.getByLabel('Domains').fill('northwind.example');
  await card.getByRole('button', { name: 'Set up' }).click();
  await expect(card).toContainText('video, studio');

  // There is no provider at that address.
  const theirs = await (await browser.newContext()).newPage();
  await wayIn(theirs, true);
  await expect(theirs.getByRole('alert')).toContainText('Your identity provider does not answer.');
  await card.getByRole('button', { name: 'Edit' }).click();
  await card.getByLabel('Issuer').fill(provider.issuer);
  await card.getByRole('button', { name: 'Save' }).click();
  // A secret is for one provider only: whoever changes the issuer does not have it sent there.
  await expect(card.getByRole('alert').filter({ hasText: 'This client needs its secret.' })).toBeVisible();
  await card.getByLabel('Client secret').fill(CLIENT.secret);
  await card.getByRole('button', { name: 'Save' }).click();
  await expect(card.getByRole('textbox', { name: 'Redirect address' })).toHaveText(`${demo().http}/sign-in/callback`);
  await expect(card).not.toContainText(CLIENT.secret);
  await expectFitEverywhere(page, 'a provider that is set up');

  await signInAs(theirs, 'Vera Video');
  await expect(theirs.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await expect(personMenu(theirs)).toHaveText(/Vera Video.*nanoUser/);
  await expect(theirs.getByRole('banner')).toContainText(NORTHWIND);
  await theirs.goto(at('/account/security'));
  await expect(theirs.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible();
  await expectFitEverywhere(theirs, 'security of who came by a provider');
  await theirs.context().close();

  const others = await (await browser.newContext()).newPage();
  await signInAs(others, 'Otto Other');
  await expect(others.getByRole('alert')).toContainText('None of your groups has a role here');
  await expectFitEverywhere(others, 'refused by a provider');
  await others.context().clearCookies();
  await signInAs(others, 'Uwe Unproven');
  await expect(others.getByRole('alert')).toContainText('does not say that your email address is yours');
  await others.context().clearCookies();

  await card.getByRole('button', { name: 'Edit' }).click();
  await expect(card.getByLabel('Client secret')).toHaveValue('');
  await card.getByRole('radio', { name: 'nanoReadOnly' }).check();
  await card.getByRole('button', { name: 'Save' }).click();
  await expect(card.getByRole('button', { name: 'Edit' })).toBeVisible();
  await signInAs(others, 'Otto Other');
  await expect(personMenu(others)).toHaveText(/Otto Other.*nanoReadOnly/);
  await others.context().close();

  await card.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(card.getByRole('button', { name: 'Set up a provider' })).toBeVisible();
  const late = await (await browser.newContext()).newPage();
  await late.goto(at('/sign-in'));
  const asked = late.waitForResponse((answer) => answer.url() === demo().graphql && answer.request().postData()!.includes('signInMethods'));
  await late.getByLabel('Email').fill('vera@northwind.example');
  await late.keyboard.press('Tab');
  await asked;
  await expect(late.getByRole('link', { name: /^Sign in with/ })).toHaveCount(0);
  await late.context().close();
});
