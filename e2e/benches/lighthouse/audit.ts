// Audits the main pages with Lighthouse, as docs/benchmarks.md reports them: on a demo of the binary that PORTCULLIS_BIN
// names, as a desktop and as a phone, signed in as its administrator. Each report is kept in results.
//
// Fails where accessibility or best practices are below 100. How fast a page is hangs on the machine, and is told only.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import lighthouse, { desktopConfig } from 'lighthouse';
import puppeteer, { type Browser } from 'puppeteer-core';
import { CHROMIUM, FLAGS } from '../../browser/support/chromium.ts';
import { demo, testStream, user } from '../../browser/support/demo.ts';
import { begin, drain, ready } from '../../browser/support/process.ts';
import { type Audited, CATEGORIES, type Look, failures, scores, wanting } from './report.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** What differs from Lighthouse's defaults, which are those of a phone. */
const LOOKS: [Look, typeof desktopConfig | undefined][] = [
  ['desktop', desktopConfig],
  ['phone', undefined],
];

/** Of the dashboard, for somebody who is signed in. */
const PAGES: [name: string, path: string][] = [
  ['overview', '/overview'],
  ['quality', '/overview/quality'],
  ['streams', '/streams'],
  ['a stream', '/streams/NAME'],
  ['tokens', '/tokens'],
  ['findings of misuse', '/misuse'],
  ['Token view', '/misuse/tokens'],
  ['IP view', '/misuse/addresses'],
  ['Guardian', '/guardian'],
  ['alerts', '/alerts'],
  ['activity', '/activity'],
  ['organisation', '/organisation'],
  ['account', '/account'],
];

async function audit(browser: Browser, name: string, url: string): Promise<Audited[]> {
  const audited: Audited[] = [];
  for (const [look, config] of LOOKS) {
    const page = await browser.newPage();
    const result = await lighthouse(url, { onlyCategories: [...CATEGORIES], output: 'html', logLevel: 'error' }, config, page);
    await page.close();
    if (!result) throw new Error(`Lighthouse says nothing about ${name}`);
    const { lhr, report } = result;
    if (lhr.runtimeError) throw new Error(`${name}, ${look}: ${lhr.runtimeError.message}`);
    const file = join(RESULTS, `${name.replaceAll(' ', '-').toLowerCase()}-${look}`);
    writeFileSync(`${file}.html`, [report].flat().join('\n'));
    writeFileSync(`${file}.json`, JSON.stringify(lhr));
    audited.push({ name, look, lhr });
    console.log(`${name}, as a ${look}: done`);
  }
  return audited;
}

/** The cookie stays with the browser; Lighthouse leaves cookies where they are. */
async function signIn(browser: Browser): Promise<void> {
  const { email, password } = user('nanoAdmin');
  const page = await browser.newPage();
  await page.goto(demo().dashboard);
  await page.locator('input[autocomplete="username"]').fill(email);
  await page.locator('input[autocomplete="current-password"]').fill(password);
  await page.locator('::-p-aria([name="Sign in"][role="button"])').click();
  await page.locator('::-p-aria([name="Streams"][role="heading"])').wait();
  await page.close();
}

async function auditAll(browser: Browser): Promise<Audited[]> {
  const address = (path: string) => new URL(path.replace('NAME', testStream().name), demo().dashboard).href;
  const audited = await audit(browser, 'sign-in', address('/sign-in'));
  audited.push(...(await audit(browser, 'player', testStream().watchUrl)));
  await signIn(browser);
  for (const [name, path] of PAGES) audited.push(...(await audit(browser, name, address(path))));
  return audited;
}

async function main(): Promise<void> {
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS);
  const data = mkdtempSync(join(tmpdir(), 'portcullis-lighthouse-'));
  const platform = begin(data);
  try {
    await ready(platform, data);
    process.env.PORTCULLIS_DATA = data;
    const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: FLAGS });
    const audited = await auditAll(browser).finally(() => browser.close());
    console.log(`\n${scores(audited)}\n\n${wanting(audited)}`);
    const failed = failures(audited);
    if (failed.length > 0) {
      console.log(`\nbelow 100:\n${failed.join('\n')}`);
      process.exitCode = 1;
    }
  } finally {
    if (platform.exitCode === null) await drain(platform);
    rmSync(data, { recursive: true });
  }
}

await main();
