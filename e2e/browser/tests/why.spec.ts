// Why was this viewer refused? Beside each refusal, and by the id that the viewer was told.
import { expect, type Locator, type Page, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';

/** A viewer whose token is for another site; what they are told. */
async function refused(token: string): Promise<{ reason: string | null; decision: string }> {
  const answer = await fetch(`${demo().http}/live/${testStream().name}/index.m3u8?token=${token}`);
  return { reason: answer.headers.get('x-deny-reason'), decision: answer.headers.get('x-decision-id') ?? '' };
}

const latest = (page: Page): Locator => page.getByRole('table', { name: 'Latest refusals' });

test('a refusal says what was looked at, beside it and by its id', async ({ page }) => {
  // Pages are judged in each look.
  test.slow();
  const control = await Control.signedIn(user('nanoUser'));
  const { token, jti } = await control.playbackToken(testStream().name, 'ann', 600, { domains: ['example.com'] });
  // Before anybody looks.
  const { reason, decision } = await refused(token);
  expect(reason).toBe('TOKEN_DOMAIN');
  await signIn(page, user('nanoUser'));
  await page.goto(`${demo().http}/streams/${testStream().name}`);
  await expect(page.getByRole('heading', { name: 'Watching now' })).toBeVisible();
  const row = latest(page).getByRole('row').filter({ hasText: 'TOKEN_DOMAIN' }).filter({ hasText: 'ann' });
  await expect(row).toHaveCount(1);
  // And while somebody looks.
  await refused(token);
  await expect(row).toHaveCount(2);
  await row.last().getByRole('button', { name: 'Why?' }).click();
  const why = page.getByRole('dialog', { name: 'Why this was refused' });
  const steps = why.getByRole('table', { name: 'What was looked at' }).getByRole('row');
  await expect(steps.last()).toContainText('Refused');
  await expect(steps.last()).toContainText('example.com');
  await expect(steps.nth(1)).toContainText('Passed');
  await expect(why).toContainText('TOKEN_DOMAIN');
  for (const known of ['ann', jti]) await expect(why.getByRole('definition').filter({ hasText: known })).toBeVisible();
  // Moments are told in the reader's own zone, which is named; no number of seconds is.
  await expect(steps.filter({ hasText: 'times' })).toContainText(/issued .*\d:\d\d.* (UTC|GMT|[A-Z]{2,4}).* ends /);
  await expect(steps.filter({ hasText: 'times' })).not.toContainText(/\d{10} s|\dT\d/);
  await expectFitEverywhere(page, 'why somebody was refused');
  await why.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${demo().http}/activity`);
  const doors = page.getByRole('table', { name: 'Events at the doors' }).getByRole('row');
  await expect(doors.filter({ hasText: 'TOKEN_DOMAIN' }).filter({ hasText: 'ann' })).toHaveCount(2);
  await page.getByLabel('Decision id').fill(` ${decision} `);
  await expectFitEverywhere(page, 'asking why by id');
  await page.getByRole('button', { name: 'Why was this refused?' }).click();
  await expect(steps.last()).toContainText('Refused');
  await why.getByRole('button', { name: 'Done' }).click();
  await page.getByLabel('Decision id').fill('dec_nobody');
  await page.getByRole('button', { name: 'Why was this refused?' }).click();
  await expect(why.getByRole('alert')).toBeVisible();
  await expectFitEverywhere(page, 'why of an id that is none');
  await control.close();
});

test('what a viewer copies for the help desk has the id that says why', async ({ page }) => {
  const control = await Control.signedIn(user('nanoUser'));
  const { token, jti } = await control.playbackToken(testStream().name, 'helped-ann');
  const link = `${demo().http}/watch#stream=${testStream().name}&token=${token}`;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: demo().http });
  const copied = async (viewer: Page) => {
    await viewer.bringToFront();
    await viewer.getByRole('button', { name: 'Copy these details' }).click();
    await expect(viewer.getByText('Copied', { exact: true })).toBeVisible();
    return viewer.evaluate(() => navigator.clipboard.readText());
  };
  const viewer = await page.context().newPage();
  const help = viewer.getByRole('region', { name: 'For the help desk' });
  await viewer.goto(link);
  await expectToPlay(viewer.locator('portcullis-player video'));
  await control.revoke(jti);
  await control.close();
  await expect(help).toContainText('TOKEN_REVOKED (4416)');
  await expect(help.getByText('Decision id'), 'who is cut while they watch is told none').toBeHidden();
  expect(await copied(viewer)).not.toContain('Decision id');

  // Whoever comes again is told it, by WebSocket and by HLS.
  await viewer.reload();
  const hls = await page.context().newPage();
  await hls.addInitScript(() => {
    Reflect.deleteProperty(window, 'MediaSource');
    Reflect.deleteProperty(window, 'ManagedMediaSource');
    HTMLMediaElement.prototype.canPlayType = () => 'maybe';
  });
  await hls.goto(link);
  const ids: string[] = [];
  for (const one of [viewer, hls]) {
    const id = await one.getByRole('definition').filter({ hasText: /^dec_\w{20,}$/ }).innerText();
    expect((await copied(one)).split('\n').slice(0, 4)).toEqual([
      'Reason: TOKEN_REVOKED (4416)',
      `Decision id: ${id}`,
      `Stream: ${testStream().name}`,
      `Token id: ${jti}`,
    ]);
    ids.push(id);
  }
  await page.bringToFront();
  await signIn(page, user('nanoUser'));
  await page.goto(`${demo().http}/activity`);
  const doors = page.getByRole('table', { name: 'Events at the doors' }).getByRole('row');
  await expect(doors.filter({ hasText: 'Turned away' }).filter({ hasText: 'helped-ann' })).toHaveCount(ids.length);
  const why = page.getByRole('dialog', { name: 'Why this was refused' });
  for (const id of ids) {
    await page.getByLabel('Decision id').fill(id);
    await page.getByRole('button', { name: 'Why was this refused?' }).click();
    await expect(why.getByRole('definition').filter({ hasText: jti })).toBeVisible();
    await expect(why).toContainText('TOKEN_REVOKED');
    await why.getByRole('button', { name: 'Done' }).click();
  }
});

test('who may not know why is offered nothing', async ({ page }) => {
  const control = await Control.signedIn(user('nanoUser'));
  await signIn(page, user('nanoReadOnly'));
  await page.goto(`${demo().http}/streams/${testStream().name}`);
  await expect(page.getByRole('heading', { name: 'Watching now' })).toBeVisible();
  // Only what happens while this page is open: until it listens nothing does.
  await expect(async () => {
    await refused('nonsense');
    await expect(latest(page).getByRole('row').nth(1)).toBeVisible({ timeout: 3000 });
  }).toPass();
  await expect(latest(page).getByRole('button')).toHaveCount(0);
  await page.goto(`${demo().http}/activity`);
  await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
  await expect(page.getByLabel('Decision id')).toHaveCount(0);
  await control.close();
});
