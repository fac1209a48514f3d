// Ways in: passkeys with the browser's own authenticator, and the portal in German. One story, in one browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findings, looks, password, picture, raise, root } from './stage.mjs';

let stage, page, cdp, http;
const at = path => http + path;

before(async () => {
  stage = await raise();
  // Passkeys are for names, and this machine's own needs no TLS.
  http = stage.http.replace('127.0.0.1', 'localhost');
  page = await stage.browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(20_000);
  cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
});
after(() => stage?.lower());

const authenticator = () => cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
  protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
  automaticPresenceSimulation: true,
} });

test('a passkey is made under a name', async () => {
  await page.goto(stage.setup.replace('127.0.0.1', 'localhost'));
  await page.fill('#password', password);
  await page.fill('#confirm', password);
  await page.click('#save');
  await page.waitForURL(/\/admin/);
  await authenticator();
  await page.goto(at('/security'));
  await page.click('#add-passkey');
  for (const { name, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    assert.deepEqual(await findings(page), []);
    await picture(page, `passkey-${name}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.fill('#name', 'Laptop');
  await page.fill('#current', 'Wrong@Password2024!');
  await page.click('#make-passkey');
  await page.locator('[data-passkey-problem]').filter({ hasText: /password is not right/ }).waitFor();
  await page.fill('#current', password);
  await page.click('#make-passkey');
  await page.locator('#recovery').waitFor();
  assert.equal(await page.locator('#recovery li').count(), 10);
  await page.click('#done');
  assert.match(await page.locator('#passkeys').innerText(), /Laptop/);
  assert.deepEqual(await findings(page), []);
  for (const { name, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    await picture(page, `security-${name}`, true);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('the passkey signs in without a password', async () => {
  await page.context().clearCookies();
  await page.goto(at('/login?next=/security'));
  await page.locator('#use-passkey').waitFor();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'sign-in-passkey');
  await page.click('#use-passkey');
  await page.waitForURL(/\/security$/);
  assert.match(await page.locator('#passkeys').innerText(), /Last used/);
});

test('after the password the passkey is the second factor', async () => {
  await page.context().clearCookies();
  await page.goto(at('/login'));
  await page.fill('#login', 'admin');
  await page.fill('#password', password);
  await page.click('#sign-in');
  await page.waitForURL(/sign-in\/code/);
  assert.deepEqual(await findings(page), []);
  await picture(page, 'second-factor');
  await page.click('#use-passkey');
  await page.waitForURL(/\/admin$/);
});

test('a browser without the key is told so', async () => {
  await page.context().clearCookies();
  await cdp.send('WebAuthn.disable');
  await cdp.send('WebAuthn.enable');
  await authenticator();
  await page.goto(at('/login'));
  await page.click('#use-passkey');
  await page.locator('[data-passkey-problem]').filter({ hasText: /did not work, or was cancelled/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/login');
});

// German texts whose English is another: what of these stands in English on a German page was forgotten.
const catalogue = () => {
  const pairs = [...readFileSync(join(root, 'portal', 'languages', 'de.toml'), 'utf8').matchAll(/^"((?:[^"\\]|\\.)*)" = "((?:[^"\\]|\\.)*)"$/gm)];
  // A role that each company begins with is named so: a name, which people may change, and no text of ours.
  const names = ['User'];
  return new Set(pairs.filter(([, english, german]) => english !== german).map(([, english]) => english.replace(/\\"/g, '"')).filter(text => !names.includes(text)));
};

/** Texts and labels of the page as it stands that are English ones of the catalogue. */
const leftovers = english => page.evaluate(known => {
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest('script, style, template, textarea, code, pre, .mono, .trace, .ladder')) texts.push(walker.currentNode.data);
  for (const el of document.querySelectorAll('[title], [aria-label], [placeholder]')) for (const name of ['title', 'aria-label', 'placeholder']) texts.push(el.getAttribute(name) ?? '');
  const all = new Set(known);
  return [...new Set(texts.map(text => text.trim().replace(/\s+/g, ' ')).filter(text => all.has(text)))];
}, [...english]);

test('who is not signed in chooses the language below the page, and the browser remembers it', async () => {
  const english = await stage.browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } });
  const door = await english.newPage();
  await door.goto(at('/forgot?new=1'));
  assert.equal(await door.locator('.languages [aria-current]').innerText(), 'English');
  await door.click('.languages [value=de]');
  await door.waitForURL(/forgot\?new=1/);
  assert.equal(await door.locator('html').getAttribute('lang'), 'de');
  await door.goto(at('/login'));
  assert.equal(await door.locator('#sign-in').innerText(), 'Anmelden');
  assert.deepEqual(await findings(door), []);
  await door.emulateMedia({ colorScheme: 'dark' });
  await door.setViewportSize({ width: 390, height: 844 });
  await door.reload();
  assert.deepEqual(await findings(door), []);
  await picture(door, 'sign-in-languages');
  await english.close();
});

test('every page of the menu reads in German', async () => {
  const german = await stage.browser.newContext({ locale: 'de-DE', viewport: { width: 1280, height: 900 } });
  page = await german.newPage();
  page.setDefaultTimeout(20_000);
  const english = catalogue(), faults = [];
  await page.goto(at('/login'));
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  assert.deepEqual(await leftovers(english), []);
  assert.match(await page.locator('#sign-in').innerText(), /Anmelden/);
  await picture(page, 'sign-in-german');
  for (const path of ['/forgot', '/forgot?new=1', '/sign-in', '/login?out']) {
    await page.goto(at(path));
    faults.push(...(await leftovers(english)).map(text => `${path}: ${text}`));
  }
  // Browser first, then what the user chose.
  await stage.ask("sql UPDATE users SET language = 'de' WHERE login = 'admin'");
  await stage.ask('sql DELETE FROM passkeys');
  await stage.ask('sql DELETE FROM sign_in_failures');
  await page.goto(at('/login'));
  await page.fill('#login', 'admin');
  await page.fill('#password', password);
  await page.click('#sign-in');
  await page.waitForURL(/\/admin/);
  const links = [];
  for (const home of ['/admin', '/']) {
    await page.goto(at(home));
    links.push(...await page.locator('#nav ul a').evaluateAll(all => all.map(a => a.getAttribute('href'))));
  }
  assert.ok(links.length > 15, `${links}`);
  for (const link of [...links, '/password/set', '/security/authenticator', '/security/passkeys/new']) {
    await page.goto(at(link));
    await page.locator('h1').first().waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de', link);
    faults.push(...(await leftovers(english)).map(text => `${link}: ${text}`));
    const fresh = page.locator('#new');
    if (await fresh.count()) {
      await fresh.click();
      await page.locator('form[data-form]').waitFor();
      faults.push(...(await leftovers(english)).map(text => `${link}/new: ${text}`));
    }
  }
  await page.goto(at('/admin/users'));
  await picture(page, 'users-german');
  await page.locator('[id^=row-] a').first().click();
  await page.locator('form[data-form]').waitFor();
  faults.push(...(await leftovers(english)).map(text => `a user: ${text}`));
  await picture(page, 'user-german', true);
  await page.fill('[name=extension]', 'x');
  await page.keyboard.press('Tab');
  await page.locator('#e-extension').filter({ hasText: /\w/ }).waitFor();
  faults.push(...(await leftovers(english)).map(text => `an error: ${text}`));
  await page.goto(at('/admin'));
  await picture(page, 'dashboard-german', true);
  assert.deepEqual(faults, []);
});

test('names of people and things stay as they were written', async () => {
  await stage.ask("sql UPDATE ring_groups SET name = 'Security' WHERE id = (SELECT min(id) FROM ring_groups)");
  await page.goto(at('/admin/ring_groups'));
  assert.match(await page.locator('[id^=row-]').first().innerText(), /Security/);
});
