// People of an organisation in the dashboard: asked in, given a role, losing it, software that acts for them, the log.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Browser, type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { NORTHWIND, SOUTHGATE, demo, user } from '../support/demo.ts';
import { expectFitLightAndDark } from '../support/fit.ts';
import { linkTo } from '../support/mail.ts';
import { newMember, personMenu, signIn, stranger } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Another person's browser. */
async function another(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  return context.newPage();
}

async function choose(page: Page, name: string, act: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: act }).click();
}

test('who is invited by mail joins with that role, and learns at once what is taken away', async ({ page, browser }) => {
  const mia = stranger('Mia');
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/members'));
  await page.getByRole('button', { name: 'Invite' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Email').fill(mia.email);
  await form.getByRole('radio', { name: 'nanoUser' }).check();
  await form.getByRole('button', { name: 'Send invitation' }).click();
  const invitation = page.getByRole('table', { name: 'Invitations' }).getByRole('row', { name: mia.email });
  await expect(invitation).toContainText('Waiting');
  await expect(invitation).toContainText('in 7 days');

  const link = await linkTo(mia.email);
  const theirs = await another(browser);
  await theirs.goto(link);
  await expect(theirs.getByRole('main')).toContainText(`${NORTHWIND} invites ${mia.email} as nanoUser`);
  await expectFitLightAndDark(theirs, 'an invitation');
  expect(theirs.url(), 'the secret does not stay in the address').not.toContain('#');
  await theirs.getByLabel('Your name').fill(mia.name);
  await theirs.getByLabel('Password').fill(mia.password);
  await theirs.getByRole('button', { name: 'Create account and join' }).click();
  await expect(theirs.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
  await expect(personMenu(theirs)).toHaveText(/Mia.*nanoUser/);
  await expect(theirs.getByRole('button', { name: 'New stream' })).toBeVisible();

  await page.reload();
  await expect(invitation).toContainText('Accepted');
  await expect(invitation).not.toContainText('in 7 days');
  await choose(page, mia.name, 'Change role');
  await page.getByRole('dialog').getByRole('radio', { name: 'nanoReadOnly' }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click();
  // Their page is not touched, and knows.
  await expect(theirs.getByText(`Your role in ${NORTHWIND} is nanoReadOnly now.`)).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'New stream' })).toHaveCount(0);
  await expectFitLightAndDark(theirs, 'another role');

  await choose(page, mia.name, 'Remove from the organisation');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(theirs.getByText(`You are not a member of ${NORTHWIND} any more.`)).toBeVisible();
  await expect(theirs.getByRole('heading', { level: 1, name: 'No organisation' })).toBeAttached();
  await expectFitLightAndDark(theirs, 'no organisation');

  const late = await another(browser);
  await late.goto(link);
  await expect(late.getByText('This link does not work any more')).toBeVisible();
  await Promise.all([theirs.context().close(), late.context().close()]);
});

test('somebody is invited by keyboard alone, and the focus comes back', async ({ page }) => {
  const kim = stranger('Kim');
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/members'));
  const invite = page.getByRole('button', { name: 'Invite' });
  await invite.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByLabel('Email')).toBeFocused();
  await page.keyboard.type(kim.email);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'nanoAdmin' })).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: kim.email })).toContainText('nanoAdmin');
  await expect(invite).toBeFocused();
});

test('an invitation that is withdrawn opens nothing', async ({ page, browser }) => {
  const nils = stranger('Nils');
  const admin = await Control.signedIn(user('nanoAdmin'));
  await admin.invite(nils.email, 'nanoUser');
  await admin.close();
  const link = await linkTo(nils.email);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/members'));
  await page.getByRole('button', { name: `Withdraw the invitation of ${nils.email}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByRole('row', { name: nils.email })).toContainText('Withdrawn');
  await expect(page.getByRole('row', { name: nils.email })).not.toContainText('in 7 days');
  const theirs = await another(browser);
  await theirs.goto(link);
  await expect(theirs.getByText('This link does not work any more')).toBeVisible();
  await theirs.context().close();
});

test('who belongs to two organisations sees one in each tab, and no tab slips into the other', async ({ page }) => {
  const ola = await newMember('Ola', 'nanoUser');
  const southgate = await Control.signedIn(user('outsider'));
  await southgate.invite(ola.email, 'nanoReadOnly');
  await southgate.close();
  await signIn(page, ola);
  await page.goto(await linkTo(ola.email, 2));
  // They have an account and are signed in with it: there is nothing to fill in.
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('banner')).toContainText(SOUTHGATE);
  await expect(personMenu(page)).toHaveText(/nanoReadOnly/);
  const second = await page.context().newPage();
  await second.goto(demo().dashboard);
  await second.getByRole('button', { name: 'Switch organisation' }).click();
  await second.getByRole('menuitem', { name: NORTHWIND }).click();
  await expect(second.getByRole('button', { name: 'New stream' })).toBeVisible();
  await page.reload();
  await expect(personMenu(page)).toHaveText(/nanoReadOnly/);
  await expect(page.getByRole('button', { name: 'Switch organisation' })).toContainText(SOUTHGATE);
  await second.reload();
  await expect(second.getByRole('button', { name: 'Switch organisation' })).toContainText(NORTHWIND);
});

test('a sign-in that an administrator ends is over in the open page', async ({ page, browser }) => {
  const pia = await newMember('Pia', 'nanoUser');
  const theirs = await another(browser);
  await signIn(theirs, pia);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/security'));
  const hers = page.getByRole('main').locator('section section').filter({ has: page.getByRole('heading', { level: 3, name: pia.name }) });
  // Each button says whose browser it ends; hers are the one of the invitation, and this one.
  const ends = hers.getByRole('button', { name: /^End the sign-in/ });
  await expect(ends).toHaveCount(2);
  await ends.first().click();
  await expect(ends).toHaveCount(1);
  await ends.first().click();
  await expect(theirs.getByRole('heading', { level: 1, name: `${NORTHWIND} is closed to this sign-in` })).toBeAttached();
  await theirs.context().close();
});

test('an API token is shown once, acts for a program, and stops acting when it is revoked', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/api-tokens'));
  await page.getByRole('button', { name: 'New API token' }).click();
  await page.getByLabel('Name').fill('nightly-report');
  await page.getByRole('dialog').getByRole('radio', { name: 'nanoReadOnly' }).check();
  await page.getByRole('button', { name: 'Make token' }).click();
  const shown = page.getByRole('dialog').getByRole('textbox', { name: 'API token' });
  await expect(shown).toHaveText(/^portcullis_token_[\w-]{40,}$/);
  await expectFitLightAndDark(page, 'a secret shown once');
  const secret = await shown.innerText();
  const asked = () =>
    JSON.parse(
      execFileSync('curl', [
        '-sS', demo().graphql, '-H', `Authorization: Bearer ${secret}`, '-H', 'Content-Type: application/json',
        '-d', '{"query":"{ viewer { name role kind } }"}',
      ]).toString(),
    );
  expect(asked().data.viewer).toEqual({ name: 'nightly-report', role: 'nanoReadOnly', kind: 'API_TOKEN' });
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.reload();
  const row = page.getByRole('row', { name: 'nightly-report' });
  await expect(row).toContainText('Active');
  await expect(row).toContainText('127.0.0.1');
  expect(await page.content()).not.toContain(secret);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  expect(asked().errors[0].extensions.code).toBe('UNAUTHENTICATED');
});

test('the audit log is filtered in the address, and exported as it is filtered', async ({ page }) => {
  const quin = await newMember('Quin', 'nanoUser');
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation/audit'));
  await page.getByLabel('Show').selectOption('Invitations');
  await expect(page).toHaveURL(/action=invitation/);
  const names = page.getByRole('rowheader');
  await expect(names.first()).toHaveText(/^invitation\./);
  for (const name of await names.allInnerTexts()) expect(name).toMatch(/^invitation\./);
  await page.getByRole('button', { name: quin.name, exact: true }).first().click();
  await expect(names).toHaveText(['invitation.accept']);
  await page.getByRole('button', { name: `Details of invitation.accept by ${quin.name}` }).click();
  await expect(page.getByRole('definition').filter({ hasText: quin.email })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export CSV' }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('invitation.accept');
  await page.getByRole('button', { name: `${quin.name} only` }).click();
  await page.getByLabel('Show').selectOption('Exports of this log');
  await expect(names.first()).toHaveText('audit.export');
});

test('a forgotten password is chosen anew with the link in a mail, once', async ({ page }) => {
  const rosa = await newMember('Rosa', 'nanoUser');
  const ask = async (email: string) => {
    await page.goto(at('/sign-in'));
    await page.getByRole('link', { name: 'Forgot password?' }).click();
    await page.getByLabel('Email').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    const notice = page.getByText('If there is an account');
    await expect(notice).toBeVisible();
    return notice.innerText();
  };
  expect(await ask(rosa.email)).toBe(await ask('nobody@example.com'));
  const link = await linkTo(rosa.email, 2);
  await page.goto(link);
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toContainText('10 characters');
  const password = 'another password of Rosa';
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Your password is changed')).toBeVisible();
  await signIn(page, { email: rosa.email, password });
  await page.goto(link);
  await page.getByLabel('New password').fill('a third password of Rosa');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

for (const role of ['nanoUser', 'nanoReadOnly'] as const) {
  test(`what a ${role} may not do with the organisation is absent or explained`, async ({ page }) => {
    await signIn(page, user(role));
    await page.goto(at('/organisation'));
    await expect(page.getByRole('heading', { name: 'Packages' })).toBeVisible();
    await expect(page.getByText('An administrator can change them.')).toBeVisible();
    await expect(page.getByRole('main').getByRole('button', { name: /Save|Request|Invite/ })).toHaveCount(0);
    await expect(page.getByRole('navigation', { name: 'Parts of the organisation' })).toHaveCount(0);
    for (const part of ['members', 'api-tokens', 'security', 'audit']) {
      await page.goto(at(`/organisation/${part}`));
      await expect(page.getByText('Closed to your role')).toBeVisible();
    }
    await page.goto(at('/platform'));
    await expect(page.getByText('This page is for the operators of the platform.')).toBeVisible();
  });
}
