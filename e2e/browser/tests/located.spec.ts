// Countries and networks: who says where they are is named wherever they are shown, and where nobody says, that is said.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { demo, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { CREDIT } from '../support/places.ts';
import { begin, drain, ready } from '../support/process.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const SHOWN = ['/overview', '/misuse', '/misuse/tokens', '/misuse/viewers', '/misuse/addresses', '/guardian'];

/** The one line of the page that says where they are from. */
const credits = (page: Page) => page.locator('.credits');

test('whose files say where addresses are is named once on each page that shows it', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoAdmin'));
  for (const path of SHOWN) {
    await page.goto(at(path));
    await expect(credits(page), path).toHaveText(CREDIT.text);
    await expect(credits(page).getByRole('link', { name: CREDIT.text }), path).toHaveAttribute('href', CREDIT.url);
    await expect(page.getByText(/not known/), path).toHaveCount(0);
  }
  await expectFitEverywhere(page, 'guardian with the name of whose files it uses');
  // Nobody is warned of what is known.
  await page.getByRole('button', { name: 'New rule' }).first().click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByRole('radio', { name: 'Country' }).check();
  await expect(form.getByLabel('Country code')).toBeVisible();
  await expect(form).not.toContainText('not known');

  // Why somebody was refused tells of their country too.
  await page.goto(at('/activity'));
  await expect(page.getByRole('table', { name: 'Events at the doors' })).toBeVisible();
  (await Viewer.from('127.40.1.9', 'nonsense')).leave();
  await page.getByRole('button', { name: 'Why?', exact: true }).first().click();
  await expect(page.getByRole('dialog').locator('.credits')).toHaveText(CREDIT.text);
});

test.describe('without files', () => {
  const shared = process.env.PORTCULLIS_DATA;
  let data: string;
  let platform: ChildProcess;

  test.beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'portcullis-nowhere-'));
    platform = begin(data);
    await ready(platform, data);
    process.env.PORTCULLIS_DATA = data;
  });

  test.afterAll(async () => {
    process.env.PORTCULLIS_DATA = shared;
    await drain(platform);
    rmSync(data, { recursive: true });
  });

  test('it is said that nothing is known, and what comes of a rule or a token that names it', async ({ page }) => {
    test.slow();
    await signIn(page, user('nanoAdmin'));
    for (const path of SHOWN) {
      await page.goto(at(path));
      await expect(credits(page), path).toHaveText(/^Countries and networks are not known: .* no files/);
      await expect(credits(page).getByRole('link'), path).toHaveCount(0);
    }
    await page.getByRole('button', { name: 'New rule' }).first().click();
    const form = page.getByRole('dialog', { name: 'New rule' });
    for (const [kind, said] of [
      ['Country', /Countries are not known.*fits nobody/],
      ['Network', /Networks are not known.*fits nobody/],
    ] as const) {
      await form.getByRole('radio', { name: kind, exact: true }).check();
      await expect(form.locator('.notice')).toHaveText(said);
    }
    await expectFitEverywhere(page, 'a rule on what nobody is known to be in');
    await form.getByRole('radio', { name: 'Player', exact: true }).check();
    await expect(form).not.toContainText('not known');

    await page.goto(at('/tokens/new'));
    await expect(page.getByText(/not known/)).toHaveCount(0);
    await page.getByLabel('Countries').fill('DE');
    await expect(page.getByText(/Countries are not known.*lets in nobody/)).toBeVisible();
    await expectFitEverywhere(page, 'a token for a country that nobody is known to be in');
  });
});
