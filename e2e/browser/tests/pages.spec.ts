// Every page, for everybody: no violation that axe can find, light and dark, wide and narrow, and nothing to scroll sideways.
import { type Page, expect, test } from '@playwright/test';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitBetween, expectFitLightAndDark } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';

const LOOKS = [
  ['wide', { width: 1280, height: 800 }],
  ['narrow', { width: 360, height: 740 }],
] as const;

const PAGES: [string, string, string][] = [
  ['overview', '/overview', 'Overview'],
  ['streams', '/streams', 'Streams'],
  ['a stream', `/streams/NAME`, 'STREAM'],
  ['tokens', '/tokens', 'Tokens'],
  ['banned viewers', '/tokens/banned', 'Tokens'],
  ['static tokens', '/tokens/static', 'Tokens'],
  ['looking at tokens', '/tokens/look', 'Tokens'],
  ['the token maker', '/tokens/new', 'New token'],
  ['guardian', '/guardian', 'Guardian'],
  ['misuse', '/misuse', 'Misuse'],
  ['the token view', '/misuse/tokens', 'Misuse'],
  ['the viewers', '/misuse/viewers', 'Misuse'],
  ['the IP view', '/misuse/addresses', 'Misuse'],
  ['responses to misuse', '/misuse/responses', 'Misuse'],
  ['misuse cases', '/misuse/cases', 'Misuse'],
  ['alerts', '/alerts', 'Alerts'],
  ['alert rules', '/alerts/rules', 'Alerts'],
  ['receivers of alerts', '/alerts/receivers', 'Alerts'],
  ['activity', '/activity', 'Activity'],
  ['changes', '/activity/changes', 'Activity'],
  ['nothing', '/no/such/page', 'Not found'],
];

const ORGANISATION: [string, string, string][] = [
  ['organisation', '/organisation', 'Organisation'],
  ['members', '/organisation/members', 'Organisation'],
  ['api tokens', '/organisation/api-tokens', 'Organisation'],
  ['signing keys', '/organisation/keys', 'Organisation'],
  ['security', '/organisation/security', 'Organisation'],
  ['webhooks', '/organisation/webhooks', 'Organisation'],
  ['audit log', '/organisation/audit', 'Organisation'],
  ['account', '/account', 'Account'],
  ['account security', '/account/security', 'Account'],
  ['account api tokens', '/account/api-tokens', 'Account'],
];

async function expectAllFit(page: Page, pages: [string, string, string][], look: string): Promise<void> {
  for (const [name, path, heading] of pages) {
    await page.goto(new URL(path.replace('NAME', testStream().name), demo().dashboard).href);
    const title = page.getByRole('heading', { level: 1, name: heading === 'STREAM' ? undefined : heading });
    await expect(title).toBeVisible();
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
    await expectFitLightAndDark(page, `${name}, ${look}`);
    if (look === 'wide') await expectFitBetween(page, name);
  }
}

for (const [look, viewport] of LOOKS) {
  test.describe(look, () => {
    test.use({ viewport });
    test.describe.configure({ timeout: 240_000 });

    test(`every page is fit for everybody, ${look}`, async ({ page }) => {
      await page.goto(demo().dashboard);
      await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
      await expectFitLightAndDark(page, `sign in, ${look}`);
      await signIn(page, user('nanoAdmin'));
      await expectAllFit(page, PAGES, look);
    });

    test(`every page of the organisation is fit for everybody, ${look}`, async ({ page }) => {
      await signIn(page, user('nanoAdmin'));
      await expectAllFit(page, ORGANISATION, look);
    });

    test(`every part of the organisation is in sight, ${look}`, async ({ page }) => {
      await signIn(page, user('nanoAdmin'));
      await page.goto(new URL('/organisation', demo().dashboard).href);
      const tabs = page.getByRole('navigation', { name: 'Parts of the organisation' }).getByRole('link');
      await expect(tabs).toHaveCount(7);
      for (const tab of await tabs.all()) await expect(tab).toBeInViewport({ ratio: 1 });
    });

    test(`every dialog is fit for everybody, ${look}`, async ({ page }) => {
      await signIn(page, user('nanoAdmin'));
      await page.getByRole('button', { name: 'New stream' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectFitLightAndDark(page, `new stream, ${look}`);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toBeHidden();
      await page.goto(new URL(`/streams/${testStream().name}`, demo().dashboard).href);
      await page.getByRole('button', { name: 'New token' }).click();
      await expectFitLightAndDark(page, `new token, ${look}`);
    });

    test(`every dialog of the organisation is fit for everybody, ${look}`, async ({ page }) => {
      await signIn(page, user('nanoAdmin'));
      const dialogs: [string, string][] = [
        ['/organisation/members', 'Invite'],
        ['/organisation/api-tokens', 'New API token'],
        ['/organisation/keys', 'Add a key'],
        ['/organisation/keys', 'Rotate'],
        ['/organisation/webhooks', 'New webhook'],
      ];
      for (const [path, button] of dialogs) {
        await page.goto(new URL(path, demo().dashboard).href);
        await page.getByRole('button', { name: button }).click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await expectFitLightAndDark(page, `${button}, ${look}`);
      }
      await page.goto(new URL('/organisation/security', demo().dashboard).href);
      await page.getByRole('button', { name: 'Set up a provider' }).click();
      await expectFitLightAndDark(page, `identity provider, ${look}`);
      await page.goto(new URL('/organisation/audit', demo().dashboard).href);
      await page.getByRole('button', { name: /^Details of/ }).first().click();
      await expectFitLightAndDark(page, `audit entry, ${look}`);
    });

    test(`the pages before and beside an organisation are fit for everybody, ${look}`, async ({ page }) => {
      for (const [name, path, heading] of [
        ['reset', '/reset', 'Forgot password'],
        ['new password', '/reset#nothing', 'New password'],
        ['invitation', '/invitation#nothing', 'Invitation'],
      ] as const) {
        await page.goto(new URL(path, demo().dashboard).href);
        await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
        await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
        await expectFitLightAndDark(page, `${name}, ${look}`);
      }
      await signIn(page, demo().operator, 'Platform');
      await expect(page.getByRole('row', { name: 'Northwind Live' })).toBeVisible();
      await expectFitLightAndDark(page, `platform, ${look}`);
      await page.getByRole('button', { name: 'New organisation' }).click();
      await expectFitLightAndDark(page, `new organisation, ${look}`);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Actions for Northwind Live' }).click();
      await page.getByRole('menuitem', { name: 'Packages and limits' }).click();
      await expectFitLightAndDark(page, `packages, ${look}`);
    });

    test(`the watch page is fit for everybody, ${look}`, async ({ page }) => {
      await page.goto(testStream().watchUrl);
      await expect.poll(() => page.locator('portcullis-player video').evaluate((v) => (v as HTMLVideoElement).currentTime)).toBeGreaterThan(0);
      await expectFitLightAndDark(page, `watching, ${look}`);
      await page.goto(testStream().watchUrl.replace(/token=.*/, 'token=nothing'));
      await page.reload();
      await expect(page.locator('portcullis-player')).toContainText('TOKEN_MALFORMED');
      await expectFitLightAndDark(page, `refused, ${look}`);
      await page.goto(new URL('/watch', demo().http).href);
      const nothing = page.getByText('it names no stream');
      await expect(nothing).toBeVisible();
      const main = (await page.getByRole('main').boundingBox())!;
      const box = (await nothing.boundingBox())!;
      expect(Math.abs(box.y + box.height / 2 - main.y - main.height / 2), 'in the middle').toBeLessThan(2);
      expect(box.x, 'beside the edge').toBeGreaterThanOrEqual(16);
      await expectFitLightAndDark(page, `no stream, ${look}`);
    });
  });
}

test('no page asks anything of another site, and none breaks its own content policy', async ({ page }) => {
  const asked = new Set<string>();
  const broken: string[] = [];
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  page.on('console', (message) => message.text().includes('Content Security Policy') && broken.push(message.text()));
  await signIn(page, user('nanoAdmin'));
  for (const [, path] of [...PAGES, ...ORGANISATION]) {
    await page.goto(new URL(path.replace('NAME', testStream().name), demo().dashboard).href);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await page.goto(testStream().watchUrl);
  await expectToPlay(page.locator('portcullis-player video'));
  asked.delete('null'); // blob: and data:, which are the page's own
  expect([...asked]).toEqual([demo().http]);
  expect(broken).toEqual([]);
});
