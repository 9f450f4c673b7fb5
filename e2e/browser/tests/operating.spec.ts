// The platform operator in the dashboard: organisations, packages, suspension; and what customers see of it at once.
import { type Locator, type Page, expect, test } from '@playwright/test';
import { demo } from '../support/demo.ts';
import { expectFitEverywhere, expectFitLightAndDark } from '../support/fit.ts';
import { linkTo } from '../support/mail.ts';
import { signIn, stranger } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Somebody comes back to the page. */
async function comeBack(page: Page, event: 'focus' | 'visibilitychange'): Promise<void> {
  await page.bringToFront();
  await page.evaluate((event) => document.dispatchEvent(new Event(event, { bubbles: true })), event);
}

async function boxOf(row: Locator, button: string): Promise<{ x: number; width: number }> {
  return (await row.getByRole('button', { name: button }).boundingBox())!;
}

test('an operator creates an organisation, answers its request with limits, suspends and resumes it', async ({ page, browser }) => {
  const name = `Harbour TV ${Date.now()}`;
  const ines = stranger('Ines');
  await signIn(page, demo().operator, 'Platform');
  await page.getByRole('button', { name: 'New organisation' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Email of the first administrator').fill(ines.email);
  await page.getByRole('button', { name: 'Create organisation' }).click();
  const row = page.getByRole('row', { name });
  await expect(row).toContainText('Active');
  await expect(row).toContainText(`Invitation waits for ${ines.email}`);
  const first = await linkTo(ines.email);
  await row.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Resend invitation' }).click();
  const second = await linkTo(ines.email, 2);

  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(first);
  await expect(theirs.getByText('This link does not work any more')).toBeVisible();
  await theirs.goto(second);
  await theirs.getByLabel('Your name').fill(ines.name);
  await theirs.getByLabel('Password').fill(ines.password);
  await theirs.getByRole('button', { name: 'Create account and join' }).click();
  await expect(theirs.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await theirs.goto(at('/organisation'));
  const guardian = theirs.getByRole('main').getByRole('listitem').filter({ has: theirs.getByText('Guardian', { exact: true }) });
  await expect(guardian).toContainText('Upgrade needed');
  for (const [path, button] of [['/guardian', 'New rule'], ['/organisation/webhooks', 'New webhook']] as const) {
    await theirs.goto(at(path));
    await expect(theirs.getByRole('main')).toContainText('Upgrade needed');
    await expect(theirs.getByRole('button', { name: button }).first(), 'what would be refused is not offered').toBeDisabled();
  }
  await theirs.goto(at('/organisation'));
  await guardian.getByRole('button', { name: 'Request Guardian' }).click();
  await expectFitLightAndDark(theirs, 'asking for a package');
  await theirs.getByLabel('Note').fill('For the derby on Saturday.');
  await theirs.getByRole('button', { name: 'Send request' }).click();
  await expect(guardian).toContainText('Requested');
  await expect(guardian.getByRole('button')).toHaveCount(0);

  await comeBack(page, 'focus');
  await expect(row).not.toContainText('Invitation');
  const request = page.getByRole('listitem').filter({ hasText: name });
  await expect(request).toContainText('For the derby on Saturday.');
  await expectFitEverywhere(page, 'a request for a package');
  const [decline, enable] = [await boxOf(request, 'Decline…'), await boxOf(request, 'Enable…')];
  expect(enable.x - (decline.x + decline.width), 'both answers stand together').toBeLessThan(20);
  await request.getByRole('button', { name: 'Decline…' }).click();
  await expectFitLightAndDark(page, 'declining a package');
  await page.getByRole('dialog').getByLabel('Reason').fill('Sign the contract first.');
  await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).click();
  await expect(request).toHaveCount(0);
  await theirs.reload();
  await expect(guardian).toContainText('Declined');
  await expect(guardian).toContainText('Sign the contract first.');
  await guardian.getByRole('button', { name: 'Request Guardian' }).click();
  await theirs.getByLabel('Note').fill('Signed.');
  await theirs.getByRole('button', { name: 'Send request' }).click();
  await expect(guardian).toContainText('Requested');
  await expect(guardian).not.toContainText('Declined');

  await comeBack(page, 'visibilitychange');
  await expect(request).toContainText('Signed.');
  await request.getByRole('button', { name: 'Enable…' }).click();
  const packages = page.getByRole('dialog');
  await expect(packages.getByRole('switch', { name: 'Guardian' })).toBeChecked();
  await packages.getByLabel('Rules').fill('50');
  await packages.getByRole('button', { name: 'Save' }).click();
  await expect(packages).toBeHidden();
  await expect(request).toHaveCount(0);
  await theirs.reload();
  await expect(guardian).toContainText('Enabled');
  await expect(guardian).toContainText('0 of 50');

  await row.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Suspend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
  await expect(row).toContainText('Suspended');
  // The customer's page is not touched, and knows.
  await expect(theirs.getByRole('heading', { level: 1, name: `${name} is suspended` })).toBeAttached();
  await expect(theirs.getByText('The platform operator has suspended it')).toBeVisible();
  await expectFitLightAndDark(theirs, 'a suspended organisation');
  await row.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Resume' }).click();
  await expect(row).toContainText('Active');
  // It comes back by itself too.
  await expect(theirs.getByRole('heading', { level: 1, name: 'Organisation' })).toBeVisible();
  await theirs.context().close();
});

test('an operator sees organisations from outside only', async ({ page }) => {
  await signIn(page, demo().operator, 'Platform');
  for (const path of ['/streams', '/organisation', '/organisation/members']) {
    await page.goto(at(path));
    await expect(page.getByRole('heading', { level: 1, name: 'Platform' })).toBeVisible();
  }
});
