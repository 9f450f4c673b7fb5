// Guardian in the dashboard: a thief is kept out while others go on watching, and let in again.
import { readFile } from 'node:fs/promises';
import { type APIRequestContext, type Page, expect, request, test } from '@playwright/test';
import { hold } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';

const THIEF = 'Thief/7.1';
const GUARDIAN = () => new URL('/guardian', demo().dashboard).href;

type Player = {
  /** What it is answered. */
  ask: () => Promise<string>;
  /** Goes on asking, as who watches does. */
  watch: () => void;
  rest: () => void;
  close: () => Promise<void>;
};

/** A player that calls itself something, and is on a page of a site or on none. */
async function player(userAgent: string, site?: string): Promise<Player> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'customer-4711');
  await control.close();
  const http: APIRequestContext = await request.newContext({ userAgent, extraHTTPHeaders: site ? { origin: site } : {} });
  const ask = async () => {
    const answer = await http.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=${token}`);
    return answer.headers()['x-deny-reason'] ?? String(answer.status());
  };
  let watching: NodeJS.Timeout | undefined;
  const watch = () => (watching = setInterval(() => void ask().catch(() => {}), 1_000));
  const rest = () => clearInterval(watching);
  const close = () => {
    rest();
    return http.dispose();
  };
  return { ask, watch, rest, close };
}

test('a rule is tried, made, changed and deleted, and acts at once', async ({ page }) => {
  test.slow();
  const [thief, guest] = [await player(THIEF), await player('Friend/1.0')];
  await expect.poll(thief.ask).toBe('200');
  expect(await guest.ask()).toBe('200');
  thief.watch();
  await signIn(page, user('nanoAdmin'));
  await page.getByRole('navigation').getByRole('link', { name: 'Guardian' }).click();
  await expect(page.getByText('No rules yet')).toBeVisible();
  await expectFitEverywhere(page, 'guardian without rules');

  await page.getByRole('button', { name: 'New rule' }).first().click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByLabel('Address or network').fill('300.1.1.1');
  await expect(form.getByRole('alert')).toContainText('300.1.1.1');
  await expectFitEverywhere(page, 'guardian with a wrong value');
  const trial = await hold(page, 'simulateGuardianRule');
  await form.getByRole('radio', { name: 'Player' }).check();
  await form.getByRole('textbox', { name: 'Player', exact: true }).fill('Thief/*');
  await expect(form.getByRole('status')).toHaveText('Looking whom it hits…');
  await expect(form.getByRole('alert'), 'that was of another value').toHaveCount(0);
  trial.release();
  await form.getByRole('radio', { name: '7 days', exact: true }).check();
  await form.getByLabel('Comment').fill('Restreams our matches');
  await expect(form.getByRole('status')).toContainText('Would cut 1 session now');
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(form.getByRole('status'), 'it is seen without scrolling').toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 1280, height: 800 });
  await form.getByText('Whom').click();
  await expect(form.getByRole('listitem')).toContainText('customer-4711');
  await expectFitEverywhere(page, 'guardian with a rule that is tried');
  thief.rest();
  expect(await thief.ask(), 'trying changes nothing').toBe('200');
  await form.getByRole('button', { name: 'Make rule' }).click();
  await expect(page.getByText('The rule is in force: cut 1 session.')).toBeVisible();
  expect(await thief.ask()).toBe('GUARDIAN_USER_AGENT');
  expect(await guest.ask()).toBe('200');

  const row = page.getByRole('row', { name: 'Thief/*' });
  await expect(row).toContainText('Keep out');
  await expect(row).toContainText('Restreams our matches');
  await expect(row).toContainText('In force');
  // Whom it ended, and whom it turned away: told without a reload.
  await expect(row.getByRole('cell').nth(2)).toContainText('2', { timeout: 20_000 });

  await page.getByRole('button', { name: 'Actions for Thief/*' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit rule' });
  await edit.getByRole('radio', { name: 'Only count' }).check();
  await expectFitEverywhere(page, 'guardian with a rule that is edited');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Only counts');
  expect(await thief.ask()).toBe('200');

  for (const [kind, label, value] of [
    ['IP address', 'Address or network', '203.0.113.0/24'],
    ['Site', 'Site', '*.example.com'],
    ['Network', 'Network number', '64500'],
  ] as const) {
    await page.getByRole('button', { name: 'New rule' }).click();
    await form.getByRole('radio', { name: kind, exact: true }).check();
    await form.getByRole('textbox', { name: label, exact: true }).fill(value);
    await form.getByRole('button', { name: 'Make rule' }).click();
    await expect(page.getByRole('row', { name: value })).toBeVisible();
  }
  await expectFitEverywhere(page, 'guardian with rules');
  await page.getByLabel('Search rules').fill('matches');
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByLabel('By').selectOption('Site');
  await expect(page.getByText('No rule fits')).toBeVisible();
  await page.goto(`${GUARDIAN()}?kind=referrer`);
  await expect(page.getByRole('row', { name: '*.example.com' })).toBeVisible();
  await expect(page.getByRole('row')).toHaveCount(2);

  await page.goto(GUARDIAN());
  for (const value of ['Thief/*', '203.0.113.0/24', '*.example.com', '64500']) {
    await page.getByRole('button', { name: `Actions for ${value}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const ask = page.getByRole('dialog', { name: 'Delete this rule?' });
    if (value === 'Thief/*') await expectFitEverywhere(page, 'guardian with a rule to delete');
    await ask.getByRole('button', { name: 'Delete rule' }).click();
    await expect(page.getByRole('row', { name: value })).toHaveCount(0);
  }
  await expect(page.getByText('No rules yet')).toBeVisible();
  await thief.close();
  await guest.close();
});

test('what reaches broadcasters or very many is the administrator’s, and rules are nothing for who only reads', async ({ page, browser }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(GUARDIAN());
  await page.getByRole('button', { name: 'New rule' }).first().click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByLabel('Address or network').fill('10.0.0.0/7');
  await expect(form.getByRole('button', { name: 'Make rule' })).toBeEnabled();
  await form.getByRole('radio', { name: 'Network', exact: true }).check();
  await form.getByRole('textbox', { name: 'Network number', exact: true }).fill('64501');
  await form.getByRole('radio', { name: 'Both' }).check();
  await form.getByRole('button', { name: 'Make rule' }).click();
  await expect(page.getByRole('button', { name: 'Actions for 64501' })).toBeVisible();

  const theirs = await (await browser.newContext()).newPage();
  await signIn(theirs, user('nanoUser'));
  await theirs.goto(GUARDIAN());
  await expect(theirs.getByRole('row', { name: '64501' })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Actions for 64501' })).toHaveCount(0);
  await theirs.getByRole('button', { name: 'New rule' }).click();
  const rule = theirs.getByRole('dialog', { name: 'New rule' });
  await expect(rule.getByRole('radio', { name: 'Keep out' })).toBeVisible();
  await expect(rule.getByRole('radio', { name: 'Broadcasters' })).toHaveCount(0);
  const make = rule.getByRole('button', { name: 'Make rule' });
  const network = 'A network wider than /8, or /16 of IPv6, is for nanoAdmin.';
  for (const [kind, label, value, why] of [
    ['IP address', 'Address or network', '10.0.0.0/7', network],
    ['IP address', 'Address or network', '2000::/15', network],
    ['Country', 'Country code', '*', 'A rule on everybody is for nanoAdmin.'],
  ] as const) {
    await rule.getByRole('radio', { name: kind, exact: true }).check();
    await rule.getByRole('textbox', { name: label, exact: true }).fill(value);
    await expect(rule.getByRole('alert')).toHaveText(why);
    await expect(make).toBeDisabled();
    await expect(make).toHaveAccessibleDescription(why);
  }
  await rule.getByRole('textbox', { name: 'Country code', exact: true }).fill('none');
  await expect(rule.getByRole('alert')).toHaveCount(0);
  await expect(make).toBeEnabled();
  await theirs.context().close();

  const reader = await (await browser.newContext()).newPage();
  await signIn(reader, user('nanoReadOnly'));
  await expect(reader.getByRole('navigation').getByRole('link', { name: 'Guardian' })).toHaveCount(0);
  await reader.goto(GUARDIAN());
  await expect(reader.getByText('Closed to your role')).toBeVisible();
  await reader.context().close();

  await page.getByRole('button', { name: 'Actions for 64501' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await expect(page.getByText('No rules yet')).toBeVisible();
});

/** Deletes every rule of the first organisation. */
async function withoutRules(): Promise<void> {
  const admin = await Control.signedIn(user('nanoAdmin'));
  for (const id of await admin.ruleIds()) await admin.unrule(id);
  await admin.close();
}

test('a list that was opened further stays so when somebody comes', async ({ page }) => {
  test.slow();
  await withoutRules();
  const admin = await Control.signedIn(user('nanoAdmin'));
  for (let host = 1; host <= 55; host += 1) {
    await admin.rule({ kind: 'IP', value: `203.0.113.${host}`, action: 'DENY' });
  }
  await signIn(page, user('nanoAdmin'));
  await page.goto(GUARDIAN());
  await expect(page.getByRole('rowheader')).toHaveCount(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(page.getByRole('rowheader')).toHaveCount(55);
  // After somebody is let in, all of it is asked for anew, page by page.
  const asked: string[] = [];
  page.on('response', (response) => {
    if (response.request().postData()?.includes('guardianRules')) asked.push(response.url());
  });
  const guest = await player('Friend/2.0');
  await expect.poll(guest.ask).toBe('200');
  guest.watch();
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
  await expect(page.getByRole('rowheader')).toHaveCount(55);
  await guest.close();
  await admin.close();
  await withoutRules();
});

test('only these domains: all other sites are kept out in one step', async ({ page, browser }) => {
  test.slow();
  const [thief, guest, app] = [
    await player('Browser/1', 'https://evil.example'),
    await player('Browser/1', 'https://www.our-site.example'),
    await player('App/1'),
  ];
  for (const one of [thief, guest, app]) {
    await expect.poll(one.ask).toBe('200');
    one.watch();
  }
  await signIn(page, user('nanoAdmin'));
  await page.goto(GUARDIAN());
  await page.getByRole('button', { name: 'Only these domains' }).click();
  const form = page.getByRole('dialog', { name: 'Only these domains' });
  await form.getByLabel('Domains').fill('our-site.example\nour site.*');
  await expect(form.getByRole('alert')).toContainText('site.*');
  await expectFitEverywhere(page, 'only these domains, wrong');
  await form.getByLabel('Domains').fill('https://our-site.example/\n*.our-site.example');
  await expect(form.getByRole('status')).toContainText('Would cut 2 sessions now');
  await form.getByRole('radio', { name: 'Let in' }).check();
  await expect(form.getByRole('status')).toContainText('Would cut 1 session now');
  await expectFitEverywhere(page, 'only these domains');
  await form.getByRole('button', { name: 'Let in only these' }).click();
  await expect(page.getByText('Only these domains may show the player: cut 1 session.')).toBeVisible();
  expect(await thief.ask()).toBe('GUARDIAN_REFERRER');
  expect(await guest.ask()).toBe('200');
  expect(await app.ask()).toBe('200');
  await expect(page.getByRole('rowheader')).toHaveCount(4);
  await expectFitEverywhere(page, 'guardian with only these domains');

  // An exception from nothing is warned of, and one from what stands is not.
  await page.getByRole('button', { name: 'New rule' }).click();
  const rule = page.getByRole('dialog', { name: 'New rule' });
  await rule.getByRole('radio', { name: 'Let in' }).check();
  await rule.getByLabel('Address or network').fill('192.0.2.0/24');
  await expect(rule.getByRole('status')).toContainText('It excepts nobody');
  await expectFitEverywhere(page, 'guardian with an exception from nothing');
  await rule.getByRole('radio', { name: 'Site' }).check();
  await rule.getByRole('textbox', { name: 'Site', exact: true }).fill('partner.example');
  await expect(rule.getByRole('status')).toContainText('It lets in whom another rule keeps out');

  // What reaches everybody is the administrator's.
  const theirs = await (await browser.newContext()).newPage();
  await signIn(theirs, user('nanoUser'));
  await theirs.goto(GUARDIAN());
  await expect(theirs.getByRole('button', { name: 'New rule' })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Only these domains' })).toHaveCount(0);
  await theirs.context().close();
  await withoutRules();
  for (const one of [thief, guest, app]) await one.close();
});

test('rules are saved as a file and read from one, all of them or none', async ({ page }) => {
  test.slow();
  const admin = await Control.signedIn(user('nanoAdmin'));
  await admin.rule({ kind: 'USER_AGENT', value: '=leech/*', action: 'DENY', note: 'one, "two"' });
  await admin.rule({ kind: 'COUNTRY', value: 'AQ', action: 'DENY', mode: 'MONITOR' });
  await admin.close();
  await signIn(page, user('nanoUser'));
  await page.goto(GUARDIAN());
  await expect(page.getByRole('rowheader')).toHaveCount(2);
  const files: Record<string, Buffer> = {};
  for (const format of ['CSV', 'JSON']) {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Import and export' }).click();
    await page.getByRole('menuitem', { name: `Export ${format}` }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toMatch(new RegExp(`^guardian-rules-.*\\.${format.toLowerCase()}$`));
    files[saved.suggestedFilename()] = await readFile(await saved.path());
  }
  const [csv, json] = Object.values(files);
  expect(csv!.toString()).toContain('"USER_AGENT","\'=leech/*","DENY"');
  expect(JSON.parse(json!.toString())).toHaveLength(2);

  for (const [name, buffer] of Object.entries(files)) {
    await withoutRules();
    await page.reload();
    await expect(page.getByText('No rules yet')).toBeVisible();
    const form = await importing(page);
    await expect(form.getByRole('button', { name: 'Import' })).toBeDisabled();
    await expect(form.getByRole('button', { name: 'Import' })).toHaveAccessibleDescription('Choose a file that makes a rule.');
    await form.getByLabel('Choose a file').setInputFiles({ name, mimeType: 'text/plain', buffer });
    await expect(form).toContainText('Makes 2 rules');
    await expectFitEverywhere(page, `importing ${name.replace(/^.*\./, '')}`);
    await form.getByRole('button', { name: 'Import 2 rules' }).click();
    await expect(page.getByText('2 rules are in force.')).toBeVisible();
    await expect(page.getByRole('rowheader')).toHaveCount(2);
    await expect(page.getByRole('row', { name: '=leech/*' })).toContainText('one, "two"');
  }

  const form = await importing(page);
  const file = form.locator('input[type=file]');
  await file.setInputFiles({ name: 'rules.csv', mimeType: 'text/csv', buffer: csv! });
  await expect(form).toContainText('All of its rules are there already');
  await expect(form.getByRole('button', { name: 'Import' })).toBeDisabled();
  const wrong = 'kind,value,action\nIP,300.1.1.1,DENY\nIP,192.0.2.1,DENY\nCOUNTRY,UK,KEEP\n';
  await file.setInputFiles({ name: 'wrong.csv', mimeType: 'text/csv', buffer: Buffer.from(wrong) });
  await expect(form.getByRole('alert')).toContainText('Line 2, value');
  await expect(form.getByRole('alert')).toContainText('Line 4, action');
  await expect(form.getByRole('button', { name: 'Import' })).toBeDisabled();
  await expectFitEverywhere(page, 'importing what is wrong');
  await form.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('rowheader')).toHaveCount(2);
  await withoutRules();
});

async function importing(page: Page) {
  await page.getByRole('button', { name: 'Import and export' }).click();
  await page.getByRole('menuitem', { name: 'Import rules' }).click();
  const form = page.getByRole('dialog', { name: 'Import rules' });
  await expect(form).toBeVisible();
  return form;
}
