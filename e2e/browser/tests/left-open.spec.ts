// A tab that is left open: hours' worth of events pass through it, and it does not grow.
import { type CDPSession, type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { signIn } from '../support/people.ts';
import { asked } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;

/** As many as a busy organisation turns away within two hours, from as many addresses. */
const EVENTS = 2_400;
/** What is in the page anyway by then: lists are full. */
const BEFORE = 600;

/** The rows of the activity once no more are kept, with their head. */
const FULL = 201;

type Size = { nodes: number; listeners: number; heap: number };

/** Once what was told is drawn: two looks, a second apart, see the same. */
async function size(session: CDPSession): Promise<Size> {
  let last = -1;
  await expect
    .poll(async () => {
      await session.send('HeapProfiler.collectGarbage');
      const { nodes } = await session.send('Memory.getDOMCounters');
      const same = nodes === last;
      last = nodes;
      return same;
    }, { intervals: [1_000], timeout: 60_000 })
    .toBe(true);
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  // What WebAssembly holds is the module's memory, which counts as backing storage where the browser says it.
  const usage = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
  return { nodes, listeners: jsEventListeners, heap: usage.usedSize + (usage.backingStorageSize ?? 0) };
}

/** So many refusals, some at a time; each address is refused a few times only, so that none is slowed. */
async function refuse(from: number, count: number, tokens: string[]): Promise<void> {
  for (let n = from; n < from + count; n += 20) {
    const some = Array.from({ length: 20 }, (_, i) => n + i);
    await Promise.all(some.map((i) => asked(tokens[i % tokens.length]!, `127.60.${(i >> 8) & 255}.${i & 255}`)));
  }
}

async function count(page: Page, reason: string): Promise<number> {
  const value = page.getByRole('listitem').filter({ hasText: reason }).locator('.bar-value');
  return (await value.count()) ? Number(await value.innerText()) : 0;
}

test('a tab that is left open does not grow, however much happens', async ({ page }) => {
  test.setTimeout(300_000);
  const control = await Control.signedIn(user('nanoAdmin'));
  const revoked = await control.playbackToken(testStream().name, 'left-open');
  await control.revoke(revoked.jti);
  await control.close();
  const tokens = [revoked.token, 'nonsense'];
  await signIn(page, user('nanoUser'));
  for (const path of ['/overview', '/activity', '/misuse']) {
    await page.goto(at(path));
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
    const session = await page.context().newCDPSession(page);
    const told = path === '/overview' ? await count(page, 'TOKEN_MALFORMED') : 0;
    await refuse(0, BEFORE, tokens);
    if (path === '/overview') await expect.poll(() => count(page, 'TOKEN_MALFORMED')).toBe(told + BEFORE / 2);
    if (path === '/activity') await expect(page.getByRole('row')).toHaveCount(FULL, { timeout: 60_000 });
    // Once more: what takes the place of other rows is measured, not what takes an empty place.
    await size(session);
    await refuse(BEFORE, BEFORE, tokens);
    const before = await size(session);
    await refuse(2 * BEFORE, EVENTS, tokens);
    if (path === '/overview') await expect.poll(() => count(page, 'TOKEN_MALFORMED')).toBe(told + BEFORE + EVENTS / 2);
    const after = await size(session);
    console.log(`${path}: ${JSON.stringify(before)}, after ${EVENTS} more ${JSON.stringify(after)}`);
    expect(after.nodes, `${path}: nodes`).toBeLessThan(before.nodes * 1.25 + 500);
    expect(after.listeners, `${path}: listeners`).toBeLessThan(before.listeners * 1.25 + 100);
    expect(after.heap, `${path}: memory`).toBeLessThan(before.heap + 8e6);
    await session.detach();
  }
});
