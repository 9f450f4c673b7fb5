// What customers write has words of any length: nothing that they stand in is wider than it is shown, on a phone neither.
import { type Locator, type Page, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo } from '../support/demo.ts';
import { expectFitEverywhere, expectFitLightAndDark } from '../support/fit.ts';
import { newAdministrator, signIn } from '../support/people.ts';

const at = (path: string) => new URL(path, demo().dashboard).href;
const LONG = 'N'.repeat(64);
const EVERYTHING = ['LIVE', 'SECURE', 'GUARDIAN', 'ANALYTICS', 'WEBHOOKS'];
const ADDRESS = `https://example.com/hooks/${'4f1c2d8a9b7e6f50'.repeat(4)}`;

test('one long word fits into every dialog and every card', async ({ page }) => {
  test.slow();
  const person = await newAdministrator('Nanette', EVERYTHING);
  const control = await Control.signedIn(person);
  await control.change('createStream', { title: LONG, tags: ['T'.repeat(40)] });
  await control.change('createGroup', { name: LONG });
  await control.change('updateSettings', { staticTokens: true });
  const long = `${'a'.repeat(60)}@${'domain'.repeat(9)}.${'label'.repeat(10)}.example.com`;
  await control.change('saveAlertReceiver', { name: LONG, emails: [long] });
  await control.change('saveAlertReceiver', { name: LONG, syslog: { host: `${'h'.repeat(60)}.${'g'.repeat(60)}.example.com`, port: 6514 } });
  await control.change('saveAlertRule', { name: LONG, metric: 'DENIALS', threshold: 100 });
  await control.change('setWebhook', { url: ADDRESS, calls: ['ALERT'] });
  await control.change('setWebhook', { url: `https://${'w'.repeat(60)}.${'v'.repeat(60)}.example.com/`, calls: ['PLAY_DONE'] });
  await control.close();
  await signIn(page, person);

  for (const [path, button] of [
    ['/alerts/rules', 'New rule'],
    ['/alerts/receivers', 'New receiver'],
    ['/guardian', 'New rule'],
    ['/guardian', 'Only these domains'],
    ['/tokens/static', 'New static token'],
  ] as const) {
    await page.goto(at(path));
    await page.getByRole('button', { name: button, exact: true }).first().click();
    await expect(page.getByRole('dialog')).toBeVisible();
    // What the dialog chooses among has arrived.
    if (path !== '/alerts/receivers' && button !== 'Only these domains') await expect(page.getByRole('dialog')).toContainText(LONG);
    const name = `long words, ${button} at ${path.replaceAll('/', ' ').trim()}`;
    await expectFitEverywhere(page, name);
    await page.setViewportSize({ width: 360, height: 740 });
    await expectFitLightAndDark(page, `${name}, narrowest`);
  }
  for (const path of ['/alerts/rules', '/alerts/receivers', '/organisation/webhooks', '/guardian']) {
    await page.goto(at(path));
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    if (path !== '/guardian') await expect(page.getByRole('button', { name: /^Actions for/ }).first()).toBeVisible();
    await expectFitEverywhere(page, `long words, ${path.replaceAll('/', ' ').trim()}`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(at('/alerts/receivers'));
  const card = page.getByRole('region', { name: LONG }).first();
  for (const button of [/^Test/, /^Actions for/]) {
    await card.getByRole('button', { name: button }).scrollIntoViewIfNeeded();
    await expect(card.getByRole('button', { name: button })).toBeInViewport({ ratio: 1 });
  }
});

test('receivers of one name are told apart', async ({ page }) => {
  const person = await newAdministrator('Nigel', EVERYTHING);
  const control = await Control.signedIn(person);
  for (const mail of ['n0@example.com', 'n1@example.com', 'n1@example.com']) {
    await control.change('saveAlertReceiver', { name: 'Night shift', emails: [mail] });
  }
  await control.change('saveAlertReceiver', { name: 'Sent', emails: ['n2@example.com'] });
  for (const path of ['one', 'two']) await control.change('setWebhook', { url: `https://example.com/${path}`, calls: ['ALERT'] });
  await control.close();
  await signIn(page, person);
  await page.goto(at('/alerts/receivers'));
  for (const name of ['Night shift, mail to n0@example.com', 'Night shift, mail to n1@example.com', 'Night shift, mail to n1@example.com (2)', 'Sent', 'Sent (2)']) {
    await expect(page.getByRole('region', { name, exact: true })).toHaveCount(1);
  }
  await expectFitEverywhere(page, 'receivers of one name');
  await page.goto(at('/organisation/webhooks'));
  await expect(page.getByRole('button', { name: 'Test https://example.com/two' })).toBeVisible();
  await expectFitEverywhere(page, 'webhooks of one host');
});

/** Somebody whose audit log is longer than a phone is high. */
async function logged(page: Page, name: string): Promise<Locator> {
  const person = await newAdministrator(name, EVERYTHING);
  const control = await Control.signedIn(person);
  for (let n = 0; n < 12; n += 1) await control.change('createGroup', { name: `Group ${n}` });
  await control.close();
  await signIn(page, person);
  await page.goto(at('/organisation/audit'));
  const details = page.getByRole('button', { name: /^Details of/ });
  await expect(details.nth(11)).toBeVisible();
  return details;
}

test('on a phone nothing that a keyboard comes to is beneath the bar at the foot', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const details = await logged(page, 'Nadia');
  const bar = (await page.getByRole('navigation', { name: 'Main' }).boundingBox())!;
  for (let stop = 0; stop < 120; stop += 1) {
    await page.keyboard.press('Tab');
    const beneath = await page.evaluate((top) => {
      const one = document.activeElement!;
      return one.closest('main') !== null && one.getBoundingClientRect().bottom > top ? one.outerHTML : '';
    }, bar.y);
    expect(beneath).toBe('');
    if (await details.nth(11).evaluate((one) => one === document.activeElement)) return;
  }
  throw new Error('the twelfth entry was not come to');
});

test('what is beyond the edge of a table is scrolled to by keyboard, and the edge is in the shade until then', async ({ page }) => {
  await page.setViewportSize({ width: 880, height: 800 });
  const details = (await logged(page, 'Nell')).first();
  // So wide that a few pixels of it are seen: browsers leave that where it is.
  const frame = page.locator('.table-wrap');
  const beyond = async () => {
    const [one, around] = [(await details.boundingBox())!, (await frame.boundingBox())!];
    return one.x + one.width - around.x - around.width;
  };
  await page.setViewportSize({ width: Math.round(880 + (await beyond()) - (await details.boundingBox())!.width + 4), height: 800 });
  expect(await beyond(), 'most of it is out of sight').toBeGreaterThan(4);
  const shades = () =>
    frame.evaluate((one) => ['::before', '::after'].map((of) => Math.round(Number(getComputedStyle(one, of).opacity))));
  await expect.poll(shades).toEqual([0, 1]);
  for (let stop = 0; stop < 60 && !(await details.evaluate((one) => one === document.activeElement)); stop += 1) {
    await page.keyboard.press('Tab');
  }
  await expect(details).toBeFocused();
  expect(await beyond(), 'it is seen').toBeLessThanOrEqual(0);
});
