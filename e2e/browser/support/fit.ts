// Whether a page is fit for everybody: no violation that axe can find, and nothing to scroll sideways.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';

export async function expectFitForAll(page: Page, name: string): Promise<void> {
  // What still fades in has other colours.
  await page.evaluate(async () => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ends.map((one) => one.finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect(told, name).toEqual([]);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `${name} scrolls sideways`).toBeLessThanOrEqual(window!);
  await page.screenshot({ path: `results/screenshots/${name.replaceAll(' ', '-')}.png`, fullPage: true });
}

/** The page as it stands now, in both colour schemes. */
export async function expectFitLightAndDark(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectFitForAll(page, `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
