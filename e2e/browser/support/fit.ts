// Whether a page is fit for everybody: no violation that axe can find, and nothing to scroll sideways.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';

export async function expectFitForAll(page: Page, name: string): Promise<void> {
  await settle(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect(told, name).toEqual([]);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `${name} scrolls sideways`).toBeLessThanOrEqual(window!);
  await page.screenshot({ path: `results/screenshots/${name.replaceAll(' ', '-')}.png`, fullPage: true });
}

/**
 * Looks again and again until nothing fades, for what begins to fade because of it too: until then colours are others.
 * The promises of animations are not waited for, since that of an element which leaves the page may stay open for good.
 */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async (patience) => {
    const fading = () =>
      document
        .getAnimations()
        .some((one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity);
    const until = performance.now() + patience;
    do await new Promise((later) => setTimeout(later, 30));
    while (fading() && performance.now() < until);
  }, LONGEST_FADE_MS);
}

/** Longer than anything fades. What seems to go on for longer stands still: what is drawn then is what people see. */
const LONGEST_FADE_MS = 3_000;

/** The page as it stands now, in both colour schemes, wide and narrow. */
export async function expectFitEverywhere(page: Page, name: string): Promise<void> {
  for (const [look, width, height] of [['wide', 1440, 900], ['narrow', 390, 844]] as const) {
    await page.setViewportSize({ width, height });
    await expectFitLightAndDark(page, `${name}, ${look}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** The page as it stands now, in both colour schemes. */
export async function expectFitLightAndDark(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectFitForAll(page, `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
