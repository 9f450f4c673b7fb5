// A person's own account: name, password, second factor; and an organisation that wants one. Each test has a person of
// its own, so that none is touched by what another left.
import { type Page, expect, test } from '@playwright/test';
import { type Account, demo } from '../support/demo.ts';
import { App, plugIn } from '../support/factor.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, newMember, signIn } from '../support/people.ts';

const at = (path: string, origin = demo().dashboard) => new URL(path, origin).href;
/** Passkeys are bound to a name, and an address is none. */
const BY_NAME = () => demo().dashboard.replace('127.0.0.1', 'localhost');

async function enter(page: Page, { email, password }: Account, origin = demo().dashboard): Promise<void> {
  await page.goto(origin);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
}

/** Reads the codes that are shown once. */
async function recoveryCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Keep these recovery codes' });
  await expect(dialog).toBeVisible();
  const box = dialog.getByRole('textbox', { name: 'Recovery codes' });
  for (const [width, height] of [[390, 844], [1440, 900]] as const) {
    await page.setViewportSize({ width, height });
    const [content, shown] = await box.evaluate((one) => [one.scrollHeight, one.clientHeight]);
    expect(content, `every code is in view, ${width} wide`).toBeLessThanOrEqual(shown!);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  const text = await box.innerText();
  return text.trim().split(/\s+/);
}

async function setUpApp(page: Page, password: string, looked = false): Promise<{ app: App; codes: string[] }> {
  await page.getByRole('button', { name: 'Set up', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Set up the authenticator' });
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('img', { name: 'The secret as a QR code' }).locator('svg')).toBeVisible();
  const app = new App(await dialog.getByRole('textbox', { name: 'Secret' }).innerText());
  if (looked) await expectFitEverywhere(page, 'setting up an app');
  await dialog.getByRole('textbox', { name: 'Code' }).fill(app.code());
  await dialog.getByRole('button', { name: 'Turn on' }).click();
  const codes = await recoveryCodes(page);
  if (looked) await expectFitEverywhere(page, 'recovery codes');
  await page.getByRole('button', { name: 'Done' }).click();
  return { app, codes };
}

async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Go on' }).click();
}

test('a second factor is set up, asked for, required, lost and turned off', async ({ page }) => {
  test.slow();
  const alma = await newAdministrator('Alma');
  await signIn(page, alma);
  await page.goto(at('/organisation/security'));
  await expect(page.getByText('Sign in with a second factor yourself')).toBeVisible();
  await expectFitEverywhere(page, 'requiring without one');
  await page.goto(at('/account/security'));
  await expect(page.getByRole('heading', { name: 'Authenticator app' })).toBeVisible();
  await expectFitEverywhere(page, 'security before');
  let { app, codes } = await setUpApp(page, alma.password, true);
  expect(codes).toHaveLength(10);
  await expect(page.getByText('10 codes left')).toBeVisible();
  await expectFitEverywhere(page, 'security with an app');

  await signOut(page);
  await enter(page, alma);
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  await expectFitEverywhere(page, 'asked for a code');
  await giveCode(page, '000000');
  await expect(page.getByText('The code is wrong')).toBeVisible();
  await giveCode(page, app.code());
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await page.goto(at('/account/security'));
  await expect(page.getByText('authenticator app', { exact: true })).toBeVisible();

  await page.goto(at('/organisation/security'));
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expectFitEverywhere(page, 'requiring one');
  await page.getByRole('button', { name: 'Require it', exact: true }).click();
  await expect(page.getByText('Required: who has no second factor')).toBeVisible();

  // Who turns it off is out until there is one again.
  await page.goto(at('/account/security'));
  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill(alma.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  await expect(page.getByRole('button', { name: 'Set up', exact: true })).toBeVisible();
  await page.goto(at('/streams'));
  await expect(page.getByRole('heading', { level: 1, name: /wants a second factor/ })).toBeVisible();
  await expectFitEverywhere(page, 'closed without one');
  await page.getByRole('link', { name: 'Set up a second factor' }).click();
  ({ app, codes } = await setUpApp(page, alma.password));
  await page.goto(at('/organisation/security'));
  await page.getByRole('button', { name: 'Do not require it any more' }).click();
  await expect(page.getByText('Not required: each person decides')).toBeVisible();

  await page.goto(at('/account/security'));
  await signOut(page);
  await enter(page, alma);
  await giveCode(page, codes[0]!.toUpperCase());
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await page.goto(at('/account/security'));
  await expect(page.getByText('9 codes left')).toBeVisible();
  await page.getByRole('button', { name: 'New recovery codes' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill('wrong password');
  await page.getByRole('button', { name: 'Make new codes' }).click();
  await expect(page.getByText('That is not your password')).toBeVisible();
  await page.getByRole('dialog').getByLabel('Password').fill(alma.password);
  await page.getByRole('button', { name: 'Make new codes' }).click();
  expect(await recoveryCodes(page)).not.toContain(codes[1]);
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill(alma.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
  await expect(page.getByRole('button', { name: 'Set up', exact: true })).toBeVisible();
});

test('a passkey is made, asked for, renamed and removed', async ({ page }) => {
  const bela = await newMember('Bela', 'nanoUser');
  await plugIn(page);
  await enter(page, bela);
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await page.goto(at('/account/security'));
  await expect(page.getByText(`Passkeys are made and used at ${new URL(BY_NAME()).origin} only`)).toBeVisible();

  await enter(page, bela, BY_NAME());
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await page.goto(at('/account/security', BY_NAME()));
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
  await dialog.getByLabel('Name').fill('Work laptop');
  await dialog.getByLabel('Password').fill(bela.password);
  await expectFitEverywhere(page, 'adding a passkey');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  expect(await recoveryCodes(page)).toHaveLength(10);
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Work laptop')).toBeVisible();
  await expectFitEverywhere(page, 'security with a passkey');

  // Where the site has another name, what cannot work is not offered.
  await page.context().clearCookies();
  await enter(page, bela);
  await expect(page.getByText('Your passkey cannot be used in this browser, or at this address.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use a passkey' })).toHaveCount(0);

  await enter(page, bela, BY_NAME());
  await expect(page.getByRole('button', { name: 'Use a passkey' })).toBeVisible();
  await expectFitEverywhere(page, 'asked for a passkey');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();

  await page.goto(at('/account/security', BY_NAME()));
  await page.getByRole('button', { name: 'Rename Work laptop' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Old laptop');
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('button', { name: 'Remove Old laptop' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill(bela.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('None yet')).toBeVisible();
});

test('a person changes their name and their password', async ({ page, browser }) => {
  const cleo = await newMember('Cleo', 'nanoReadOnly');
  await signIn(page, cleo);
  const other = await browser.newPage();
  await signIn(other, cleo);
  await page.goto(at('/account'));
  const before = await page.getByLabel('What others see').inputValue();
  for (const name of ['Otto Outside', before]) {
    await page.getByLabel('What others see').fill(name);
    await page.getByRole('button', { name: 'Save name' }).click();
    await expect(page.getByRole('banner').or(page.locator('body')).getByText(name).first()).toBeVisible();
  }
  await expectFitEverywhere(page, 'profile');
  await page.goto(at('/account/security'));
  const change = async (current: string, next: string) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password').fill(next);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await change('wrong password', 'another password');
  await expect(page.getByText('That is not your password')).toBeVisible();
  await change(cleo.password, 'another password');
  await expect(page.getByText('Your password is changed')).toBeVisible();
  await other.goto(at('/streams'));
  await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await signIn(other, { ...cleo, password: 'another password' });
  await change('another password', cleo.password);
  await expect(page.getByLabel('Current password')).toHaveValue('');
  await other.close();
  await signOut(page);
  await enter(page, cleo);
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
});
