// The token maker and the page that looks at tokens: the linter's word while one types, what was made works, and a pasted
// token is read where it was pasted.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Page, expect, request, test } from '@playwright/test';
import { hold } from '../support/connection.ts';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';
import { expectToPlay } from '../support/picture.ts';
import { runRust } from '../support/rust.ts';
import { Site } from '../support/site.ts';

const run = promisify(execFile);
const at = (path: string) => new URL(path, demo().dashboard).href;
const finding = (page: Page, code: string) => page.locator(`[data-code="${code}"]`);

/** What a player is answered that comes with this, from a page or from none. */
async function answered(credential: string, origin?: string): Promise<string> {
  const http = await request.newContext({ extraHTTPHeaders: origin ? { origin } : {} });
  const answer = await http.get(`${demo().http}/live/${testStream().name}/index.m3u8?token=${credential}`);
  await http.dispose();
  return answer.headers()['x-deny-reason'] ?? String(answer.status());
}

test('the linter speaks while a token is filled in, and the token says what was chosen', async ({ page }) => {
  test.slow();
  await signIn(page, user('nanoUser'));
  await page.goto(at('/tokens'));
  await page.getByRole('link', { name: 'New token' }).click();
  const make = page.getByRole('button', { name: 'Make token' });
  await expect(make).toBeDisabled();
  await expect(make).toHaveAccessibleDescription('Choose what it opens.');
  await expect(page.getByText('Choose what it opens.')).toBeVisible();
  await expectFitEverywhere(page, 'the token maker, empty');
  await page.getByLabel('Add a stream').selectOption(testStream().name);
  for (const code of ['NO_IP', 'NO_DOMAINS', 'NO_USER', 'NO_TAG']) await expect(finding(page, code)).toBeVisible();
  await expect(finding(page, 'LIFETIME')).toHaveCount(0);
  await page.getByRole('radio', { name: '1 h' }).check();
  await expect(finding(page, 'LIFETIME')).toContainText('Weak');
  await page.getByRole('radio', { name: '7 days' }).check();
  await expect(finding(page, 'LIFETIME')).toContainText('Risky');
  await expect(page.getByText(/^1 risk, \d weaknesses$/)).toBeVisible();
  await page.getByRole('radio', { name: '5 min', exact: true }).check();
  await page.getByLabel('Viewer').fill('maker-ann');
  await page.getByLabel('Tag').fill('maker "#1"');
  await page.getByLabel('Addresses', { exact: false }).first().fill('300.1.1.1');
  await expect(page.getByRole('alert').filter({ hasText: 'as in 203.0.113.0/24' })).toBeVisible();
  await expect(make).toBeDisabled();
  await expect(make).toHaveAccessibleDescription('A claim does not have its form yet.');
  await expectFitEverywhere(page, 'the token maker with a wrong address');
  await page.getByLabel('Addresses', { exact: false }).first().fill('127.0.0.0/8, ::1');
  await page.getByLabel('Sites').fill('example.com *.example.org');
  for (const code of ['NO_IP', 'NO_DOMAINS', 'NO_USER', 'NO_TAG', 'LIFETIME']) await expect(finding(page, code)).toHaveCount(0);
  await expect(finding(page, 'NEEDS_REFERRER')).toContainText('Note');
  await page.getByRole('radio', { name: 'End', exact: true }).check();
  await expect(page.getByText('Nothing stands against it.').first()).toBeVisible();
  await page.getByRole('switch', { name: 'A handle too' }).check();
  await expect(page.getByLabel('Claims as JSON')).toContainText('"user": "maker-ann"');
  await expectFitEverywhere(page, 'the token maker, filled in');
  await make.click();
  const made = page.getByRole('dialog', { name: 'Copy the token now' });
  await expect(made).toContainText('so there is no watch link');
  await expect(made.getByRole('link', { name: 'Watch with it' })).toHaveCount(0);
  const token = await made.getByRole('textbox', { name: 'Token' }).innerText();
  const handle = await made.getByRole('textbox', { name: 'Handle' }).innerText();
  for (const credential of [token, handle]) {
    expect(await answered(credential, 'https://example.com')).toBe('200');
    expect(await answered(credential)).toBe('TOKEN_DOMAIN');
  }
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  expect(claims).toMatchObject({ user: 'maker-ann', tag: 'maker "#1"', domains: ['example.com', '*.example.org'], forceDisconnect: true });
  expect(claims.exp - claims.iat).toBe(300);
  await made.getByText('Player for your own site').click();
  await made.getByText('Make the next one in your backend').click();
  await expectFitEverywhere(page, 'a token made with everything');

  // The snippets make the next one.
  const admin = await Control.signedIn(user('nanoAdmin'));
  const environment = { ...process.env, PORTCULLIS_TOKEN: await admin.apiToken() };
  await admin.close();
  const snippet = () => made.getByRole('textbox', { name: 'Snippet' }).innerText();
  const curl = await run('bash', ['-c', await snippet()], { env: environment });
  expect(curl.stdout).toContain('"token":"ey');
  await made.getByRole('radio', { name: 'Node' }).check();
  const node = await run(process.execPath, ['--input-type=module', '--eval', await snippet()], { env: environment });
  expect(await answered(node.stdout.trim(), 'https://example.com')).toBe('200');
  await made.getByRole('radio', { name: 'Rust' }).check();
  const rust = await runRust(await snippet(), environment);
  expect(await answered(rust.trim(), 'https://example.com')).toBe('200');
  expect(JSON.parse(Buffer.from(rust.split('.')[1]!, 'base64url').toString()).tag).toBe(claims.tag);
  await made.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(token)).toHaveCount(0);
});

test('the player that is offered with a token plays on a site of one\'s own', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(at(`/tokens/new?stream=${testStream().name}`));
  await expect(page.getByText('Test picture')).toBeVisible();
  await page.getByRole('button', { name: 'Make token' }).click();
  const made = page.getByRole('dialog', { name: 'Copy the token now' });
  await made.getByText('Player for your own site').click();
  const snippet = await made.getByRole('textbox', { name: 'HTML' }).innerText();
  const site = await Site.with(`<title>A customer's page</title>${snippet}`);
  await page.goto(site.url);
  await expectToPlay(page.locator('portcullis-player video'));
  await site.close();
});

test('a token for a broadcaster has only what broadcasters have', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(at(`/tokens/new?stream=${testStream().name}`));
  await expect(page.getByText('Test picture')).toBeVisible();
  await page.getByRole('radio', { name: 'Publish' }).check();
  for (const label of ['Sites', 'Player', 'Sessions at once']) await expect(page.getByLabel(label)).toHaveCount(0);
  // An encoder comes from no site, and no page renews its token.
  await page.getByRole('radio', { name: '1 h' }).check();
  await expect(finding(page, 'NO_IP')).toBeVisible();
  for (const code of ['NO_DOMAINS', 'LIFETIME']) await expect(finding(page, code)).toHaveCount(0);
  await page.getByLabel('Uses in all').fill('none');
  await expect(page.getByRole('alert').filter({ hasText: 'A number from 1 on.' })).toBeVisible();
  await page.getByLabel('Uses in all').fill('3');
  await page.getByRole('button', { name: 'Make token' }).click();
  const made = page.getByRole('dialog', { name: 'Copy the token now' });
  await expect(made.getByRole('textbox', { name: 'Address for the encoder' })).toContainText(/^rtmp:.*\?token=ey/);
  await expectFitEverywhere(page, 'a token for a broadcaster');
  await made.getByRole('button', { name: 'Done' }).click();
  await page.goto(at('/tokens?door=publish'));
  await expect(page.getByRole('row').filter({ hasText: 'publishes' }).first()).toBeVisible();
});

test('a token is read where it was pasted, and only its id is looked up', async ({ page }) => {
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { token, jti } = await control.playbackToken(testStream().name, 'look-ann', 7200);
  await signIn(page, user('nanoUser'));
  const sent: string[] = [];
  page.on('request', (one) => sent.push(one.postData() ?? ''));
  await page.goto(at('/tokens'));
  await page.getByRole('link', { name: 'Look up' }).click();
  const field = page.getByLabel('Token, handle or id');
  const ask = page.getByRole('button', { name: 'Ask the server' });
  const became = page.getByRole('region', { name: 'What became of it' });
  const status = page.getByRole('definition').filter({ hasText: /^(Active|Revoked|Expired)$/ });
  const unchecked = 'The signature of what was pasted is not checked here.';
  await expect(page.getByText('Nothing to look at yet')).toBeVisible();
  await expectFitEverywhere(page, 'nothing to look at');
  await field.fill(token);
  await expect(page.getByRole('definition').filter({ hasText: 'look-ann' }).first()).toBeVisible();
  await expect(finding(page, 'LIFETIME')).toContainText('Weak');
  await expect(status).toHaveText('Active');
  await expect(became).toContainText(unchecked);
  await expectFitEverywhere(page, 'a token that is looked at');
  expect(sent.some((body) => body.includes(jti))).toBe(true);
  expect(sent.some((body) => body.includes(token.split('.')[2]!)), 'the token stays in the browser').toBe(false);
  await ask.click();
  await expect(page.getByText('A key of your organisation signed it.')).toBeVisible();
  await expect(became).not.toContainText(unchecked);
  await expect(status).toHaveText('Active');
  await control.revoke(jti);
  await field.fill(jti);
  await expect(page.getByText('Revoked', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: 'look-ann' }).first()).toBeVisible();
  await expectFitEverywhere(page, 'an id that is looked at');
  await field.fill('tok_01m8hqf3hsffrbrqsy8w76nhy3');
  await expect(page.getByText('No token with this id was made here.')).toBeVisible();

  // People paste what they have: the header, the link, the address of a playlist.
  for (const around of [`Authorization: Bearer ${token}`, `curl -H 'Authorization: Bearer ${token}' https://live.example.com/x`, `${demo().http}/watch/x#token=${token}`, `${demo().http}/live/x/index.m3u8?a=1&token=${token}&b=2`]) {
    await field.fill(around);
    await expect(field).toHaveValue(token);
  }

  // A copy whose signature is spoilt is not the token whose id it has, and what became of that one is not said of it.
  const bob = await control.playbackToken(testStream().name, 'look-bob');
  const [head, payload] = bob.token.split('.');
  const spoilt = `${head}.${payload}.AAAA`;
  // Nor what the server says of that one, however late, or that it could not be asked.
  await page.route('**/graphql', (route) => (route.request().postData()?.includes('lintToken') ? route.abort() : route.fallback()));
  await field.fill(bob.token);
  await ask.click();
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached');
  await field.fill(spoilt);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.unroute('**/graphql');
  const word = await hold(page, bob.token);
  await field.fill(bob.token);
  await ask.click();
  await expect.poll(word.asked).toBe(1);
  await field.fill(spoilt);
  await expect(became).toContainText(unchecked);
  await expect(status).toHaveText('Active');
  await ask.click();
  await expect(page.getByText('No key of your organisation signed it')).toBeVisible();
  const late = page.waitForResponse((one) => one.request().postData()?.includes(bob.token) ?? false);
  word.release();
  await (await late).finished();
  await expect(page.getByText('No key of your organisation signed it')).toBeVisible();
  await expect(became).toContainText(/Nobody comes in with what was pasted\..*A token with this id:.*Active/s);
  await expect(became).not.toContainText(unchecked);
  await expect(status, 'nowhere else').toHaveCount(1);
  await expectFitEverywhere(page, 'a token whose signature is spoilt');
  const milliseconds = Buffer.from(JSON.stringify({ exp: 1_900_000_000_000, aud: 'play', org: true })).toString('base64url');
  await field.fill(`${head}.${milliseconds}.AAAA`);
  await expect(page.getByRole('alert')).toContainText('not milliseconds');
  await expectFitEverywhere(page, 'a token that is none');
  await field.fill(bob.token);
  await page.getByRole('button', { name: 'Make a handle' }).click();
  const handle = await page.getByRole('textbox', { name: 'Handle', exact: true }).innerText();
  expect(await answered(handle)).toBe('200');
  await expectFitEverywhere(page, 'a handle just made');
  await field.fill(handle);
  await ask.click();
  await expect(page.getByRole('definition').filter({ hasText: 'look-bob' }).first()).toBeVisible();
  await expect(status).toHaveText('Active');
  await control.revoke(bob.jti);
  await ask.click();
  await expect(status).toHaveText('Revoked');
  await expectFitEverywhere(page, 'a handle that is looked at');
  await field.fill(await control.handle((await control.playbackToken(testStream().name, 'look-cat', 2)).token));
  await expect(async () => {
    await ask.click();
    await expect(status).toHaveText('Expired', { timeout: 1_000 });
  }).toPass();

  // What is no signed token is told by its form.
  for (const [text, form, word] of [
    ['h_0000000000000000000000', 'It has the form of a handle', 'It stands for no token of your organisation'],
    ['s_0000000000000000000000', 'It has the form of a static token', 'only your own backend can let it in'],
    ['open-sesame', 'It is no signed token', 'only your own backend can let it in'],
    ['user.123.abc', 'it may be damaged', 'A token has three parts of base64url'],
  ] as const) {
    await field.fill(text);
    await expect(page.getByText(form)).toBeVisible();
    await expect(page.getByText(word)).toHaveCount(0);
    await ask.click();
    await expect(page.getByText(word)).toBeVisible();
    await expectFitEverywhere(page, form);
  }
  await control.close();
});
