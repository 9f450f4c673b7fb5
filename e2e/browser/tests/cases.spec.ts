// What is known of somebody who steals is kept together in a case, and its report prints for whoever hosts them.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere, expectFitForAll } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { Viewer } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const EVIL = '<img src=x onerror=alert(1)>';

/** A token that is passed on: it is used from four networks, in four countries, within seconds. */
async function passedOn(name: string): Promise<{ jti: string; viewers: Viewer[] }> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, name, 600, { tag: EVIL });
  await control.close();
  const viewers = [];
  for (const third of [1, 2, 3, 4]) viewers.push(await Viewer.from(`127.40.${third}.7`, token));
  return { jti, viewers };
}

/** What a page says on paper, and on how many. */
async function printed(page: Page, name: string): Promise<{ text: string; pages: number }> {
  const path = `results/${name}.pdf`;
  writeFileSync(path, await page.pdf({ preferCSSPageSize: true }));
  const text = execFileSync('pdftotext', ['-raw', path, '-'], { encoding: 'utf8' });
  return { text, pages: text.split('\f').length - 1 };
}

test('a case is filled from a finding, a token and an address, and its report is printed', async ({ page, browser }) => {
  test.slow();
  await signIn(page, user('nanoUser'));
  await page.goto(at('/misuse/cases'));
  await expect(page.getByText('No open cases')).toBeVisible();
  await expectFitEverywhere(page, 'no cases');
  const { jti, viewers } = await passedOn('case-thief');

  await page.goto(at('/misuse'));
  const found = page.getByRole('listitem').filter({ hasText: jti }).filter({ hasText: 'Several addresses' });
  await expect(found).toBeVisible({ timeout: 60_000 });
  await found.getByRole('button', { name: `Add to case: Several addresses of ${jti}` }).click();
  const dialog = page.getByRole('dialog', { name: /^Add Several addresses/ });
  await dialog.getByLabel('Title of the new case').fill(`Restream ${EVIL}`);
  await expectFitEverywhere(page, 'adding to a new case');
  await dialog.getByRole('button', { name: 'Add to case' }).click();
  await expect(page.getByText(`Added to “Restream ${EVIL}”.`)).toBeVisible();

  await page.goto(at(`/misuse/addresses?last=15&user=case-thief&open=127.40.3.7`));
  const panel = page.getByRole('dialog', { name: 'Address' });
  await panel.getByRole('button', { name: 'Add to case: 127.40.3.7' }).click();
  const choose = page.getByRole('dialog', { name: 'Add 127.40.3.7 to a case' });
  await expect(choose.getByRole('combobox', { name: 'Case' })).toHaveText(new RegExp('Restream'));
  await choose.getByRole('button', { name: 'Add to case' }).click();
  await expect(page.getByText('Added to')).toBeVisible();
  await page.goto(at(`/misuse/tokens?last=15&open=${jti}`));
  await page.getByRole('dialog', { name: 'Token' }).getByRole('button', { name: `Add to case: ${jti}` }).click();
  await page.getByRole('dialog', { name: `Add ${jti} to a case` }).getByRole('button', { name: 'Add to case' }).click();
  await expect(page.getByText('Added to')).toBeVisible();

  await page.goto(at('/misuse/cases'));
  const listed = page.getByRole('row').filter({ hasText: 'Restream' });
  await expect(listed).toContainText('1 finding, 1 token, 1 address');
  await expectFitEverywhere(page, 'misuse cases');
  await listed.getByRole('link', { name: 'Restream' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Restream ${EVIL}` })).toBeVisible();
  const findings = page.getByRole('table', { name: 'Findings of the case' });
  await expect(findings).toContainText(/[34] addresses in [34] networks/);
  await expect(page.getByRole('table', { name: 'Tokens of the case' })).toContainText('Active');
  await expect(page.getByRole('table', { name: 'Addresses of the case' })).toContainText('Example Hosting');
  await expect(page.getByRole('table', { name: 'Sessions of the case' }).getByRole('row')).toHaveCount(5);
  await page.getByLabel('New note').fill('Asked the host\nto take it down');
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect(page.getByRole('list', { name: 'Notes' })).toContainText('to take it down');
  await expect(page.getByLabel('New note')).toHaveValue('');
  await expectFitEverywhere(page, 'a misuse case');

  // On paper: everything that was found, none of what people wrote for themselves, and nothing that a thief's name does.
  await page.getByRole('button', { name: 'Report' }).click();
  const report = page.getByRole('dialog', { name: 'Report' });
  await expectFitEverywhere(page, 'the parts of a report');
  const [paper] = await Promise.all([page.waitForEvent('popup'), report.getByRole('link', { name: 'Open report' }).click()]);
  await paper.waitForLoadState();
  await expect(paper.getByRole('heading', { level: 1 })).toHaveText(`Restream ${EVIL}`);
  await expect(paper.locator('img, script, iframe')).toHaveCount(0);
  // Its policy runs nothing, what looks at it included: that looks at the same page without it.
  const context = await browser.newContext({ bypassCSP: true });
  const same = await context.newPage();
  await same.setContent(await (await page.request.get(paper.url())).text());
  for (const [look, width] of [['wide', 1280], ['narrow', 390]] as const) {
    await same.setViewportSize({ width, height: 844 });
    await expectFitForAll(same, `a report, ${look}`);
  }
  await context.close();
  const { text, pages } = await printed(paper, 'report');
  expect(pages).toBeGreaterThan(0);
  expect(pages).toBeLessThan(4);
  const words = text.replace(/\s+/g, '');
  for (const part of ['Restream', 'onerror=alert(1)', 'Severaladdresses', '127.40.3.7', 'ExampleHosting', 'SG', jti, testStream().name, 'Active', 'UmaUser', '1/']) {
    expect(words, part).toContain(part.replace(/\s+/g, ''));
  }
  for (const third of [1, 2, 3, 4]) expect(text, 'no address is broken').toContain(`127.40.${third}.7`);
  for (const part of ['take it down', 'case-thief']) expect(words, part).not.toContain(part.replace(/\s+/g, ''));
  await paper.close();

  await page.getByRole('button', { name: 'Report' }).click();
  await report.getByRole('switch', { name: 'With notes' }).click();
  await report.getByRole('switch', { name: 'With names of viewers' }).click();
  const [whole] = await Promise.all([page.waitForEvent('popup'), report.getByRole('link', { name: 'Open report' }).click()]);
  await whole.waitForLoadState();
  await expect(whole.getByRole('main')).toContainText('to take it down');
  await expect(whole.getByRole('main')).toContainText('case-thief');
  await whole.close();

  // Closed, opened again, emptied, deleted.
  await page.getByRole('button', { name: 'Close case' }).click();
  await expect(page.getByText('Closed', { exact: true })).toBeVisible();
  await page.goto(at('/misuse/cases?state=closed'));
  await page.getByRole('link', { name: 'Restream' }).click();
  await page.getByRole('button', { name: 'Open again' }).click();
  await expect(page.getByText('Open', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Remove note 1' }).click();
  await expect(page.getByText('Nobody wrote anything yet.')).toBeVisible();
  await page.getByRole('button', { name: /^Remove Several addresses/ }).click();
  await expect(findings).toHaveCount(0);
  await page.getByRole('button', { name: 'Actions for the case' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete case' }).click();
  await expect(page.getByText('The case is deleted.')).toBeVisible();
  await expect(page.getByText('No open cases')).toBeVisible();
  for (const viewer of viewers) viewer.leave();
});

test('a case is begun empty, and is closed to who only reads', async ({ page, browser }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/misuse/cases'));
  await page.getByRole('button', { name: 'New case' }).click();
  const dialog = page.getByRole('dialog', { name: 'New case' });
  await dialog.getByLabel('Title').fill('Nothing known yet');
  await dialog.getByRole('button', { name: 'Open case' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Nothing known yet' })).toBeVisible();
  await expect(page.getByText('Nothing is in it yet.')).toBeVisible();
  await expectFitEverywhere(page, 'an empty case');
  const path = new URL(page.url()).pathname;
  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, user('nanoReadOnly'));
  for (const closed of ['/misuse/cases', path]) {
    await other.goto(at(closed));
    await expect(other.getByText('Closed to your role')).toBeVisible();
  }
  await context.close();
  await page.getByRole('button', { name: 'Actions for the case' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('dialog', { name: 'Rename case' }).getByLabel('Title').fill('Known by now');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Known by now' })).toBeVisible();
});

test('a new case is made with what is put into it, whatever is lost on the way', async ({ page }) => {
  test.slow();
  const { viewers } = await passedOn('once-thief');
  await signIn(page, user('nanoUser'));
  // Whatever would be a second step fails.
  await page.route('**/graphql', (route) => (route.request().postData()?.includes('addToCase') ? route.abort() : route.fallback()));
  await page.goto(at('/misuse/addresses?last=15&user=once-thief&open=127.40.3.7'));
  await page.getByRole('dialog', { name: 'Address' }).getByRole('button', { name: 'Add to case: 127.40.3.7' }).click({ timeout: 60_000 });
  const dialog = page.getByRole('dialog', { name: 'Add 127.40.3.7 to a case' });
  const choice = dialog.getByRole('combobox', { name: 'Case' });
  const title = dialog.getByLabel('Title of the new case');
  await expect(choice.or(title).first()).toBeVisible();
  if (await choice.isVisible()) await choice.selectOption('A new case');
  await title.fill('Made once');
  await dialog.getByRole('button', { name: 'Add to case' }).click();
  await expect(page.getByText('Added to “Made once”.')).toBeVisible();
  await page.goto(at('/misuse/cases'));
  const listed = page.getByRole('row').filter({ hasText: 'Made once' });
  await expect(listed).toHaveCount(1);
  await expect(listed).toContainText('1 address');
  const control = await Control.signedIn(user('nanoUser'));
  const id = (await listed.getByRole('link').getAttribute('href'))!.split('/').pop();
  await control.change('deleteCase', { id });
  await control.close();
  for (const viewer of viewers) viewer.leave();
});
