// People with long names, without a place to break them: nothing is pushed out of a page, and nothing beside them squeezed.
import { type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { newMember, signIn } from '../support/people.ts';

const LONG = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(2) + 'Wolfeschle';
const at = (path: string) => new URL(path, demo().dashboard).href;

test('somebody with a name of 80 letters fits into every list of people', async ({ page }) => {
  test.slow();
  const person = await newMember('Wolf', 'nanoAdmin', LONG);
  await signIn(page, person);
  await page.goto(at('/organisation/security'));
  await expect(page.getByRole('heading', { name: LONG })).toBeVisible();
  await expectUncut(page, 'security with a long name');
  await page.goto(at('/organisation/members'));
  await expect(page.getByRole('row', { name: LONG })).toBeVisible();
  await expectUncut(page, 'members with a long name');

  await page.goto(at('/tokens/banned'));
  await page.getByRole('button', { name: 'Ban a viewer' }).click();
  await page.getByRole('dialog').getByLabel('Viewer').fill(LONG);
  await page.getByRole('dialog').getByRole('button', { name: 'Ban viewer' }).click();
  const banned = page.getByRole('row', { name: LONG });
  await expect(banned.getByTitle(LONG)).toBeVisible();
  await expectUncut(page, 'a ban by a long name');
  await banned.getByRole('button', { name: /^Take back/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await expect(banned).toHaveCount(0);

  await page.goto(at('/organisation/audit'));
  const entry = page.getByRole('row', { name: LONG }).filter({ hasText: 'viewer.ban' }).first();
  await expect(entry).toBeVisible();
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(await linesOf(page), 'actions on one line').toEqual([1]);
  await expectUncut(page, 'audit log with a long name');
  await entry.getByTitle(`Only ${LONG}`).click();
  await expect(page.getByRole('button', { name: `${LONG} only` })).toBeVisible();
  await expectUncut(page, 'audit log of a long name');
});

test('a viewer with a long name fits where sessions and events are shown', async ({ page, request }) => {
  const person = await newMember('Walda', 'nanoAdmin');
  const control = await Control.signedIn(person);
  const { token } = await control.playbackToken(testStream().name, LONG);
  await control.close();
  const asked = () => request.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=${token}`).then((one) => one.status());
  await expect.poll(asked).toBe(200);
  await signIn(page, person);
  await page.goto(at('/activity'));
  await expect(page.getByTitle(LONG).first()).toBeVisible();
  await expectUncut(page, 'activity with a long name');
});

/** Fit for everybody, and no table wider than its place: on a narrow screen what stands at its end would not be seen. */
async function expectUncut(page: Page, name: string): Promise<void> {
  await expectFitEverywhere(page, name);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    const wider = () => page.locator('.table-wrap').evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
    await expect.poll(wider, `${name}, ${width} wide`).toBe(0);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** The numbers of lines that the actions of the audit log take. */
async function linesOf(page: Page): Promise<number[]> {
  const lines = await page.getByRole('rowheader').getByRole('button').evaluateAll((all) =>
    all.map((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    }),
  );
  return [...new Set(lines)];
}
