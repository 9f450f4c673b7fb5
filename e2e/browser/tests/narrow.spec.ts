// What customers write has words of any length: nothing that they stand in is wider than it is shown, on a phone neither.
import { expect, test } from '@playwright/test';
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
