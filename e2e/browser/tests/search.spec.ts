// The search box: from any page by keyboard, grouped, fit for everybody, and nothing in it that the role may not read.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { testStream, user } from '../support/demo.ts';
import { signIn } from '../support/people.ts';

const box = (page: Page) => page.getByRole('dialog', { name: 'Search' });
const field = (page: Page) => box(page).getByRole('combobox');
const group = (page: Page, name: string) => box(page).getByRole('group', { name });

async function expectFit(page: Page, name: string): Promise<void> {
  await page.evaluate(async () => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ends.map((one) => one.finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect(told, name).toEqual([]);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `${name} scrolls sideways`).toBeLessThanOrEqual(window!);
  await page.screenshot({ path: `results/screenshots/search-${name.replaceAll(' ', '-')}.png` });
}

test('a stream is found and opened by keyboard alone, and is at hand the next time', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await page.keyboard.press('Control+k');
  await expect(field(page)).toBeFocused();
  await expect(box(page)).toContainText('Find anything by its name');
  // Without the organisation's hash, in another case.
  const [, alias] = testStream().name.split('-');
  await page.keyboard.type(alias!.toLowerCase());
  await expect(group(page, 'Streams').getByRole('option')).toHaveCount(1);
  await expect(group(page, 'Streams').getByRole('option')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(box(page)).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`/streams/${testStream().name}$`));

  await page.keyboard.press('Control+k');
  await expect(group(page, 'Recent').getByRole('option')).toContainText(testStream().name);
  await page.keyboard.press('Escape');
  await expect(box(page)).toBeHidden();
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(field(page)).toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(box(page)).toBeHidden();

  // Whoever comes next in this tab finds nothing of it.
  await page.getByRole('button', { name: /nanoAdmin/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Email')).toBeVisible();
  await signIn(page, user('nanoUser'));
  await page.keyboard.press('Control+k');
  await expect(box(page)).toContainText('Find anything by its name');
});

test('the arrows go through every group, and a token leads to its record', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { jti } = await control.playbackToken(testStream().name, 'box-viewer');
  await control.close();
  await signIn(page, user('nanoAdmin'));
  await page.keyboard.press('Control+k');
  await page.keyboard.type('box-viewer');
  const token = group(page, 'Tokens').getByRole('option');
  await expect(token).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/tokens\\?jti=${jti}`));
  await expect(page.getByText('Only the token')).toContainText(jti);
  await expect(page.getByRole('row').filter({ hasText: 'box-viewer' })).toHaveCount(1);
  await page.getByRole('link', { name: 'Show all tokens' }).click();
  await expect(page.getByText('Only the token')).toBeHidden();

  await page.keyboard.press('Control+k');
  await field(page).fill('a');
  await expect(group(page, 'Members').getByRole('option').first()).toBeVisible();
  await expect(group(page, 'Audit log').getByRole('option').first()).toBeVisible();
  const options = box(page).getByRole('option');
  const count = await options.count();
  await page.keyboard.press('ArrowUp');
  await expect(options.last()).toHaveAttribute('aria-selected', 'true');
  for (let n = 0; n < count; n += 1) {
    await page.keyboard.press('ArrowDown');
    await expect(options.nth(n)).toHaveAttribute('aria-selected', 'true');
    await expect(options.nth(n)).toBeInViewport();
    expect(await field(page).getAttribute('aria-activedescendant')).toBe(await options.nth(n).getAttribute('id'));
  }
});

test('who may not read members or the audit log is not offered them', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  await page.keyboard.press('Control+k');
  await expect(field(page)).toHaveAttribute('placeholder', 'Search streams');
  await field(page).fill('a');
  await expect(group(page, 'Streams')).toBeVisible();
  await expect(box(page).getByRole('group')).toHaveCount(1);
  await field(page).fill(user('nanoAdmin').email);
  await expect(box(page)).toContainText('Nothing found for');
});

test('a search that failed says so and is tried again', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await page.keyboard.press('Control+k');
  await page.route('**/graphql', (route) => route.abort());
  await field(page).fill('test');
  await expect(box(page)).toContainText('The server cannot be reached');
  await expectFit(page, 'failed');
  await page.unroute('**/graphql');
  await box(page).getByRole('button', { name: 'Try again' }).click();
  await expect(group(page, 'Streams').getByRole('option').first()).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    const look = `${colorScheme} ${width}`;
    test(`the box is fit for everybody, ${look}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await signIn(page, user('nanoAdmin'));
      await page.getByRole('button', { name: 'Search' }).click();
      await expect(field(page)).toBeFocused();
      await expectFit(page, `empty ${look}`);
      await field(page).fill('test');
      await expect(group(page, 'Streams').getByRole('option').first()).toBeVisible();
      await field(page).fill('n');
      await expect(group(page, 'Members').getByRole('option').first()).toBeVisible();
      await expectFit(page, `found ${look}`);
      await field(page).fill('nothing of this name %_*');
      await expect(box(page)).toContainText('Nothing found for');
      await expectFit(page, `nothing ${look}`);
      await field(page).fill('test');
      await group(page, 'Streams').getByRole('option').first().click();
      await expect(box(page)).toBeHidden();
      await page.getByRole('button', { name: 'Search' }).click();
      await expect(group(page, 'Recent').getByRole('option')).toHaveCount(1);
      await expectFit(page, `recent ${look}`);
    });
  }
}
