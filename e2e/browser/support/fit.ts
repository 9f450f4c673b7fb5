// Whether a page is fit for everybody: no violation that axe can find, and nothing to scroll sideways.
// With PORTCULLIS_PICTURES each look is kept as a picture, in results/screenshots.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Page, expect } from '@playwright/test';
import type { RunOptions } from 'axe-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function expectFitForAll(page: Page, name: string, rules?: string[]): Promise<void> {
  let found = await violations(page, rules);
  for (let look = 1; found.length > 0 && look < LOOKS; look++) found = await violations(page, rules);
  expect(found, name).toEqual([]);
  await expectNothingSideways(page, name);
  if (process.env.PORTCULLIS_PICTURES) {
    await page.screenshot({ path: `results/screenshots/${name.replaceAll(' ', '-')}.png`, fullPage: true });
  }
}

async function expectNothingSideways(page: Page, name: string): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `${name} scrolls sideways`).toBeLessThanOrEqual(window!);
  const dialogs = await page.evaluate(() =>
    [...document.querySelectorAll('dialog[open]')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map((one) => `${one.getAttribute('aria-label')}: ${one.scrollWidth} in ${one.clientWidth}`),
  );
  expect(dialogs, `${name}: a dialog scrolls sideways`).toEqual([]);
}

/** Between a phone and a wide window, where tables are wider than their place: nothing but they scrolls sideways. */
export async function expectFitBetween(page: Page, name: string): Promise<void> {
  for (const width of [768, 900, 1024]) {
    await page.setViewportSize({ width, height: 800 });
    await expectNothingSideways(page, `${name}, ${width} wide`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** What axe finds on the page once it stands still, each with where and why; by these rules where some are named. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  await settle(page);
  // axe's own package for Playwright opens another page for each look, to sum up what frames said. Of ours only that of a
  // mail is one, and nothing runs in it.
  await page.evaluate(`'axe' in window || (() => { ${AXE} })()`);
  return page.evaluate(async (rules) => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    // What is in order is not described: that takes as long as looking.
    const options: RunOptions = { resultTypes: ['violations'], iframes: false, ...(rules && { runOnly: rules }) };
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary ?? ''}`),
    );
  }, rules);
}

/**
 * Looks again and again until nothing fades, for what begins to fade because of it too: until then colours are others.
 * What goes by how far something is scrolled stands still while nobody scrolls.
 * The promises of animations are not waited for, since that of an element which leaves the page may stay open for good.
 */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async (patience) => {
    const fading = () =>
      document
        .getAnimations()
        .some(
          (one) =>
            one.timeline === document.timeline &&
            one.playState === 'running' &&
            one.effect?.getComputedTiming().endTime !== Infinity,
        );
    const until = performance.now() + patience;
    do await new Promise((later) => setTimeout(later, 30));
    while (fading() && performance.now() < until);
  }, LONGEST_FADE_MS);
}

/** The rules of axe that look at colours, of those that we keep. */
const ABOUT_COLOURS = ['color-contrast', 'link-in-text-block'];

/** What begins to fade while axe looks is told as if it stayed; what stays is told at every look. */
const LOOKS = 3;

/** Longer than anything fades. What seems to go on for longer stands still: what is drawn then is what people see. */
const LONGEST_FADE_MS = 3_000;

/** The page as it stands now, in both colour schemes, wide and narrow; and at the widths between, that it fits. */
export async function expectFitEverywhere(page: Page, name: string): Promise<void> {
  for (const [look, width, height] of [['wide', 1440, 900], ['narrow', 390, 844]] as const) {
    await page.setViewportSize({ width, height });
    await expectFitLightAndDark(page, `${name}, ${look}`);
  }
  await expectFitBetween(page, name);
}

/** The page as it stands now, in both colour schemes. The second differs in nothing but its colours. */
export async function expectFitLightAndDark(page: Page, name: string): Promise<void> {
  for (const [colorScheme, rules] of [['light', undefined], ['dark', ABOUT_COLOURS]] as const) {
    await page.emulateMedia({ colorScheme });
    await expectFitForAll(page, `${name}, ${colorScheme}`, rules);
  }
  await page.emulateMedia({ colorScheme: null });
}
