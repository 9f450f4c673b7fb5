// What is looked at in tables that are wider than their place.
import { type Locator, type Page, expect } from '@playwright/test';

/** By Tab and back, every head that orders the rows is seen: columns that stand still cover none. */
export async function expectSeenByKeyboard(page: Page, table: Locator, heads: string[]): Promise<void> {
  const button = (head: string) => table.getByRole('columnheader', { name: head, exact: true }).getByRole('button');
  const isSeen = (one: Element) => {
    const { left, right, top, height } = one.getBoundingClientRect();
    return [left + 1, right - 1].every((x) => one.contains(document.elementFromPoint(x, top + height / 2)));
  };
  await button(heads[0]!).focus();
  for (const [key, way] of [['Tab', heads.slice(1)], ['Shift+Tab', heads.slice(0, -1).reverse()]] as const) {
    for (const head of way) {
      await page.keyboard.press(key);
      await expect(button(head)).toBeFocused();
      expect(await button(head).evaluate(isSeen), `${head} is seen by ${key}`).toBe(true);
    }
  }
}

/** Of the columns that stand still none covers another, in the head and in every row. */
export async function expectApart(table: Locator): Promise<void> {
  const beside = await table.locator('tr').evaluateAll((rows) =>
    rows.map((row) => {
      const [score, state, acts] = ['.stay-score', '.stay-state', '.stay-acts'].map((of) => row.querySelector(of)!.getBoundingClientRect());
      return [state!.left - score!.right, acts!.left - state!.right].map(Math.round);
    }),
  );
  expect(beside.length, 'there are rows').toBeGreaterThan(1);
  for (const [score, state] of beside) {
    expect(score, 'Score is not covered').toBeGreaterThanOrEqual(0);
    expect(state, 'what it is is not covered').toBeGreaterThanOrEqual(0);
  }
}
