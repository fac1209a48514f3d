// What the browser tests stand on: the program with two phones, one browser, and eyes on everything it loads.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '..', '..');
export const password = 'Coffee@Morning2024!';
const results = join(root, 'test-results');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const binary = process.env.DIALTONE_PHONES
  ?? [join(root, 'target', 'debug', 'phones'), join(root, 'target', 'release', 'phones')].find(existsSync);
const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The program and its phones: `stage.ask('call')` places a call. */
export async function raise() {
  mkdirSync(results, { recursive: true });
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the program with its phones is gone');
    return JSON.parse(value);
  };
  const facts = await next();
  const ask = async command => {
    child.stdin.write(`${command}\n`);
    return next();
  };
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const strangers = [], complaints = [];
  // What moves or fades is of no colour of its own while it does.
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  context.on('request', request => {
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.origin !== facts.http) strangers.push(request.url());
  });
  const page = await context.newPage();
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', error => complaints.push(`${page.url()}: ${error}`));
  const lower = async () => {
    await browser.close();
    child.stdin.end();
    await new Promise(done => child.on('exit', done));
  };
  return { ...facts, ask, browser, context, page, strangers, complaints, lower };
}

/** Signs in by the setup link of the first start. */
export async function enter({ page, http, setup, ask }) {
  await page.goto(setup);
  await page.fill('#password', password);
  await page.fill('#confirm', password);
  await page.click('#save');
  await page.waitForURL(url => !url.pathname.startsWith('/setup'));
  if (!/login/.test(page.url())) return;
  const accounts = await ask("sql SELECT count(*) FROM sqlite_master WHERE name = 'administrators'");
  const { rows } = await ask(`sql SELECT login FROM ${accounts.rows === '1' ? 'administrators' : 'users'} WHERE login <> '' ORDER BY id LIMIT 1`);
  await page.fill('#login', rows);
  await page.fill('#password', password);
  await page.click('#sign-in');
  await page.waitForURL(url => url.href.startsWith(http) && !/login/.test(url.pathname));
}

/** Accessibility findings of the page as it stands, in words. */
export async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(v => `${v.id}: ${v.help} – ${v.nodes.map(n => n.target.join(' ')).join(', ')}`);
}

/** Colour schemes and widths in which each page must stand. */
export const looks = [
  { name: 'light', scheme: 'light', width: 1280, height: 900 },
  { name: 'dark', scheme: 'dark', width: 1280, height: 900 },
  { name: 'phone', scheme: 'light', width: 390, height: 844 },
];

/** A picture into test-results. */
export async function picture(page, name, fullPage = false) {
  const path = join(results, `${name}.png`);
  // What sticks to the window's edge belongs at the top of a picture of the whole page.
  await page.evaluate(() => { window.scrollTo(0, 0); window.focused = document.activeElement; window.focused?.blur(); });
  await page.screenshot({ path, fullPage, animations: 'disabled' });
  // Whoever uses the keyboard goes on from where they were.
  await page.evaluate(() => window.focused?.focus({ preventScroll: true }));
  return path;
}

/** The picture that README shows; renewed on request only, so that a test run leaves the tree clean. */
export function publish(path) {
  const target = join(root, 'docs', 'screenshot.png');
  if (process.env.UPDATE_SCREENSHOT || !existsSync(target)) copyFileSync(path, target);
}
