// What the dashboard offers, by role; and that what belongs to others looks like what does not exist.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, testStream, user } from '../support/demo.ts';
import { signIn } from '../support/people.ts';

const ofTestStream = () => new URL(`/streams/${testStream().name}`, demo().dashboard).href;

test('a nanoAdmin is offered what ends a stream', async ({ page }) => {
  await signIn(page, user('nanoAdmin'));
  await page.goto(ofTestStream());
  await page.getByRole('button', { name: 'Actions' }).click();
  for (const act of ['Stop stream', 'Lock stream', 'Rotate ingest key', 'Delete stream']) {
    await expect(page.getByRole('menuitem', { name: act })).toBeVisible();
  }
});

test('a nanoUser creates tokens and ends no stream', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(ofTestStream());
  await expect(page.getByRole('button', { name: 'New token' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Actions' })).toHaveCount(0);
});

test('a nanoReadOnly watches, and sees neither token nor key', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.postData() ?? ''));
  await expect(page.getByRole('button', { name: 'New stream' })).toHaveCount(0);
  await page.goto(ofTestStream());
  await expect(page.locator('portcullis-player video')).toBeVisible();
  await expect(page.getByText('Token records are for nanoUser and nanoAdmin')).toBeVisible();
  expect(asked.filter((text) => text.includes('playbackTokens')), 'what is refused is not asked for').toEqual([]);
  await expect(page.getByRole('button', { name: 'New token' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Reveal key' })).toHaveCount(0);
});

test('a nanoReadOnly whom a link leads to the tokens is told for whom they are', async ({ page }) => {
  await signIn(page, user('nanoReadOnly'));
  await page.goto(new URL('/tokens', demo().dashboard).href);
  await expect(page.getByText('Token records are for nanoUser and nanoAdmin')).toBeVisible();
  await expect(page.getByRole('main')).not.toContainText('Try again');
});

test('a token that has expired offers no cut, and says why', async ({ page }) => {
  const admin = await Control.signedIn(user('nanoAdmin'));
  const { jti } = await admin.playbackToken(testStream().name, 'late', 1);
  await admin.close();
  await signIn(page, user('nanoAdmin'));
  const revoke = page.getByRole('row', { name: jti }).getByRole('button', { name: 'Revoke' });
  await expect(async () => {
    await page.goto(new URL('/tokens', demo().dashboard).href);
    await expect(revoke).toHaveAttribute('title', /It has expired, and no session runs on it/, { timeout: 2_000 });
  }).toPass();
  await expect(revoke).toBeDisabled();
});

test('a stream of another organisation looks like one that does not exist', async ({ page }) => {
  await signIn(page, user('outsider'));
  const told = async (name: string) => {
    await page.goto(new URL(`/streams/${name}`, demo().dashboard).href);
    const alert = page.getByRole('alert');
    await expect(alert).toBeVisible();
    return (await alert.innerText()).replaceAll(name, 'NAME');
  };
  expect(await told(testStream().name)).toBe(await told('AAAAA-AAAAA'));
});

test('a wrong password and an unknown address are told alike', async ({ page }) => {
  const told = async (email: string) => {
    await page.goto(demo().dashboard);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill('certainly not this');
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page.getByRole('alert').innerText();
  };
  expect(await told(user('nanoUser').email)).toBe(await told('nobody@example.com'));
});

test('who signs out is out', async ({ page }) => {
  await signIn(page, user('nanoUser'));
  await page.goto(new URL('/account', demo().dashboard).href);
  await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.goto(ofTestStream());
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});
