// Alerts in the dashboard: rules made by one click and by hand, alerts that arrive by themselves, receivers that are tried.
// On a platform of its own, since the alerts are of what this test does, and receivers are on this machine.
import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, request, test } from '@playwright/test';
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
