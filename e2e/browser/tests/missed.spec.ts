// Nothing is missed: neither what is told while an answer is on its way, nor what happens while nothing can be told.
import { type Page, expect, test } from '@playwright/test';
import { Connection, hold } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { signIn } from '../support/people.ts';
import { Viewer, asked } from '../support/viewers.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const interrupted = (page: Page) => page.getByText('Live updates are interrupted');

/** From where somebody was turned away of late, as it can be asked for. */
async function refusedFrom(page: Page): Promise<string[]> {
  const query = '{ organisation { refusals(first: 50) { nodes { address } } } }';
  const answer = await page.request.post(demo().graphql, { data: { query } });
  const { data } = (await answer.json()) as { data: { organisation: { refusals: { nodes: { address: string }[] } } } };
  return data.organisation.refusals.nodes.map(({ address }) => address);
}

/** Somebody is turned away while the page hears nothing. */
async function missed(page: Page, connection: Connection, address: string): Promise<void> {
  await connection.tear();
  await expect(interrupted(page)).toBeVisible();
  await asked('nonsense', address);
  await expect.poll(() => refusedFrom(page)).toContain(address);
  await connection.mend();
  await expect(interrupted(page)).toHaveCount(0, { timeout: 30_000 });
}

test('a sign of misuse that is told while the list is on its way stands in it', async ({ page }) => {
  test.slow();
  const connection = await Connection.of(page);
  await signIn(page, user('nanoUser'));
  const findings = await hold(page, 'findings(');
  await page.goto(at('/misuse'));
  await expect.poll(findings.asked, 'the list was read').toBeGreaterThan(0);
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, 'told-meanwhile', 600);
  await control.close();
  const viewers = [];
  for (const third of [1, 2, 3, 4]) viewers.push(await Viewer.from(`127.46.${third}.1`, token));
  await expect.poll(() => connection.hasHeard(jti), { message: 'it was told', timeout: 60_000 }).toBe(true);
  for (const viewer of viewers) viewer.leave();
  findings.release();
  await expect(page.getByRole('list', { name: 'Findings' }).getByRole('listitem').filter({ hasText: jti })).not.toHaveCount(0);
});

test('who is turned away while the connection is away stands at the doors once it is back', async ({ page }) => {
  const connection = await Connection.of(page);
  await signIn(page, user('nanoUser'));
  await page.goto(at('/activity'));
  await asked('nonsense', '127.77.1.1');
  const doors = page.getByRole('table', { name: 'Events at the doors' }).getByRole('row');
  await expect(doors.filter({ hasText: '127.77.1.1' })).toHaveCount(1);
  await missed(page, connection, '127.77.1.2');
  await expect(doors.filter({ hasText: '127.77.1.2' })).toHaveCount(1);
  await expect(doors.filter({ hasText: '127.77.1.1' }), 'what was there is there once').toHaveCount(1);
  await asked('nonsense', '127.77.1.3');
  await expect(doors.filter({ hasText: '127.77.1.3' }), 'and what happens from then on').toHaveCount(1);
});

test('and beside the stream that they wanted to watch', async ({ page }) => {
  const connection = await Connection.of(page);
  await signIn(page, user('nanoUser'));
  await page.goto(at(`/streams/${testStream().name}`));
  const refusals = page.getByRole('table', { name: 'Latest refusals' }).getByRole('row');
  await missed(page, connection, '127.77.2.1');
  await expect(refusals.filter({ hasText: '127.77.2.1' })).toHaveCount(1);
});
