// What is asked for is what is shown: a link leads there, and nothing of another question stands in for an answer.
import { type Page, type Request, expect, test } from '@playwright/test';
import { hold } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
const chips = (page: Page) => page.getByRole('list', { name: 'Filters' });
const count = (page: Page) => page.locator('.filters-count');
/** What is shown and answers another question than the one that is asked. */
const old = (page: Page) => page.locator('.loaded[aria-busy="true"]');

/** Somebody who watches, from Singapore unless it is said, with a token of their own. */
async function watching(name: string, address = '127.40.3.1'): Promise<Viewer> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token } = await control.playbackToken(testStream().name, name, 600);
  await control.close();
  return Viewer.from(address, token);
}

async function enter(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(user('nanoAdmin').email);
  await page.getByLabel('Password').fill(user('nanoAdmin').password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function narrow(page: Page, only: string, value: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Only' }).selectOption(only);
  await page.getByLabel('Value, exactly').fill(value);
  await page.getByRole('button', { name: 'Add filter' }).click();
}

/** Whether a view's rows or their number are asked for. */
const asksTokens = (text: string | null) => text?.includes('byToken') ?? false;

async function cutOff(page: Page): Promise<void> {
  await page.route('**/graphql', (route) => (asksTokens(route.request().postData()) ? route.abort() : route.fallback()));
}

/** A question in which all of `words` stand comes to nothing. */
const failed = (page: Page, ...words: string[]) =>
  page.waitForEvent('requestfailed', (request: Request) => words.every((word) => request.postData()?.includes(word)));

/**
 * Somebody comes and another, and both times a question in which all of `words` stand comes to nothing: it is asked once the
 * one before is done with, so that the page has seen one fail.
 */
async function failedTwice(page: Page, names: [string, string], address: string, ...words: string[]): Promise<Viewer[]> {
  const viewers = [];
  for (const name of names) {
    const one = failed(page, ...words);
    viewers.push(await watching(name, address));
    await one;
  }
  return viewers;
}

test('a link leads where it says, also whom it asks to sign in', async ({ page }) => {
  const link = at('/misuse/tokens?last=180&country=SG&user=a%26b%20c');
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await enter(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Misuse' })).toBeVisible();
  await expect(page).toHaveURL(link);
  await expect(chips(page)).toContainText('Country: SG');
  await expect(chips(page)).toContainText('User: a&b c');

  // Their session is over.
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Remove the filter User' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await enter(page);
  await expect(chips(page)).toContainText('Country: SG');
  await expect(page).toHaveURL(at('/misuse/tokens?country=SG&last=180'));
});

test('while another filter is not answered what is shown is marked as old, and goes where it cannot be', async ({ page }) => {
  test.slow();
  const viewer = await watching('filter-ann');
  await signIn(page, user('nanoAdmin'));
  // As if there were another page.
  await page.route('**/graphql', async (route) => {
    const text = route.request().postData();
    if (!asksTokens(text) || !text?.includes('nodes')) return route.fallback();
    const response = await route.fetch();
    const answer = await response.json();
    answer.data.organisation.analytics.byToken.pageInfo = { hasNextPage: true, endCursor: 'later' };
    await route.fulfill({ response, json: answer });
  });
  const next = page.getByRole('button', { name: 'Next page' });
  const loading = page.getByRole('status').filter({ hasText: 'Loading' });
  await page.goto(at('/misuse/tokens?last=60&user=filter-ann'));
  await expect(row(page, 'filter-ann')).toBeVisible({ timeout: 30_000 });
  await expect(count(page)).toHaveText('1 token', { timeout: 90_000 });
  await expect(old(page)).toHaveCount(0);
  await expect(next).toBeEnabled();

  // Late.
  const late = await hold(page, 'byToken');
  await narrow(page, 'Country', 'SG');
  await expect(old(page)).toHaveCount(1);
  await expect(page.getByRole('region', { name: 'Token view' })).toHaveCSS('opacity', '0.5');
  await expect(count(page)).toHaveText('');
  await expect(loading).toHaveCount(1);
  await expect(next).toBeDisabled();
  await expect(next).toHaveAccessibleDescription('Wait until what you asked for is there.');
  late.release();
  await expect(old(page)).toHaveCount(0);
  await expect(loading).toHaveCount(0);
  await expect(row(page, 'filter-ann')).toBeVisible();
  await expect(count(page)).toHaveText('1 token');
  await page.unrouteAll({ behavior: 'wait' });

  // The same is asked once more, since something was told, and is not answered: what is known stays.
  await cutOff(page);
  const others = await failedTwice(page, ['filter-ben', 'filter-cid'], '127.40.3.1', 'byToken', 'nodes');
  await expect(row(page, 'filter-ann')).toBeVisible();
  await expect(count(page)).toHaveText('1 token');
  await expect(old(page)).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);

  // Something else is asked, and is not answered.
  await narrow(page, 'Provider', 'Example Hosting');
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached');
  await expect(row(page, 'filter-ann')).toHaveCount(0);
  await expect(count(page)).toHaveText('');
  await expectFitEverywhere(page, 'a filter without an answer');
  for (const one of [viewer, ...others]) one.leave();

  // Rows and their number are both asked for again. Where the time does not go until now, nothing asks by itself.
  const from = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16);
  const both = [failed(page, 'byToken', 'nodes', from), failed(page, 'byToken', 'totalCount', from)];
  await page.goto(at(`/misuse/tokens?from=${from}Z&user=filter-ann`));
  await Promise.all(both);
  const again = page.getByRole('button', { name: 'Try again' });
  await expect(again).toBeVisible();
  const slow = await hold(page, 'byToken');
  await again.click();
  await expect(again, 'it is under way').toHaveAttribute('aria-busy', 'true');
  await expect(again).toBeDisabled();
  await expect(again).toBeFocused();
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached');
  slow.release();
  await expect(row(page, 'filter-ann')).toBeVisible();
  await expect(count(page)).toHaveText('1 token');
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('what failed stands still while it is asked once more, and what was refused is not asked again', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  let asked = 0;
  await page.route('**/graphql', (route) => {
    const text = route.request().postData() ?? '';
    if (text.includes('world(')) return route.abort();
    if (!text.includes('timeseries(')) return route.fallback();
    asked += 1;
    return route.fulfill({ json: { data: null, errors: [{ message: 'no such step', extensions: { code: 'INVALID' } }] } });
  });
  await page.goto(at('/overview?last=60'));
  const card = (name: string) => page.getByRole('region', { name });
  await expect(card('Over time').getByRole('alert')).toContainText('No such step.');
  const alert = card('Where in the world').getByRole('alert');
  await expect(alert).toContainText('The server cannot be reached');
  const again = alert.getByRole('button', { name: 'Try again' });
  await again.focus();
  const first = await alert.elementHandle();
  const before = asked;
  // Both hear the same news at the same time.
  const viewers = await failedTwice(page, ['failed-ann', 'failed-ben'], '127.0.11.1', 'world(');
  expect(await first?.evaluate((one) => one.isConnected), 'it is not said anew').toBe(true);
  await expect(again).toBeFocused();
  expect(asked).toBe(before);
  for (const viewer of viewers) viewer.leave();
});

test('why a view cannot be shown is said in the words of the server', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  for (const view of ['tokens', 'viewers', 'addresses']) {
    for (const wrong of ['country=Germany', 'ip=not+an+address', 'ip=10.0.0.0/8']) {
      await page.goto(at(`/misuse/${view}?${wrong}`));
      await expect(page.getByRole('alert')).toContainText('There is no such value.');
      await expect(page.getByText('Closed to you')).toHaveCount(0);
    }
    await page.goto(at(`/misuse/${view}?asn=abc`));
    await expect(page.getByRole('alert')).toContainText('An AS number');
    await expect(page.getByRole('row')).toHaveCount(0);
    await expect(count(page)).toHaveText('');
  }
  await page.route('**/graphql', (route) => {
    if (!asksTokens(route.request().postData())) return route.fallback();
    const errors = [{ message: 'too often', path: ['organisation', 'analytics', 'byToken'], extensions: { code: 'RATE_LIMITED' } }];
    return route.fulfill({ json: { data: { organisation: { analytics: { byToken: null } } }, errors } });
  });
  await page.goto(at('/misuse/tokens'));
  await expect(page.getByRole('alert')).toContainText('This was asked too often');
});

test('what a filter cannot take is refused at its field', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse/tokens?last=60'));
  const field = page.getByLabel('Value, exactly');
  for (const [only, value, why] of [
    ['Country', 'Germany', 'The code of a country'],
    ['IP', 'not an address', 'An address'],
    ['IP', '10.0.0.0/8', 'a /24 of IPv4'],
    ['AS number', 'abc', 'An AS number'],
    // As many letters as fit, and more bytes than that.
    ['JTI', 'ä'.repeat(300), '512 bytes at most'],
  ] as const) {
    await narrow(page, only, value);
    await expect(page.getByRole('alert'), `${only} ${value}`).toContainText(why);
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(page, `${only} ${value}`).toHaveURL(at('/misuse/tokens?last=60'));
  }
  await expectFitEverywhere(page, 'a filter that is refused');
  await expect(field).toHaveAttribute('maxlength', '512');

  await page.getByRole('combobox', { name: 'Only' }).selectOption('Country');
  await expect(page.getByRole('alert')).toHaveCount(0);
  const countries = page.locator('datalist option');
  await expect(countries, 'all that rules can name').toHaveCount(250);
  for (const [code, name] of [
    ['SG', 'Singapore'],
    ['AU', 'Australia'],
    ['RE', 'Réunion'],
  ] as const) {
    await expect(page.locator(`datalist option[value="${code}"]`)).toHaveText(name);
  }
  const names = await countries.allTextContents();
  expect(names).toEqual([...new Set(names)].sort(new Intl.Collator('en').compare));
  for (const [only, value, chip] of [
    ['Country', 'sg', 'Country: SG'],
    ['AS number', 'AS64503', 'AS number: 64503'],
    ['IP', '127.40.3.0/24', 'IP: 127.40.3.0/24'],
  ] as const) {
    await narrow(page, only, value);
    await expect(chips(page)).toContainText(chip);
    await expect(page.getByRole('alert')).toHaveCount(0);
  }
});
