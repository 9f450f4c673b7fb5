// What needs a package that the organisation does not have is closed and says why: no button fails for want of one.
// On a platform of its own, since it takes packages away.
import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Locator, type Page, type Request, expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { places } from '../support/places.ts';
import { begin, drain, ready } from '../support/process.ts';
import { Viewer, asked as ask } from '../support/viewers.ts';

const shared = process.env.PORTCULLIS_DATA;
let data: string;
let platform: ChildProcess;

const PACKAGES = ['LIVE', 'SECURE', 'GUARDIAN', 'ANALYTICS', 'WEBHOOKS'];
const at = (path: string) => new URL(path, demo().dashboard).href;

test.beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portcullis-packages-'));
  platform = begin(data, places(data));
  await ready(platform, data);
  process.env.PORTCULLIS_DATA = data;
});

test.afterAll(async () => {
  process.env.PORTCULLIS_DATA = shared;
  await drain(platform);
  rmSync(data, { recursive: true });
});

/** Leaves the first organisation these packages. */
async function leave(packages: string[]): Promise<void> {
  const operator = await Control.signedIn(demo().operator);
  const organisation = user('nanoAdmin').organisation;
  for (const one of PACKAGES) {
    await operator.change('setPackage', { organisation, package: one, enabled: packages.includes(one) });
  }
  await operator.close();
}

type Body = { errors?: { extensions?: { code?: string } }[] } | undefined;

/** Questions of a page: those under way, those that were refused for want of a package, and how many were to change something. */
class Questions {
  readonly refused: string[] = [];
  changes = 0;
  readonly #open = new Set<Request>();

  constructor(private readonly page: Page) {
    const asks = (request: Request) => new URL(request.url()).pathname === '/graphql';
    page.on('request', (request) => {
      if (!asks(request)) return;
      this.#open.add(request);
      if (/"query":"\s*mutation\b/.test(request.postData() ?? '')) this.changes += 1;
    });
    page.on('requestfailed', (request) => this.#open.delete(request));
    page.on('requestfinished', async (request) => {
      if (!asks(request)) return;
      // Sessions end for want of a package, too: only what was asked in vain counts.
      const body: Body = await request.response().then((answer) => answer?.json()).catch(() => ({}));
      const inVain = body?.errors?.some(({ extensions }) => extensions?.code === 'PACKAGE_REQUIRED');
      if (inVain) this.refused.push(`${new URL(page.url()).pathname}: ${request.postData()?.slice(0, 120)}`);
      this.#open.delete(request);
    });
  }

  /** Waits until all are answered, and the answers are shown, and what is asked for because of them. */
  async settle(): Promise<void> {
    const frame = () => this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await frame();
    do {
      await expect.poll(() => this.#open.size).toBe(0);
      await frame();
    } while (this.#open.size > 0);
  }

  /** Opens a page; what is looked at in it. */
  async look(path: string): Promise<Locator> {
    // A page that is left hears no answers.
    this.#open.clear();
    await this.page.goto(at(path));
    await expect(this.page.getByRole('heading', { level: 1 })).toBeVisible();
    await this.settle();
    const panel = this.page.getByRole('dialog');
    return (await panel.isVisible()) ? panel : this.page.getByRole('main');
  }
}

/** What a button is for: of those that stand beside each row, one is as good as all. */
const purpose = (name: string) => name.trim().replaceAll(/\S*\d\S*/g, '#');

/** A button of that purpose, whichever row it stands beside. */
function button(within: Locator, wanted: string, disabled: boolean): Locator {
  const page = within.page();
  const words = wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('#', '\\S*\\d\\S*');
  const name = new RegExp(`^\\s*${words}\\s*$`);
  const all = within.getByRole('button', { disabled });
  const labelled = all.and(page.locator('[aria-label]')).and(page.getByRole('button', { name }));
  return labelled.or(all.and(page.locator(':not([aria-label])')).filter({ hasText: name })).first();
}

const nameOf = async (one: Locator) => (await one.getAttribute('aria-label')) ?? (await one.innerText());

/**
 * Presses a button of each purpose on a page, and in what opens fills the form in and presses on. What stays closed is told:
 * also where another of its purpose is open, which is pressed.
 */
async function pressEverything(page: Page, asked: Questions, path: string): Promise<string[]> {
  const closed: string[] = [];
  const changed = asked.changes;
  // A player's own buttons ask nothing.
  const names = await (await asked.look(path))
    .getByRole('button')
    .evaluateAll((all) => all.filter((one) => one.getRootNode() === document).map((one) => one.ariaLabel ?? one.textContent ?? ''));
  /** The page anew, which may have other rows by now. */
  const look = async (wanted: string) => {
    const within = await asked.look(path);
    const [open, shut] = [button(within, wanted, false), button(within, wanted, true)];
    // Nothing but what was changed on this page takes a purpose away.
    if (asked.changes === changed) await expect(open.or(shut).first(), `"${wanted}" is on ${path} still`).toBeVisible();
    return { open, shut };
  };
  for (const wanted of new Set(names.map(purpose))) {
    const { open, shut } = await look(wanted);
    if (await shut.isVisible()) {
      const name = await nameOf(shut);
      await expect(shut, `${name} on ${path} says why it is closed`).toHaveAccessibleDescription(/\S/);
      closed.push(name);
    }
    if (!(await open.isVisible())) continue;
    const name = await nameOf(open);
    const isMenu = (await open.getAttribute('aria-haspopup')) === 'menu';
    await open.click();
    if (!isMenu) {
      await goOn(page, asked);
      continue;
    }
    const items = await page.getByRole('menuitem').count();
    for (let m = 0; m < items; m += 1) {
      if (m > 0) {
        const { open: again } = await look(wanted);
        if (!(await again.isVisible())) break;
        await again.click();
      }
      const item = page.getByRole('menuitem').nth(m);
      if (!(await item.isVisible())) break;
      if ((await item.getAttribute('aria-disabled')) === 'true') closed.push(`${name}: ${await item.innerText()}`);
      else {
        await item.click();
        await goOn(page, asked);
      }
    }
  }
  return closed;
}

/** Fills in what opened, and presses its last button, except where that takes something away that others are to press. */
async function goOn(page: Page, asked: Questions): Promise<void> {
  const dialog = page.getByRole('dialog').last();
  await asked.settle();
  if (await dialog.isVisible()) {
    for (const field of await dialog.locator('input[type=text], textarea').all()) {
      if ((await field.isVisible()) && (await field.inputValue()) === '') await field.fill('203.0.113.77');
    }
    const last = dialog.locator('.dialog-foot .btn').last();
    if ((await last.isVisible()) && (await last.isEnabled()) && !/Delete|Remove|Rotate/.test(await last.innerText())) {
      await last.click();
      await asked.settle();
    }
  }
}

test('without Guardian a rule is deleted but not changed, and nobody is blocked from the views', async ({ page }) => {
  test.setTimeout(600_000);
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.rule({ kind: 'IP', value: '203.0.113.10', action: 'DENY' });
  const { token } = await control.playbackToken(testStream().name, 'passed-on');
  await control.close();
  const viewers = [];
  for (const third of [1, 2, 3, 4]) viewers.push(await Viewer.from(`127.40.${third}.1`, token, { referer: 'https://thieves.example/match' }));
  await leave(['LIVE', 'SECURE', 'ANALYTICS']);
  await signIn(page, user('nanoAdmin'));
  const asked = new Questions(page);

  await page.goto(at('/guardian'));
  await page.getByRole('button', { name: 'Actions for 203.0.113.10' }).click();
  const edit = page.getByRole('menuitem', { name: 'Edit' });
  await expect(edit).toHaveAttribute('aria-disabled', 'true');
  await expect(edit).toContainText('Needs the package Guardian.');
  await edit.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expectFitEverywhere(page, 'a rule without Guardian');
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await expect(page.getByText('The rule is gone')).toBeVisible();

  await page.goto(at('/misuse/addresses?last=60'));
  const block = page.getByRole('button', { name: 'Block 127.40.3.1' });
  await expect(block).toBeVisible({ timeout: 30_000 });
  await expect(block).toBeDisabled();
  await expect(block).toHaveAttribute('title', 'Needs the package Guardian.');
  await expect(page.getByRole('main')).toContainText('nobody can be blocked');
  await expectFitEverywhere(page, 'addresses without Guardian');
  await page.goto(at('/misuse/addresses?last=60&open=127.40.3.1'));
  const panel = page.getByRole('dialog', { name: 'Address' });
  await expect(panel).toContainText('nobody can be blocked');
  await expect(panel).toContainText('thieves.example');
  const blocks = panel.getByRole('button', { name: /^Block/ });
  // The address, its network, its country, the page and the player.
  await expect(blocks).toHaveCount(5);
  for (const one of await blocks.all()) await expect(one).toBeDisabled();
  await expectFitEverywhere(page, 'an address without Guardian');
  for (const path of ['/misuse', '/misuse/addresses?last=60&open=127.40.3.1', '/overview', '/guardian']) await pressEverything(page, asked, path);
  expect(asked.refused).toEqual([]);
  for (const viewer of viewers) viewer.leave();
});

test('without Guardian what blocks an address is not approved, and what holds a token is', async ({ page }) => {
  test.slow();
  await leave(PACKAGES);
  const control = await Control.signedIn(user('nanoUser'));
  const { token, jti } = await control.playbackToken(testStream().name, 'held-without-rules');
  const viewers = [];
  for (const third of [1, 2, 3, 4]) viewers.push(await Viewer.from(`127.40.${third}.2`, token));
  for (let n = 0; n < 20; n += 1) await ask('nonsense', '127.50.1.1');
  for (const of of [jti, '127.50.1.1']) await control.suggest(await control.finding(of), 60);
  await control.close();
  for (const viewer of viewers) viewer.leave();
  await leave(['LIVE', 'SECURE', 'ANALYTICS']);
  await signIn(page, user('nanoAdmin'));
  const asked = new Questions(page);
  await asked.look('/misuse/responses');
  const approve = (whom: string) => page.getByRole('button', { name: `Approve what is suggested about ${whom}` });
  await expect(approve('Address 127.50.1.1')).toBeDisabled();
  await expect(approve('Address 127.50.1.1')).toHaveAttribute('title', 'Needs the package Guardian.');
  await expect(page.getByRole('main')).toContainText('what blocks cannot be approved');
  await expectFitEverywhere(page, 'responses without Guardian');
  await approve(`Token ${jti}`).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText(`Token ${jti} is kept out`)).toBeVisible();
  expect(asked.refused).toEqual([]);
  await leave(PACKAGES);
  await expect(approve('Address 127.50.1.1'), 'once the package is there').toBeEnabled();
});

test('a page that is open learns of packages that are given and taken', async ({ page }) => {
  await leave(PACKAGES);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/guardian'));
  const rule = page.getByRole('button', { name: 'New rule' }).first();
  await expect(rule).toBeEnabled();
  await leave(['LIVE', 'SECURE', 'ANALYTICS']);
  await expect(rule).toBeDisabled();
  await expect(rule).toHaveAttribute('title', 'Needs the package Guardian.');
  await leave(PACKAGES);
  await expect(rule).toBeEnabled();
});

test('packages that cannot be asked for are not as they were when the page was opened', async ({ page }) => {
  await leave(PACKAGES);
  await signIn(page, user('nanoAdmin'));
  await page.goto(at('/organisation'));
  const guardian = page.getByRole('listitem').filter({ has: page.locator('strong', { hasText: /^Guardian$/ }) });
  await expect(guardian).toContainText('Enabled');
  await leave(['LIVE', 'SECURE', 'ANALYTICS']);
  await expect(guardian).toContainText('Upgrade needed');
  const asks = (request: Request) => request.postData()?.includes('packages {') ?? false;
  await page.route('**/graphql', (route) => (asks(route.request()) ? route.abort() : route.fallback()));
  // By the second the page has seen the first fail.
  for (const packages of [['LIVE', 'SECURE'], ['LIVE']]) {
    const failed = page.waitForEvent('requestfailed', asks);
    await leave(packages);
    await failed;
  }
  await expect(guardian).toContainText('Upgrade needed');
});

test('without any package no button fails for want of one', async ({ page }) => {
  test.setTimeout(600_000);
  await leave(PACKAGES);
  const control = await Control.signedIn(user('nanoAdmin'));
  await control.rule({ kind: 'IP', value: '203.0.113.9', action: 'DENY' });
  await control.change('saveAlertRule', { name: 'On', metric: 'DENIALS', threshold: 5 });
  const { alertRule } = await control.change<{ alertRule: { id: string } }>('saveAlertRule', { name: 'Off', metric: 'DENIALS', threshold: 5 }, 'alertRule { id }');
  await control.change('saveAlertRule', { id: alertRule.id, enabled: false, mutedUntil: new Date(Date.now() + 3_600_000).toISOString() });
  await control.change('saveAlertReceiver', { name: 'Night shift', emails: ['night@example.com'] });
  const { webhook } = await control.change<{ webhook: { id: string } }>('setWebhook', { url: 'https://hooks.example/', calls: ['PLAY_DONE'] }, 'webhook { id }');
  await control.change('testWebhook', { id: webhook.id }, 'delivery { id }');
  const { token } = await control.playbackToken(testStream().name, 'somebody');
  await control.close();
  await leave([]);

  await signIn(page, user('nanoAdmin'));
  const asked = new Questions(page);
  const closed: Record<string, string[]> = {};
  for (const path of [
    '/overview',
    '/overview/quality',
    '/streams',
    `/streams/${testStream().name}`,
    '/tokens',
    '/tokens/new',
    '/tokens/static',
    '/tokens/banned',
    '/guardian',
    '/misuse',
    '/misuse/tokens',
    '/misuse/viewers',
    '/misuse/addresses',
    '/misuse/responses',
    '/alerts',
    '/alerts/rules',
    '/alerts/receivers',
    '/activity',
    '/organisation/keys',
    '/organisation/webhooks',
  ]) {
    closed[path] = await pressEverything(page, asked, path);
  }
  await page.goto(at('/tokens/look'));
  await page.getByRole('textbox').first().fill(token);
  const handle = page.getByRole('button', { name: 'Make a handle' });
  await expect(handle).toBeDisabled();
  await expect(handle).toHaveAccessibleDescription('Needs the package Secure.');
  expect(asked.refused).toEqual([]);

  expect(closed['/guardian']).toEqual(expect.arrayContaining(['Only these domains', 'New rule', expect.stringMatching(/^Actions for 203.0.113.9: Edit\s+Needs the package Guardian\.$/)]));
  expect(closed['/tokens/new']).toEqual(expect.arrayContaining(['Make token']));
  expect(closed['/tokens/static']).toEqual(expect.arrayContaining(['New static token']));
  expect(closed['/organisation/keys']).toEqual(expect.arrayContaining(['Add a key']));
  expect(closed['/alerts/rules']).toEqual(expect.arrayContaining(['New rule', expect.stringMatching(/^Actions for On: Edit/), expect.stringMatching(/^Actions for Off: Switch on/)]));
  expect(closed['/organisation/webhooks']).toEqual(expect.arrayContaining(['New webhook', 'Test hooks.example', expect.stringMatching(/^Actions for hooks.example: Edit/), expect.stringMatching(/: Rotate secret/), expect.stringMatching(/^Call again/)]));
});
