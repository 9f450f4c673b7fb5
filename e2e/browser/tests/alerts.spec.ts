// Alerts in the dashboard: rules made by one click and by hand, alerts that arrive by themselves, receivers that are tried.
// On a platform of its own, since the alerts are of what this test does, and receivers are on this machine.
import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Locator, type Page, expect, request, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { begin, drain, ready } from '../support/process.ts';

const shared = process.env.PORTCULLIS_DATA;
let data: string;
let platform: ChildProcess;

test.beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portcullis-alerts-'));
  platform = begin(data, { PORTCULLIS__OUTBOUND__DANGER_ALLOW_PRIVATE_NETWORKS: 'true' });
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
});

test.afterAll(async () => {
  process.env.PORTCULLIS_DATA = shared;
  await drain(platform);
  rmSync(data, { recursive: true });
});

const at = (path: string) => new URL(path, demo().dashboard).href;

/** Has so many requests refused. */
async function refuse(many: number): Promise<void> {
  const http = await request.newContext();
  for (let n = 0; n < many; n += 1) {
    const answer = await http.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=nonsense`);
    expect(answer.status()).toBe(403);
  }
  await http.dispose();
}

test('a rule is made, an alert arrives by itself, is taken on, and is over', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoUser'));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  await expect(page.getByText('Nothing is wrong')).toBeVisible();
  await expectFitEverywhere(page, 'no alerts');

  await page.getByRole('link', { name: 'Rules', exact: true }).click();
  await expect(page.getByText('No rules yet')).toBeVisible();
  await expectFitEverywhere(page, 'ready-made rules');
  const ready = page.getByRole('list', { name: 'Ready-made rules' });
  await expect(ready.getByRole('listitem')).toHaveCount(5);
  await ready.getByRole('button', { name: 'Add Spike of refusals' }).click();
  const rules = page.getByRole('table', { name: 'Alert rules' });
  await expect(rules.getByRole('row').filter({ hasText: 'Spike of refusals' })).toContainText('5 times the usual or more, and 50 at least within 5 minutes');
  await expect(rules.getByRole('row').filter({ hasText: 'Spike of refusals' })).toContainText('Over once it is below 2 times the usual, or below 50, for 60 seconds');
  await expect(ready.getByRole('listitem')).toHaveCount(4);

  await page.getByRole('button', { name: 'New rule' }).click();
  const dialog = page.getByRole('dialog', { name: 'New rule' });
  await dialog.getByLabel('Name').fill('Refusals on the final');
  await dialog.getByLabel('Measured').selectOption('Refusals');
  await dialog.getByLabel('Threshold').fill('0');
  await dialog.getByLabel('Within').selectOption({ label: '60 seconds' });
  await dialog.getByLabel('And that for').selectOption({ label: '30 seconds' });
  await expectFitEverywhere(page, 'a new alert rule');
  await dialog.getByRole('button', { name: 'Make rule' }).click();
  await expect(dialog.getByRole('alert').filter({ hasText: 'above 0' })).toBeVisible();
  await dialog.getByLabel('Threshold').fill('5');
  await dialog.getByRole('radio', { name: 'Critical' }).check();
  await dialog.getByRole('button', { name: 'Make rule' }).click();
  const rule = rules.getByRole('row').filter({ hasText: 'Refusals on the final' });
  await expect(rule).toContainText('Refusals: 5 or more within 60 seconds');
  await expect(rule).toContainText('Over once it is below 5 for');
  await expectFitEverywhere(page, 'alert rules');

  // It arrives while one looks.
  await page.getByRole('link', { name: 'Alerts', exact: true }).last().click();
  await expect(page.getByText('Nothing is wrong')).toBeVisible();
  await refuse(8);
  const open = page.getByRole('list', { name: 'Open alerts' }).getByRole('listitem');
  await expect(open).toContainText('refusals within 60 seconds; told from 5 on', { timeout: 10_000 });
  await expectFitEverywhere(page, 'an open alert');
  await open.getByRole('button', { name: 'Acknowledge Refusals on the final' }).click();
  await expect(open).toContainText('acknowledged');
  await expect(open.getByRole('button', { name: /Acknowledge/ })).toHaveCount(0);
  const past = page.getByRole('table', { name: 'Alerts that are over' });
  await expect(past).toContainText('Back to normal', { timeout: 150_000 });
  await expect(page.getByText('Nothing is wrong')).toBeVisible();
  await expectFitEverywhere(page, 'the history of alerts');
});

test('of a rule that two have open each keeps what the other set', async ({ page, context }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const other = await context.newPage();
  await signIn(page, user('nanoAdmin'));
  const edit = async (one: Page, name: string) => {
    await one.goto(at('/alerts/rules'));
    await one.getByRole('button', { name: `Actions for ${name}` }).click();
    await one.getByRole('menuitem', { name: 'Edit' }).click();
    await expect(one.getByRole('dialog')).toBeVisible();
    return one.getByRole('dialog');
  };
  const save = (dialog: Locator) => dialog.getByRole('button', { name: 'Save' }).click();
  const begun = async (name: string) => {
    await control.change('saveAlertRule', { name, metric: 'DENIALS', threshold: 100.125 });
    return [await edit(page, name), await edit(other, name)] as const;
  };
  const known = (name: string, wanted: Record<string, unknown>) =>
    expect.poll(async () => (await control.alertRules()).find((one) => one.name === name)).toMatchObject(wanted);

  let [mine, theirs] = await begun('Over past, then threshold');
  await mine.getByLabel('Over past').fill('60');
  await save(mine);
  await expect(mine).toBeHidden();
  await theirs.getByLabel('Threshold').fill('120');
  await save(theirs);
  await expect(theirs).toBeHidden();
  await known('Over past, then threshold', { threshold: 120, resolveAt: 60 });
  const kept = page.getByRole('table', { name: 'Alert rules' }).getByRole('row').filter({ hasText: 'Over past, then threshold' });
  await expect(kept).toContainText('Over once it is below 60 for');

  [mine, theirs] = await begun('Measured, then within');
  await mine.getByLabel('Measured').selectOption('Sessions that begin');
  await save(mine);
  await expect(mine).toBeHidden();
  await theirs.getByLabel('Within').selectOption({ label: '60 seconds' });
  await save(theirs);
  await expect(theirs).toBeHidden();
  await known('Measured, then within', { metric: 'SESSIONS', windowS: 60, threshold: 100.125 });

  // What does not go with what another set is told at its field.
  [mine, theirs] = await begun('Threshold, then over past');
  await mine.getByLabel('Threshold').fill('50');
  await save(mine);
  await expect(mine).toBeHidden();
  await theirs.getByLabel('Over past').fill('60');
  await save(theirs);
  const field = theirs.getByLabel('Over past');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toHaveAccessibleDescription('On the better side of the threshold, or the same.');
  await expect(field).toBeFocused();
  await known('Threshold, then over past', { threshold: 50, resolveAt: null });
  await control.close();
});

test('a rule on how it plays is of a protocol and a country, is there after a reload, and is edited', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoUser'));
  const known = (name: string, wanted: Record<string, unknown>) =>
    expect.poll(async () => (await control.alertRules()).find((one) => one.name === name)).toMatchObject(wanted);
  await signIn(page, user('nanoUser'));
  await page.goto(at('/alerts/rules'));
  const dialog = page.getByRole('dialog');
  const list = (name: RegExp) => dialog.getByRole('combobox', { name });
  const [by, of] = [list(/^By\b/), list(/^Of\b/)];
  const country = dialog.getByLabel('From the country');
  const least = dialog.getByLabel('Of at least');
  const row = (name: string) => page.getByRole('table', { name: 'Alert rules' }).getByRole('row').filter({ hasText: name });
  const save = async (button: string) => {
    await dialog.getByRole('button', { name: button }).click();
    await expect(dialog).toBeHidden();
  };
  const edit = async (name: string) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await expect(dialog.getByLabel('Name')).toHaveValue(name);
  };

  await page.getByRole('button', { name: 'New rule' }).click();
  await dialog.getByLabel('Name').fill('No picture in Germany');
  await dialog.getByLabel('Measured').selectOption('Share of players that see no picture (%)');
  await expect(least).toHaveValue('20');
  await dialog.getByLabel('Threshold').fill('25');
  await by.selectOption('HLS');
  await country.fill('XX');
  await expectFitEverywhere(page, 'a new alert rule of a protocol and a country');
  await dialog.getByRole('button', { name: 'Make rule' }).click();
  await expect(country).toHaveAttribute('aria-invalid', 'true');
  await country.fill('DE');
  await save('Make rule');
  await page.getByRole('button', { name: 'New rule' }).click();
  await dialog.getByLabel('Name').fill('Stands still');
  await dialog.getByLabel('Measured').selectOption('Share of time that pictures stand still (%)');
  await expect(least).toHaveValue('600');
  await dialog.getByLabel('Threshold').fill('10');
  await by.selectOption('WebSocket');
  await save('Make rule');

  await page.reload();
  await expect(row('No picture in Germany')).toContainText('Share of players that see no picture: 25 % or more within 5 minutes, by HLS, from Germany');
  await expect(row('Stands still')).toContainText('Share of time that pictures stand still: 10 % or more within 5 minutes, by WebSocket');
  await expect(row('Stands still')).not.toContainText(', from');
  await known('No picture in Germany', { metric: 'START_FAILURES', threshold: 25, least: 20, protocol: 'HLS', country: 'DE' });
  await known('Stands still', { metric: 'BUFFERING', threshold: 10, least: 600, protocol: 'WEBSOCKET', country: null });

  await edit('No picture in Germany');
  await expect(by).toHaveValue('hls');
  await expect(country).toHaveValue('DE');
  await expect(dialog.getByLabel('Threshold')).toHaveValue('25');
  await by.selectOption('Any protocol');
  await country.fill('FR');
  await save('Save');
  await expect(row('No picture in Germany')).toContainText('25 % or more within 5 minutes, from France');
  await known('No picture in Germany', { least: 20, protocol: null, country: 'FR' });

  // Another metric has no use for where it is from, and is of a stream.
  await edit('Stands still');
  await expect(by).toHaveValue('websocket');
  await dialog.getByLabel('Measured').selectOption('Tokens, viewers and addresses with signs of misuse');
  await expect(by).toHaveCount(0);
  await expect(country).toHaveCount(0);
  await of.selectOption(`stream:${testStream().name}`);
  await save('Save');
  await page.reload();
  await expect(row('Stands still')).toContainText(`10 or more within 5 minutes, of ${testStream().name}`);
  await known('Stands still', { metric: 'FINDINGS', stream: testStream().name, protocol: null });
  await control.close();
});

test('what is wrong with a receiver stands at its field, in words for people', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  const wrong = async (label: string, text: string, why: string, button = 'Make receiver') => {
    const dialog = page.getByRole('dialog');
    const field = dialog.getByLabel(label, { exact: true });
    await field.fill(text);
    await dialog.getByRole('button', { name: button }).click();
    await expect(field).toHaveAccessibleDescription(why);
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toBeFocused();
    await expect(dialog.getByRole('alert').filter({ visible: true })).toHaveCount(1);
  };
  await page.goto(at('/alerts/receivers'));
  await page.getByRole('button', { name: 'New receiver' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Field');
  await wrong('Addresses', 'no', '“no” is no email address.');
  await dialog.getByRole('radio', { name: 'Syslog (RFC 5424)' }).check();
  await dialog.getByLabel('Port').fill('514');
  const host = 'A name or an address without a port, of 253 characters at most, which is not of a private network.';
  for (const text of ['x.example:514', '0x7f.1', 'not a host']) await wrong('Host', text, host);
  await dialog.getByLabel('Host').fill('logs.example.com');
  for (const text of ['0', 'word']) await wrong('Port', text, 'A number from 1 to 65535.');
  await dialog.getByLabel('Port').fill('6514');
  await dialog.getByLabel('Host').fill('logs.example.com');
  const area = dialog.getByRole('textbox', { name: 'Certificate' });
  await area.fill('nonsense');
  await dialog.getByRole('button', { name: 'Make receiver' }).click();
  await expect(area).toHaveAccessibleDescription('One or several certificates as PEM, of 64 KB at most.');
  await expect(area).toBeFocused();
  await expectFitEverywhere(page, 'a receiver with a mistake');
  await page.goto(at('/organisation/webhooks'));
  await page.getByRole('button', { name: 'New webhook' }).click();
  await wrong('Address', 'https://example.com:0/', 'An https address without a fragment, of 2048 characters at most, which is not of a private network.', 'Make webhook');
});

test('a receiver is made, tried and taken away by an administrator, and by nobody else', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/alerts/receivers'));
  await expect(page.getByText('Nobody is told')).toBeVisible();
  await expectFitEverywhere(page, 'no receivers of alerts');
  await page.getByRole('button', { name: 'New receiver' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Night shift');
  await dialog.getByLabel('Addresses').fill('nobody at all');
  await dialog.getByRole('button', { name: 'Make receiver' }).click();
  await expect(dialog.getByRole('alert').filter({ hasText: 'is no email address' })).toBeVisible();
  await dialog.getByLabel('Addresses').fill('night@example.com');
  await dialog.getByRole('button', { name: 'Make receiver' }).click();
  const card = page.getByRole('region', { name: 'Night shift' });
  await card.getByRole('button', { name: 'Test Night shift' }).click();
  await expect(card.getByRole('status')).toContainText('night@example.com took it.', { timeout: 20_000 });
  const sent = page.getByRole('table', { name: 'Notifications' });
  await expect(sent.getByRole('row').filter({ hasText: 'night@example.com' })).toContainText('Delivered');

  await page.getByRole('button', { name: 'New receiver' }).click();
  await dialog.getByLabel('Name').fill('Collector');
  await dialog.getByRole('radio', { name: 'Syslog (RFC 5424)' }).check();
  await dialog.getByLabel('Host').fill('127.0.0.1');
  await dialog.getByLabel('Port').fill('9');
  await expectFitEverywhere(page, 'a collector of syslog');
  await dialog.getByRole('button', { name: 'Make receiver' }).click();
  const collector = page.getByRole('region', { name: 'Collector' });
  await collector.getByRole('button', { name: 'Test Collector' }).click();
  await expect(collector.getByRole('status')).toContainText('tls://127.0.0.1:9: no connection', { timeout: 20_000 });
  await expectFitEverywhere(page, 'receivers of alerts');
  await collector.getByRole('button', { name: 'Actions for Collector' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog', { name: 'Remove the receiver?' }).getByRole('button', { name: 'Remove' }).click();
  await expect(collector).toHaveCount(0);
});
