// A tab that is left open: hours' worth of events pass through it, and it does not grow.
// On a platform of its own, since so many viewers and findings would stand in the way of others' in its views.
import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Browser, type CDPSession, type Page, type WebSocket, expect, test } from '@playwright/test';
import { Connection } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { signIn } from '../support/people.ts';
import { places } from '../support/places.ts';
import { begin, drain, ready } from '../support/process.ts';
import { Watcher } from '../support/thieves.ts';
import { asked } from '../support/viewers.ts';

const shared = process.env.PORTCULLIS_DATA;
let data: string;
let platform: ChildProcess;

test.beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portcullis-left-open-'));
  platform = begin(data, places(data));
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
});

test.afterAll(async () => {
  process.env.PORTCULLIS_DATA = shared;
  await drain(platform);
  rmSync(data, { recursive: true });
});

const at = (path: string) => new URL(path, demo().dashboard).href;

/**
 * As many as are turned away within two hours where three players never give up: ours waits 11 s between two attempts then
 * (7.5 to 15 s, web/player/backoff.js), which is 640 attempts each. Here each comes from an address of its own.
 */
const EVENTS = 2_000;
/** What is in the page anyway by then: lists are full. */
const BEFORE = 600;
/** Beside so many that are turned away, some come and leave. */
const AT_ONCE = 20;
const VISITS = 3;

/** And some stay: they are heard of every 10 s, and what was sent to them moves the counters. */
const STAYING = 10;

/** The rows of the activity once no more are kept, with their head. */
const FULL = 201;

/** The findings once no more are kept. */
const KEPT = 200;
/** Tokens that are passed on: at least four signs each, two of the token and two of its viewer; the list is full before. */
const [FIRST, SECOND, THIRD] = [60, 20, 60];
const THIEVES_AT_ONCE = 5;

type Made = { token: string; jti: string };
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

function expectBounded(path: string, before: Size, after: Size): void {
  console.log(`${path}: ${JSON.stringify(before)}, and later ${JSON.stringify(after)}`);
  expect(after.nodes, `${path}: nodes`).toBeLessThan(before.nodes * 1.25 + 500);
  expect(after.listeners, `${path}: listeners`).toBeLessThan(before.listeners * 1.25 + 100);
  expect(after.heap, `${path}: memory`).toBeLessThan(before.heap + 8e6);
}

/** Tokens, each of a viewer of its own. */
async function tokens(name: string, many: number): Promise<Made[]> {
  const control = await Control.signedIn(user('nanoAdmin'));
  const made: Made[] = [];
  while (made.length < many) {
    const of = (_: unknown, i: number) => ({ streams: [testStream().name], ttlSeconds: 600, user: `${name}-${made.length + i}` });
    const some = Array.from({ length: Math.min(100, many - made.length) }, of);
    type Some = { tokens: { token: string; record: { jti: string } }[] };
    const { tokens } = await control.change<Some>('createPlaybackTokens', { tokens: some }, 'tokens { token record { jti } }');
    made.push(...tokens.map(({ token, record: { jti } }) => ({ token, jti })));
  }
  await control.close();
  return made;
}

/** Comes, sees that there is something, and leaves. */
async function visit(token: string, address: string): Promise<void> {
  (await Watcher.from(address, token)).leave();
}

/** Stay until they leave, each at home. */
const stay = (made: Made[]) => Promise.all(made.map(({ token }, n) => Watcher.from(place(62, n), token)));

/** How often a page was told the counters so far. */
function counters(page: Page): () => number {
  let told = 0;
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (String(payload).includes('bytesPerSecond')) told += 1;
    }),
  );
  return () => told;
}

const place = (second: number, n: number) => `127.${second}.${(n >> 8) & 255}.${n & 255}`;

/**
 * So many refusals, some at a time, and viewers beside them who come and leave; each address is refused a few times only, so
 * that none is slowed, and each viewer stays at home.
 */
async function come(from: number, many: number, refused: string[], viewers: Made[]): Promise<void> {
  for (let n = from; n < from + many; n += AT_ONCE) {
    const turnedAway = Array.from({ length: AT_ONCE }, (_, i) => n + i);
    const letIn = Array.from({ length: VISITS }, (_, i) => ((n / AT_ONCE) * VISITS + i) % viewers.length);
    await Promise.all([
      ...turnedAway.map((i) => asked(refused[i % refused.length]!, place(60, i))),
      ...letIn.map((i) => visit(viewers[i]!.token, place(61, i))),
    ]);
  }
}

const visits = (many: number) => (many / AT_ONCE) * VISITS;

/** Each of these tokens is passed on to three countries. */
async function passOn(made: Made[]): Promise<void> {
  for (let n = 0; n < made.length; n += THIEVES_AT_ONCE) {
    const some = made.slice(n, n + THIEVES_AT_ONCE);
    await Promise.all(some.flatMap(({ token }, i) => [1, 2, 4].map((third) => visit(token, `127.40.${third}.${1 + ((n + i) % 250)}`))));
  }
}

async function count(page: Page, reason: string): Promise<number> {
  const value = page.getByRole('listitem').filter({ hasText: reason }).locator('.bar-value');
  return (await value.count()) ? Number(await value.innerText()) : 0;
}

/** Opens it; once what happens is told there. */
async function open(page: Page, path: string): Promise<CDPSession> {
  const acknowledged: WebSocket[] = [];
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (String(payload).includes('connection_ack')) acknowledged.push(socket);
    }),
  );
  await page.goto(at(path));
  await expect.poll(() => acknowledged.some((one) => !one.isClosed()), { message: 'it is told what happens' }).toBe(true);
  // What was loaded before it listened, it asks for once more.
  await page.waitForLoadState('networkidle');
  await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
  return page.context().newCDPSession(page);
}

/**
 * Opens the overview of somebody of the other organisation, where nothing happens; what is asked for there from when all is
 * known that there is.
 */
async function openQuiet(browser: Browser): Promise<{ page: Page; asked: string[] }> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, user('outsider'));
  const asked: string[] = [];
  page.on('request', (request) => asked.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.goto(at('/overview'));
  // The first counters that it hears are news to it: 5 s later the sums are asked for once more.
  const times = (word: string) => asked.filter((one) => one.includes(word)).length;
  const fewest = () => Math.min(times('timeseries'), times('world'));
  await expect.poll(fewest, { message: 'sums are asked for anew', timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  asked.length = 0;
  return { page, asked };
}

test('a tab that is left open does not grow, however many come, leave and are turned away', async ({ page, browser }) => {
  test.setTimeout(300_000);
  const quiet = await openQuiet(browser);
  const since = Date.now();
  const [revoked] = await tokens('left-open', 1);
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.revoke(revoked!.jti);
  await control.close();
  const refused = [revoked!.token, 'nonsense'];
  const viewers = await tokens('guest', 200);
  const told = counters(page);
  const staying = await stay(await tokens('staying', STAYING));
  await signIn(page, user('nanoUser'));
  for (const path of ['/overview', '/activity']) {
    const session = await open(page, path);
    const refusedBefore = path === '/overview' ? await count(page, 'TOKEN_MALFORMED') : 0;
    await come(0, BEFORE, refused, viewers);
    if (path === '/overview') await expect.poll(() => count(page, 'TOKEN_MALFORMED')).toBe(refusedBefore + BEFORE / 2);
    if (path === '/activity') await expect(page.getByRole('row')).toHaveCount(FULL, { timeout: 60_000 });
    // Once more: what takes the place of other rows is measured, not what takes an empty place.
    await size(session);
    await come(BEFORE, BEFORE, refused, viewers);
    const before = await size(session);
    await come(2 * BEFORE, EVENTS, refused, viewers);
    if (path === '/overview') {
      await expect.poll(() => count(page, 'TOKEN_MALFORMED')).toBe(refusedBefore + BEFORE + EVENTS / 2);
      const came = visits(2 * BEFORE + EVENTS) + STAYING;
      await expect.poll(() => count(page, 'Unknown country'), { message: 'all of them came', timeout: 30_000 }).toBe(came);
      const now = (name: string) => page.locator('.stat').filter({ hasText: name }).locator('dd');
      await expect(now('Viewers now'), 'and left, but those who stay').toHaveText(String(STAYING));
      // From here on nobody comes or goes: what is told was heard of those who stay.
      const heard = told();
      await expect.poll(told, { message: 'they are heard of', timeout: 30_000 }).toBeGreaterThan(heard);
      await expect(now('Sent to viewers')).not.toHaveText(/^(–|0 )/);
    } else {
      await expect(page.getByRole('row')).toHaveCount(FULL);
      for (const what of [/^Let in/, /^Left/, /^Turned away/]) {
        await expect(page.getByRole('row').filter({ hasText: what }), `${what}`).not.toHaveCount(0);
      }
    }
    expectBounded(path, before, await size(session));
    await session.detach();
  }
  expect(staying.some((one) => one.isOver), 'they stayed').toBe(false);
  for (const one of staying) one.leave();

  // What arrives by subscription is not asked for: only what happens there has that page ask.
  expect(Date.now() - since, 'longer than anybody would wait to ask again').toBeGreaterThan(12_000);
  expect(quiet.asked, 'a page where nothing happens asks for nothing').toEqual([]);
  const southgate = await Control.signedIn(user('outsider'));
  await southgate.stream('Something happens');
  await southgate.close();
  await expect.poll(() => quiet.asked.length, { message: 'and it did hear' }).toBeGreaterThan(0);
  await quiet.page.context().close();
});

test('nor does a view that is drawn anew every 5 s while they watch', async ({ page }) => {
  test.setTimeout(300_000);
  const seen = await tokens('seen', 60);
  const staying = await stay(seen.slice(0, STAYING));
  let [turn, drawn] = [0, 0];
  const come = async () => visit(seen[turn % seen.length]!.token, place(63, turn++ % seen.length));
  while (turn < seen.length) await come();
  await signIn(page, user('nanoUser'));
  page.on('response', (response) => {
    if (response.request().postData()?.includes('topProviders')) drawn += 1;
  });
  const session = await open(page, '/misuse/tokens');
  const rows = page.getByRole('table').getByRole('row');
  await expect(rows, 'a page of them, with its head').toHaveCount(51);
  /** Until it was drawn anew so often: somebody comes and leaves all the time, so that other rows stand at its top. */
  const redrawn = async (times: number) => {
    const enough = drawn + times;
    while (drawn < enough) {
      await come();
      await pause(250);
    }
  };
  await redrawn(2);
  const before = await size(session);
  // Two hours have 1 440 of these; one that left a page of rows behind would be seen after the first.
  await redrawn(6);
  await expect(rows).toHaveCount(51);
  expectBounded('/misuse/tokens', before, await size(session));
  expect(staying.some((one) => one.isOver), 'they stayed').toBe(false);
  for (const one of staying) one.leave();
  await session.detach();
});

test('nor does one in which thieves are found again and again', async ({ page }) => {
  test.setTimeout(300_000);
  const thieves = await tokens('thief', FIRST + SECOND + THIRD);
  await signIn(page, user('nanoUser'));
  const session = await open(page, '/misuse');
  const rows = page.getByRole('list', { name: 'Findings' }).getByRole('listitem');
  await passOn(thieves.slice(0, FIRST));
  await expect(rows).toHaveCount(KEPT, { timeout: 60_000 });
  await size(session);
  await passOn(thieves.slice(FIRST, FIRST + SECOND));
  const before = await size(session);
  const later = thieves.slice(FIRST + SECOND);
  await passOn(later);
  for (const { jti } of [later.at(-20)!, later.at(-1)!]) {
    for (const sign of ['Several addresses', 'Several countries']) {
      await expect(rows.filter({ hasText: jti }).filter({ hasText: sign }), 'it arrived by itself').toHaveCount(1);
    }
  }
  await expect(rows.filter({ hasText: thieves[0]!.jti }), 'it made way').toHaveCount(0);
  await expect(rows).toHaveCount(KEPT);
  expectBounded('/misuse', before, await size(session));
  await session.detach();
});

test('what "Show more" brought is there again when the connection comes back', async ({ page }) => {
  test.setTimeout(300_000);
  const connection = await Connection.of(page);
  await signIn(page, user('nanoUser'));
  await passOn(await tokens('shown', 30));
  await page.goto(at('/misuse'));
  const rows = page.getByRole('list', { name: 'Findings' }).getByRole('listitem');
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(50);
  const first = await rows.count();
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(first);
  const shown = await rows.count();
  let answered = 0;
  page.on('response', (response) => {
    if (response.request().postData()?.includes('findings(')) answered += 1;
  });
  await connection.tear();
  await connection.mend();
  // One answer for each page that had arrived.
  await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(shown);
});
