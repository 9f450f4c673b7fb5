// Settings that two have open at once, and what is closed for want of a package.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

test('two who have the settings open take nothing back from each other', async ({ page, context }) => {
  test.slow();
  await signIn(page, await newAdministrator('Tilda'));
  const older = await context.newPage();
  for (const one of [page, older]) {
    await one.goto(at('/organisation'));
    await expect(one.getByLabel('Name', { exact: true })).toHaveValue('The house of Tilda');
    await expect(one.getByLabel('Days with full addresses')).toHaveValue('30');
  }
  const disconnect = page.getByRole('switch', { name: 'End sessions with their token' });
  await disconnect.check();
  await page.getByRole('button', { name: 'Save settings' }).click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();
  await page.getByLabel('Days with full addresses').fill('7');
  await page.getByRole('button', { name: 'Save privacy' }).click();
  await expect(page.getByText('It is saved, and done from now on.')).toBeVisible();

  await older.getByLabel('Name', { exact: true }).fill('The garden of Tilda');
  await older.getByRole('button', { name: 'Save settings' }).click();
  await expect(older.getByText('The settings are saved.')).toBeVisible();
  await older.getByRole('radio', { name: 'Hashed, under a key that is destroyed' }).check();
  // What another saved is shown by now; what was not saved here still stands.
  await older.getByRole('button', { name: 'Save privacy' }).click();
  await expect(older.getByText('It is saved, and done from now on.')).toBeVisible();

  await page.reload();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('The garden of Tilda');
  await expect(disconnect).toBeChecked();
  await expect(page.getByLabel('Days with full addresses')).toHaveValue('7');
  await expect(page.getByRole('radio', { name: 'Hashed, under a key that is destroyed' })).toBeChecked();
});

test('the page of the organisation asks once what there is, and a package that comes takes nothing that was typed', async ({ page }) => {
  await signIn(page, await newAdministrator('Odile', ['LIVE', 'SECURE']));
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.postData() ?? ''));
  await page.goto(at('/organisation'));
  const name = page.getByLabel('Name', { exact: true });
  await expect(name).toHaveValue('The house of Odile');
  await page.waitForLoadState('networkidle');
  expect(asked.filter((text) => text.includes('declinedBecause'))).toHaveLength(1);

  await name.fill('The garden of Odile');
  const organisation = await page.getByRole('textbox', { name: 'Hash' }).innerText();
  const operator = await Control.signedIn(demo().operator);
  await operator.change('setPackage', { organisation, package: 'GUARDIAN', enabled: true });
  await operator.close();
  const guardian = page.getByRole('main').getByRole('listitem').filter({ has: page.getByText('Guardian', { exact: true }) });
  await expect(guardian).toContainText('Enabled');
  await expect(name).toHaveValue('The garden of Odile');
});

test('what fails for want of a package is closed, and says why', async ({ page }) => {
  test.slow();
  const person = await newAdministrator('Paula', []);
  const control = await Control.signedIn(person);
  const stream = await control.stream('Without a package');
  await control.close();
  await signIn(page, person);
  await page.goto(at(`/streams/${stream.name}`));
  await expect(page.getByText('Upgrade needed').first()).toBeVisible();
  const closed = async (name: string, needed: string) => {
    const button = page.getByRole('button', { name }).first();
    await expect(button).toBeDisabled();
    await expect(button).toHaveAccessibleDescription(`Needs the package ${needed}.`);
  };
  await closed('New token', 'Secure');
  await page.getByRole('button', { name: 'Actions' }).click();
  await expect(page.getByRole('menuitem', { name: 'Stop stream' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Start test source' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByText('Most at once, last 24 hours')).toHaveCount(0);
  await expectFitEverywhere(page, 'a stream without the package for tokens');
  await page.goto(at('/tokens/static'));
  await closed('New static token', 'Secure');
  await page.goto(at('/organisation/keys'));
  await closed('Add a key', 'Secure');
  await page.goto(at('/organisation/webhooks'));
  await closed('New webhook', 'Webhooks');
  await page.goto(at('/guardian'));
  await closed('New rule', 'Guardian');
  await page.getByRole('button', { name: 'Import and export' }).click();
  await expect(page.getByRole('menuitem', { name: 'Export JSON' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Import rules' })).toHaveCount(0);
  for (const path of ['/misuse', '/misuse/tokens', '/misuse/viewers', '/misuse/addresses']) {
    await page.goto(at(path));
    await expect(page.getByText('Upgrade needed')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Export CSV' })).toHaveCount(0);
  }
});
