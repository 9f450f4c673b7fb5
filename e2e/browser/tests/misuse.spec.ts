// Who steals is found, explained and cut, in the dashboard; and everyone else goes on watching.
import { readFile } from 'node:fs/promises';
import { type Page, expect, test } from '@playwright/test';
import { hold } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';
import { expectApart, expectSeenByKeyboard } from '../support/tables.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

/** A token that is passed on: it is used from four networks within seconds. What is in 127.40 is in four countries. */
async function passedOn(name: string, second: number, more: object = {}): Promise<{ jti: string; viewers: Viewer[] }> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, name, 600, { tag: `tag-of-${name}`, ...more });
  await control.close();
  const viewers = [];
  for (const third of [1, 2, 3, 4]) {
    viewers.push(await Viewer.from(`127.${second}.${third}.1`, token, { referer: 'https://thieves.example/match' }));
  }
  return { jti, viewers };
}

/** Told or read, what was seen last stands first. */
async function expectSeenLastFirst(page: Page): Promise<void> {
  const seen = await page.locator('.feed-who time').evaluateAll((all) => all.map((one) => Date.parse((one as HTMLTimeElement).dateTime)));
  expect(seen).toEqual([...seen].sort((one, other) => other - one));
}

test('a token that was passed on is found while one looks, and cut in two clicks; nobody else is', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'honest-ann');
  await control.close();
  const honest = await Viewer.from('127.0.0.1', token);
  await signIn(page, user('nanoUser'));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Misuse' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Misuse' })).toBeVisible();
  const { jti, viewers } = await passedOn('thief', 10);
  const found = page.getByRole('listitem').filter({ hasText: jti }).filter({ hasText: 'Several addresses' });
  await expect(found, 'it arrives by itself').toContainText(/[34] addresses in [34] networks/, { timeout: 60_000 });
  await expectFitEverywhere(page, 'findings of misuse');

  await found.getByRole('button', { name: `Revoke ${jti}` }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke this token?' });
  await expect(dialog.getByRole('status')).toContainText('and cut 4 sessions now');
  await expectFitEverywhere(page, 'revoking from a finding');
  await dialog.getByRole('button', { name: 'Revoke token' }).click();
  await expect(page.getByRole('dialog', { name: 'Token revoked' })).toContainText('Cut 4 sessions on 1 node');
  for (const viewer of viewers) expect(await viewer.ask()).toBe('TOKEN_REVOKED');
  expect(await honest.ask()).toBe('200');
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(found).toContainText('Revoked');
  await expectSeenLastFirst(page);
  await page.reload();
  await expect(found).toBeVisible();
  await expectSeenLastFirst(page);
  for (const viewer of [...viewers, honest]) viewer.leave();
});

test('from a finding of a token its network, its site and its sessions are cut in two clicks each', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoUser'));
  const found = async (jti: string) => {
    const one = page.getByRole('listitem').filter({ hasText: jti }).filter({ hasText: 'Several addresses' });
    await expect(one).toBeVisible({ timeout: 60_000 });
    // What was found while the sessions came knows some of them; now all are there.
    await page.reload();
    await expect(one).toBeVisible({ timeout: 30_000 });
    return one;
  };
  const unrule = async () => {
    const control = await Control.signedIn(user('nanoAdmin'));
    for (const id of await control.ruleIds()) await control.unrule(id);
    await control.close();
  };
  await page.goto(at('/misuse'));

  // The network.
  const network = await passedOn('network-thief', 40);
  let one = await found(network.jti);
  await expectFitEverywhere(page, 'findings and where they are');
  await one.getByRole('button', { name: 'Block Network AS64501 (Example Telekom)' }).click();
  let dialog = page.getByRole('dialog', { name: 'Block Network AS64501 (Example Telekom)' });
  await expect(dialog.getByRole('status')).toContainText(/Would cut [1-9]\d* sessions? now/);
  await expect(dialog.getByRole('radio', { name: 'thieves.example' }), 'all others are there').toBeVisible();
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText(/Network AS64501 \(Example Telekom\) is blocked: cut [1-9]\d* session/)).toBeVisible();
  expect(await network.viewers[0]!.ask()).toBe('GUARDIAN_ASN');
  expect(await network.viewers[2]!.ask()).toBe('200');
  for (const viewer of network.viewers) viewer.leave();
  await unrule();

  // The site.
  const site = await passedOn('site-thief', 41);
  one = await found(site.jti);
  await one.getByRole('button', { name: 'Block thieves.example' }).click();
  dialog = page.getByRole('dialog', { name: 'Block thieves.example' });
  await expect(dialog.getByRole('status')).toContainText(/Would cut [1-9]\d* sessions? now/);
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText(/thieves\.example is blocked: cut [1-9]\d* session/)).toBeVisible();
  for (const viewer of site.viewers) expect(await viewer.ask()).toBe('GUARDIAN_REFERRER');
  for (const viewer of site.viewers) viewer.leave();
  await unrule();

  // The sessions; then the token, and it is said to be revoked to whoever comes later.
  const sessions = await passedOn('ended-thief', 42);
  one = await found(sessions.jti);
  await one.getByRole('button', { name: `End 4 sessions of ${sessions.jti}` }).click();
  const end = page.getByRole('dialog', { name: 'End these 4 sessions?' });
  await expectFitEverywhere(page, 'ending the sessions of a finding');
  await end.getByRole('button', { name: 'End sessions' }).click();
  const ended = page.getByRole('dialog', { name: 'Sessions ended' });
  await expect(ended).toContainText('Cut 4 sessions');
  for (const viewer of sessions.viewers) expect(await viewer.ask()).toBe('SESSION_ENDED');
  await ended.getByRole('button', { name: 'Done' }).click();
  await expect(one.getByRole('button', { name: /^End \d sessions? of/ }), 'none goes on').toHaveCount(0);
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.revoke(sessions.jti);
  await control.close();
  await page.reload();
  await expect(one).toContainText('Revoked');
  await expect(one.getByRole('button', { name: `Revoke ${sessions.jti}` })).toHaveCount(0);
  for (const viewer of sessions.viewers) viewer.leave();
});

test('a session that goes on is ended in the panel of its token', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('panel-thief', 43);
  await signIn(page, user('nanoUser'));
  await page.goto(at(`/misuse/tokens?last=60&open=${jti}`));
  const panel = page.getByRole('dialog', { name: 'Token' });
  await panel.getByRole('button', { name: 'End the session from 127.43.2.1' }).click();
  await page.getByRole('dialog', { name: 'End this session?' }).getByRole('button', { name: 'End session' }).click();
  const ended = page.getByRole('dialog', { name: 'Session ended' });
  await expect(ended).toContainText('Cut 1 session on 1 node');
  await ended.getByRole('button', { name: 'Done' }).click();
  expect(await viewers[1]!.ask()).toBe('SESSION_ENDED');
  expect(await viewers[0]!.ask()).toBe('200');
  await expect(panel.getByRole('button', { name: 'End the session from 127.43.2.1' })).toHaveCount(0);
  await expectFitEverywhere(page, 'sessions in the panel');
  for (const viewer of viewers) viewer.leave();
});

test('a token that cannot be revoked says why in the view and beside its finding', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('shielded-thief', 44, { revocable: false });
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/tokens?last=60&user=shielded-thief'));
  const revoke = row(page, 'shielded-thief').getByRole('button', { name: `Revoke ${jti}` });
  await expect(revoke).toBeDisabled({ timeout: 30_000 });
  await expect(revoke).toHaveAttribute('title', 'It was made not revocable.');
  await page.goto(at('/misuse'));
  const found = page.getByRole('listitem').filter({ hasText: jti }).filter({ hasText: 'Several addresses' });
  await expect(found.getByRole('button', { name: `Revoke ${jti}` })).toBeDisabled({ timeout: 60_000 });
  for (const viewer of viewers) viewer.leave();
});

test('the Token view is ordered, narrowed and handed on; a row opens all that touches it', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('view-thief', 40);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse/tokens?last=60'));
  const table = page.getByRole('table', { name: 'Token view' });
  await expect(row(page, 'view-thief')).toBeVisible({ timeout: 30_000 });
  const heads = ['JTI', 'User', 'Tag', 'Duration sum', 'Duration average', 'Sessions', 'Streams', 'IPs', 'Top providers', 'Top countries', 'Top referrers', 'First start', 'Last end', 'Max concurrency', 'Score', 'Status'];
  for (const head of [...heads, 'Revoke']) {
    await expect(table.getByRole('columnheader', { name: head, exact: true })).toBeVisible();
  }
  await expect(table.getByRole('columnheader', { name: 'Score' })).toHaveAttribute('aria-sort', 'descending');
  await expect(row(page, 'view-thief').getByRole('cell').nth(13), 'it has a score').not.toHaveText('0', { timeout: 60_000 });
  await expectFitEverywhere(page, 'the token view');
  await expectSeenByKeyboard(page, table, heads);
  await expectApart(table);

  await table.getByRole('button', { name: 'User' }).click();
  await expect(page).toHaveURL(/sort=user&dir=asc/);
  await expect(table.getByRole('columnheader', { name: 'User' })).toHaveAttribute('aria-sort', 'ascending');
  await table.getByRole('button', { name: 'User' }).click();
  await expect(page).toHaveURL(/dir=desc/);
  for (const [label, word] of [['Top countries', 'countries'], ['Duration average', 'average'], ['Max concurrency', 'concurrency'], ['Status', 'status']]) {
    await table.getByRole('button', { name: label }).click();
    await expect(page).toHaveURL(new RegExp(`sort=${word}`));
    await expect(row(page, 'view-thief')).toBeVisible();
  }
  await page.getByRole('combobox', { name: 'Only' }).selectOption('Tag');
  await page.getByLabel('Value, exactly').fill('tag-of-view-thief');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await expect(page.getByText('1 token', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('list', { name: 'Filters' })).toContainText('Tag: tag-of-view-thief');
  await expect(page.getByText('1 token', { exact: true })).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  const csv = (await readFile(await file.path(), 'utf8')).trim().split('\r\n');
  expect(csv).toHaveLength(2);
  expect(csv[0]).toMatch(/^"jti","user","tag","duration_sum_s"/);
  expect(csv[1]).toContain(`"${jti}","view-thief","tag-of-view-thief"`);

  await page.getByRole('button', { name: `Details of ${jti}` }).click();
  const panel = page.getByRole('dialog', { name: 'Token' });
  await expect(page).toHaveURL(new RegExp(`open=${jti}`));
  await expect(panel.getByRole('table', { name: 'Addresses of the token' }).getByRole('row')).toHaveCount(5);
  await expect(panel).toContainText('thieves.example');
  await expect(panel).toContainText('Several addresses');
  for (const text of ['AS64503 Example Hosting', 'Singapore', 'Brazil']) await expect(panel).toContainText(text);
  await expect(panel.getByRole('listitem').filter({ hasText: 'AS64503 Example Hosting' })).toContainText('1 session');
  await expect(panel.getByRole('heading', { name: 'Claims' })).toBeVisible();
  const score = panel.locator('.panel-part').filter({ has: page.getByRole('heading', { name: /^Score/ }) });
  const addends = (await score.locator('li .badge').allInnerTexts()).map(Number);
  const sum = addends.reduce((sum, one) => sum + one, 0);
  await expect(score.getByText(`${sum} together; a score is 100 at most.`)).toHaveCount(sum > 100 ? 1 : 0);
  await expect(panel.getByRole('link', { name: '127.40.3.1' }), 'of the same time').toHaveAttribute('href', '/misuse/addresses?last=60&open=127.40.3.1');
  await expectFitEverywhere(page, 'a token in the panel');
  await panel.getByRole('button', { name: 'Block 127.40.3.1' }).click();
  const block = page.getByRole('dialog', { name: 'Block 127.40.3.1' });
  await expect(block.getByRole('status')).toContainText('Would cut 1 session now');
  const trial = await hold(page, 'simulateGuardianRule');
  await block.getByRole('radio', { name: 'Network AS64503 (Example Hosting)' }).check();
  await expect(block.getByRole('status'), 'nothing is said of it that is true of the address').toHaveText('Looking whom it hits…');
  trial.release();
  for (const reach of ['Singapore', '127.40.3.0/24']) await block.getByRole('radio', { name: reach }).check();
  await block.getByRole('radio', { name: '1 h', exact: true }).check();
  await expect(block.getByRole('status')).toContainText('Would cut 1 session now');
  await expectFitEverywhere(page, 'blocking an address');
  await block.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText('127.40.3.0/24 is blocked: cut 1 session.')).toBeVisible();
  expect(await viewers[2]!.ask()).toBe('GUARDIAN_IP');
  expect(await viewers[0]!.ask()).toBe('200');
  await panel.getByRole('button', { name: `Revoke ${jti}` }).click();
  await page.getByRole('button', { name: 'Revoke token' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(panel.getByText('Revoked', { exact: true }).first()).toBeVisible();
  await expect(panel.getByRole('button', { name: `Revoke ${jti}` })).toHaveCount(0);
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect(page).not.toHaveURL(/open=/);
  await expect(row(page, 'view-thief')).toContainText('Revoked');
  const again = row(page, 'view-thief').getByRole('button', { name: `Revoke ${jti}` });
  await expect(again).toBeDisabled();
  await expect(again).toHaveAttribute('title', 'It is revoked already.');
  for (const viewer of viewers) viewer.leave();
  const control = await Control.signedIn(user('nanoAdmin'));
  for (const id of await control.ruleIds()) await control.unrule(id);
  await control.close();
});

test('a viewer is scored with all their tokens, and banned in the panel', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('viewer-thief', 40);
  const control = await Control.signedIn(user('nanoAdmin'));
  const second = await control.playbackToken(testStream().name, 'viewer-thief', 600);
  viewers.push(await Viewer.from('127.40.1.1', second.token));
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/viewers?last=60'));
  const table = page.getByRole('table', { name: 'Viewers' });
  await expect(row(page, 'viewer-thief')).toBeVisible({ timeout: 30_000 });
  for (const head of ['User', 'Duration sum', 'Duration average', 'Sessions', 'Streams', 'Tokens', 'IPs', 'Top providers', 'Top countries', 'Media', 'First start', 'Last end', 'Max concurrency', 'Score', 'Banned', 'Ban']) {
    await expect(table.getByRole('columnheader', { name: head, exact: true })).toBeVisible();
  }
  await expect(row(page, 'viewer-thief').getByRole('cell').nth(4), 'tokens').toHaveText('2', { timeout: 30_000 });
  await expect(row(page, 'viewer-thief').getByRole('cell').nth(12), 'it has a score').not.toHaveText('0', { timeout: 60_000 });
  await expectFitEverywhere(page, 'the viewers');
  await table.getByRole('button', { name: 'Tokens' }).click();
  await expect(page).toHaveURL(/sort=tokens&dir=desc/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  expect(await readFile(await file.path(), 'utf8')).toContain('"viewer-thief"');

  await page.getByRole('button', { name: 'Details of viewer-thief' }).click();
  await expect(page).toHaveURL(/open=viewer-thief/);
  const panel = page.getByRole('dialog', { name: 'Viewer' });
  await expect(panel.getByRole('table', { name: 'Tokens of the viewer' })).toContainText(jti);
  await expect(panel.getByRole('table', { name: 'Addresses of the viewer' })).toContainText('127.40.3.1');
  await expect(panel).toContainText('Several addresses');
  await expectFitEverywhere(page, 'a viewer in the panel');
  await panel.getByRole('button', { name: 'Ban viewer-thief' }).click();
  await page.getByRole('dialog', { name: 'Ban a viewer' }).getByRole('button', { name: 'Ban viewer' }).click();
  await expect(panel.getByText('Banned', { exact: true })).toBeVisible();
  for (const viewer of viewers) expect(await viewer.ask()).toBe('TOKEN_USER_BANNED');
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect(row(page, 'viewer-thief').getByRole('cell').nth(13)).toHaveText('Banned');
  await expect(page.getByRole('button', { name: 'Ban viewer-thief' })).toHaveCount(0);
  for (const viewer of viewers) viewer.leave();
  await control.change('unbanUser', { user: 'viewer-thief' });
  await control.close();
});

test('the IP view says what was watched from each address, and an address is blocked beside it', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('ip-thief', 30);
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/addresses?last=15&user=ip-thief'));
  const table = page.getByRole('table', { name: 'IP view' });
  await expect(table.getByRole('row')).toHaveCount(5, { timeout: 30_000 });
  for (const head of ['IP', 'Duration sum', 'Duration average', 'Sessions', 'Streams', 'Tokens', 'Tags', 'Provider', 'Country', 'First start', 'Last end', 'Max concurrency', 'Score', 'Blocked', 'Block']) {
    await expect(table.getByRole('columnheader', { name: head, exact: true })).toBeVisible();
  }
  await table.getByRole('button', { name: 'IP', exact: true }).click();
  await expect(table.getByRole('row').nth(1)).toContainText('127.30.1.1');
  await expectFitEverywhere(page, 'the IP view');
  const shown = async (cell: string) => {
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expect(row(page, '127.30.1').locator(cell), `at ${width}`).toBeInViewport({ ratio: 1 });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  for (const cell of ['.stay-score', '.stay-state', '.stay-acts']) await shown(cell);
  await expectApart(table);

  // By subnet and by network, each with its own rule.
  await page.getByRole('combobox', { name: 'A row is' }).selectOption('A subnet, /24 or /64');
  await expect(page).toHaveURL(/group=subnet/);
  await expect(page.getByText('4 subnets', { exact: true })).toBeVisible();
  await expect(row(page, '127.30.4.0/24')).toContainText('1 address');
  await expectFitEverywhere(page, 'the IP view by subnet');
  await page.getByRole('button', { name: 'Block 127.30.4.0/24' }).click();
  const subnet = page.getByRole('dialog', { name: 'Block 127.30.4.0/24' });
  await expect(subnet.getByRole('status')).toContainText('Would cut 1 session now');
  await subnet.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText('127.30.4.0/24 is blocked: cut 1 session.')).toBeVisible();
  expect(await viewers[3]!.ask()).toBe('GUARDIAN_IP');
  await expect(row(page, '127.30.4.0/24')).toContainText('Blocked');
  await table.getByRole('button', { name: 'Blocked', exact: true }).click();
  await expect(page).toHaveURL(/sort=status/);
  await expect(table.getByRole('row').nth(1)).toContainText('127.30.4.0/24');
  await page.getByRole('combobox', { name: 'A row is' }).selectOption('A network, by AS number');
  await expect(page.getByText(/^\d networks?$/)).toBeVisible();
  await expectFitEverywhere(page, 'the IP view by network');
  await table.getByRole('button', { name: /^Block (Network AS|Networks that are not known)/ }).first().click();
  const network = page.getByRole('dialog', { name: /^Block Network/ });
  await expect(network.getByRole('status')).toContainText(/Would cut \d+ sessions? now/);
  await network.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('combobox', { name: 'A row is' }).selectOption('A subnet, /24 or /64');
  await page.getByRole('button', { name: 'Details of 127.30.2.0/24' }).click();
  const wide = page.getByRole('dialog', { name: 'Subnet' });
  await expect(page).toHaveURL(/open=127\.30\.2\.0%2F24/);
  await expect(wide.getByRole('table', { name: 'Addresses of the subnet' })).toContainText('127.30.2.1');
  await expect(wide.getByRole('table', { name: 'Tokens of the subnet' })).toContainText(jti);
  await expect(wide.getByRole('button', { name: 'Block 127.30.2.0/24' })).toBeEnabled();
  await expect(wide.getByRole('button', { name: 'End the session from 127.30.2.1' })).toBeVisible();
  await expectFitEverywhere(page, 'a subnet in the panel');
  await wide.getByRole('button', { name: 'Addresses of 127.30.2.0/24' }).click();
  await expect(wide).toBeHidden();
  await expect(page.getByRole('list', { name: 'Filters' })).toContainText('IP: 127.30.2.0/24');
  await expect(page.locator('.filters-count')).toHaveText('1 address');
  await page.getByRole('button', { name: 'Details of 127.30.2.1' }).click();
  const panel = page.getByRole('dialog', { name: 'Address' });
  await expect(panel.getByRole('table', { name: 'Tokens of the address' })).toContainText(jti);
  await expect(panel.getByRole('link', { name: jti }), 'of the same time').toHaveAttribute('href', `/misuse/tokens?last=15&open=${jti}`);
  await expectFitEverywhere(page, 'an address in the panel');
  await panel.getByRole('button', { name: 'Block 127.30.2.1' }).click();
  await page.getByRole('dialog', { name: 'Block 127.30.2.1' }).getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText('127.30.2.1 is blocked: cut 1 session.')).toBeVisible();
  expect(await viewers[1]!.ask()).toBe('GUARDIAN_IP');
  await page.keyboard.press('Escape');
  await expect(row(page, '127.30.2.1')).toContainText('Blocked');
  await expect(page.getByRole('button', { name: 'Block 127.30.2.1' })).toBeDisabled();
  for (const viewer of viewers) viewer.leave();
  const control = await Control.signedIn(user('nanoAdmin'));
  for (const id of await control.ruleIds()) await control.unrule(id);
  await control.close();
});

test('an address that is blocked by its country is said to be, and leads to the rule', async ({ page }) => {
  const { viewers } = await passedOn('land-thief', 40);
  const control = await Control.signedIn(user('nanoAdmin'));
  const rule = await control.rule({ kind: 'COUNTRY', value: 'SG', action: 'DENY' });
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/addresses?last=15&user=land-thief'));
  const blocked = row(page, '127.40.3.1').getByRole('link', { name: /^Blocked.*Singapore/ });
  await expect(blocked).toHaveAttribute('href', '/guardian?q=SG&kind=country', { timeout: 30_000 });
  await expect(page.getByRole('button', { name: 'Block 127.40.3.1' })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Block 127.40.1.1' })).toBeEnabled();
  expect(await viewers[2]!.ask()).toBe('GUARDIAN_COUNTRY');
  await page.goto(at('/misuse/addresses?last=15&user=land-thief&group=network'));
  await page.getByRole('button', { name: 'Details of AS64503' }).click();
  const network = page.getByRole('dialog', { name: 'Network', exact: true });
  await expect(network.getByRole('table', { name: 'Addresses of the network' })).toContainText('127.40.3.1');
  await expect(network.getByRole('table', { name: 'Tokens of the network' })).toContainText('land-thief');
  await expect(network.getByRole('button', { name: 'Addresses of AS64503' })).toBeVisible();
  await expectFitEverywhere(page, 'a network in the panel');
  await page.goto(at('/misuse/addresses?last=15&user=land-thief'));
  await blocked.click();
  await expect(page.getByRole('table', { name: 'Guardian rules' }).getByRole('row')).toHaveCount(2);
  for (const viewer of viewers) viewer.leave();
  await control.unrule(rule);
  await control.close();
});

test('a live view that is answered slowly has one page and one count under way, and shows them', async ({ page }) => {
  test.slow();
  const { jti, viewers } = await passedOn('slow-thief', 42);
  await signIn(page, user('nanoUser'));
  const [underWay, most, answered] = [{ page: 0, count: 0 }, { page: 0, count: 0 }, { page: 0, count: 0 }];
  await page.route('**/graphql', async (route) => {
    const text = route.request().postData() ?? '';
    if (!text.includes('byToken')) return route.fallback();
    const which = text.includes('totalCount') ? 'count' : 'page';
    underWay[which] += 1;
    most[which] = Math.max(most[which], underWay[which]);
    const response = await route.fetch();
    // Longer than news take to be asked for.
    await new Promise((fulfil) => setTimeout(fulfil, 7_000));
    underWay[which] -= 1;
    answered[which] += 1;
    await route.fulfill({ response });
  });
  await page.goto(at('/misuse/tokens?last=60&user=slow-thief'));
  await expect(row(page, jti)).toBeVisible({ timeout: 30_000 });
  const before = answered.page;
  // Something happens all the time: somebody comes from elsewhere.
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'slow-thief', 600);
  await control.close();
  for (let n = 1; answered.page < before + 2; n += 1) {
    expect(n, 'the page is asked for again').toBeLessThan(60);
    viewers.push(await Viewer.from(`127.43.${n}.1`, token));
    await page.waitForTimeout(1_000);
  }
  expect(most).toEqual({ page: 1, count: 1 });
  await expect(page.getByRole('row').filter({ hasText: 'slow-thief' })).toHaveCount(2);
  await expect(page.locator('.filters-count'), 'more than were counted are counted anew').toHaveText('2 tokens', { timeout: 30_000 });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  for (const viewer of viewers) viewer.leave();
});

test('a long name of a viewer ends in an ellipsis on a phone', async ({ page }) => {
  const name = `long-${'n'.repeat(80)}`;
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, name, 600);
  await control.close();
  const viewer = await Viewer.from('127.44.1.1', token);
  await signIn(page, user('nanoUser'));
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(at(`/misuse/viewers?last=60&user=${name}`));
  const open = page.getByRole('button', { name: `Details of ${name}` });
  await expect(open).toBeVisible({ timeout: 30_000 });
  await open.scrollIntoViewIfNeeded();
  await expect(open).toBeInViewport({ ratio: 1 });
  expect(await open.evaluate((one) => one.scrollWidth > one.clientWidth), 'it is cut').toBe(true);
  viewer.leave();
});

test('where more columns are under those that stand still, their edge is in the shade', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, 'edge-ann', 600);
  await control.close();
  const viewer = await Viewer.from('127.45.1.1', token);
  await signIn(page, user('nanoUser'));
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(at('/misuse/tokens?last=60&user=edge-ann'));
  const table = page.getByRole('region', { name: 'Token view' });
  await expect(table.getByRole('row').filter({ hasText: 'edge-ann' })).toBeVisible({ timeout: 30_000 });
  const shades = () =>
    table.evaluate((one) =>
      ['tbody th:first-child', 'tbody .stay-score'].map((of) => Math.round(Number(getComputedStyle(one.querySelector(of)!, '::after').opacity))),
    );
  await expect.poll(shades).toEqual([0, 1]);
  await table.evaluate((one) => one.scrollTo({ left: 200 }));
  await expect.poll(shades).toEqual([1, 1]);
  await table.evaluate((one) => one.scrollTo({ left: one.scrollWidth }));
  await expect.poll(shades).toEqual([1, 0]);
  // On a phone the list "Order" does what the heads do: they are out of sight, keep their names, and are not come to.
  await expect(table.getByRole('columnheader').getByRole('button')).toHaveCount(16);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole('combobox', { name: 'Order' })).toBeVisible();
  await expect(table.getByRole('columnheader').getByRole('button')).toHaveCount(0);
  await expect(table.getByRole('columnheader', { name: 'Max concurrency', exact: true })).toHaveCount(1);
  viewer.leave();
});

test('views without anything say so', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse?from=2020-01-01T00:00&to=2020-01-02T00:00'));
  await expect(page.getByText('Nothing looks like misuse')).toBeVisible();
  await expectFitEverywhere(page, 'no findings');
  for (const path of ['/misuse/tokens', '/misuse/viewers', '/misuse/addresses']) {
    await page.goto(at(`${path}?user=nobody-at-all`));
    await expect(page.getByText('Nobody watched')).toBeVisible();
    await expect(page.getByText('remove a filter')).toBeVisible();
    await page.goto(at(`${path}?from=2026-01-01T00:00&to=2026-01-01T00:01`));
    await expect(page.getByText('Within this time there was no session.')).toBeVisible();
    await expect(page.getByText('remove a filter')).toHaveCount(0);
  }
  await page.goto(at('/misuse/addresses?user=nobody-at-all'));
  await expect(page.getByText('Nobody watched')).toBeVisible();
  await expectFitEverywhere(page, 'a view without sessions');
  await page.goto(at('/misuse/tokens?from=2026-02-02T00:00&to=2026-02-01T00:00'));
  await expect(page.getByRole('alert')).toBeVisible();
});

test('a link shows everybody the same time, in whatever zone they are', async ({ browser }) => {
  const opened = async (timezoneId: string) => {
    const page = await (await browser.newContext({ timezoneId })).newPage();
    await signIn(page, user('nanoAdmin'));
    const field = (name: string) => page.getByLabel(name, { exact: true });
    return { page, from: field('From'), to: field('To'), file: page.getByRole('link', { name: 'Export CSV' }) };
  };
  const [vienna, tokyo] = [await opened('Europe/Vienna'), await opened('Asia/Tokyo')];

  // An older link has no zone: its moments are of whoever opens it, until they hand it on.
  await vienna.page.goto(at('/misuse?from=2026-01-02T04:00&to=2026-01-03T04:00'));
  await expect(vienna.from).toHaveValue('2026-01-02T04:00');
  await vienna.to.fill('2026-01-04T05:30');
  await expect(vienna.page).toHaveURL(/from=2026-01-02T03(:|%3A)00Z&to=2026-01-04T04(:|%3A)30Z$/);
  await expect(vienna.to).toHaveValue('2026-01-04T05:30');
  await tokyo.page.goto(vienna.page.url());
  await expect(tokyo.from).toHaveValue('2026-01-02T12:00');
  await expect(tokyo.to).toHaveValue('2026-01-04T13:30');

  // A day of one zone is parts of two in another: both see the same entries.
  await vienna.page.goto(at('/organisation/audit?from=2026-01-02'));
  await expect(vienna.from).toHaveValue('2026-01-02');
  await vienna.to.fill('2026-01-02');
  await expect(vienna.page).toHaveURL(/from=2026-01-01T23(:|%3A)00Z&to=2026-01-02T23(:|%3A)00Z$/);
  await expect(vienna.to).toHaveValue('2026-01-02');
  await tokyo.page.goto(vienna.page.url());
  await expect(tokyo.from).toHaveValue('2026-01-02');
  await expect(tokyo.file).toHaveAttribute('href', (await vienna.file.getAttribute('href'))!);
  for (const { page } of [vienna, tokyo]) await page.context().close();
});

test('a nanoReadOnly is told that views are closed', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Misuse' })).toHaveCount(0);
  await page.goto(at('/misuse/tokens'));
  await expect(page.getByText('Closed to your role')).toBeVisible();
});

test('an organisation without the package is told what it lacks', async ({ page }) => {
  const admin = await newAdministrator('Mina');
  await signIn(page, admin);
  await page.goto(at('/misuse'));
  await expect(page.getByText('Upgrade needed')).toBeVisible();
  await expectFitEverywhere(page, 'misuse without the package');
  await page.goto(at('/overview'));
  await expect(page.getByText('Upgrade needed')).toBeVisible();
});
