// A person in the portal: first sign-in, every page, edits, live calls. One story, told in order, in one browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findings, looks, password, picture, publish, raise } from './stage.mjs';

let stage, page, login;
const at = path => stage.http + path;

before(async () => {
  stage = await raise();
  page = stage.page;
  page.setDefaultTimeout(20_000);
});
after(() => stage?.lower());

test('the setup link asks for a password that holds the rules, once', async () => {
  await page.goto(stage.setup);
  assert.deepEqual(await findings(page), []);
  await picture(page, 'setup');
  await page.fill('#password', password);
  await page.fill('#confirm', password + 'x');
  await page.click('#save');
  await page.locator('#problem').waitFor();
  await page.fill('#password', password);
  await page.fill('#confirm', password);
  await page.click('#save');
  await page.waitForURL(/\/(admin|login)/);
  await page.goto(stage.setup);
  assert.equal(await page.locator('#confirm').count(), 0, 'the link works twice');
});

test('only the right password signs in', async () => {
  login = (await stage.ask('sql SELECT login FROM users WHERE length(login) > 0 ORDER BY id LIMIT 1')).rows;
  await page.context().clearCookies();
  await page.goto(at('/admin'));
  await page.waitForURL(/login/);
  assert.deepEqual(await findings(page), []);
  for (const { name, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    await picture(page, `sign-in-${name}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.fill('#login', login);
  await page.fill('#password', 'Wrong@Password2024!');
  await page.click('#sign-in');
  await page.locator('#problem').waitFor();
  await page.fill('#login', login);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin/);
});

test('every page of the menu stands in light, dark and on a phone, without an accessibility finding', async () => {
  await page.goto(at('/admin'));
  const links = await page.locator('#nav ul a').evaluateAll(all => all.map(a => a.getAttribute('href')));
  for (const wanted of ['users', 'extensions', 'devices', 'ring_groups', 'settings', 'roles', 'calls/live', 'calls']) {
    assert.ok(links.includes(`/admin/${wanted}`), `${wanted} is not in the menu: ${links}`);
  }
  const faults = [];
  for (const link of links) {
    for (const { name, scheme, width, height } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height });
      const answer = await page.goto(at(link));
      if (answer.status() !== 200) faults.push(`${link}: ${answer.status()}`);
      await page.locator('h1').first().waitFor();
      faults.push(...(await findings(page)).map(f => `${link} ${name}: ${f}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) faults.push(`${link} ${name}: ${wide} px wider than the window`);
      await picture(page, `${link.replace(/\W+/g, '-').slice(1)}-${name}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(faults, []);
});

test('a user is made, with errors at the field first, then changed, then deleted', async () => {
  await page.goto(at('/admin/users'));
  await page.click('#new');
  await page.fill('[name=first_name]', '');
  await page.fill('[name=extension]', stage.numbers[0]);
  await page.click('#save');
  // The extension's may come while typing already, the name's only with the answer to Save.
  for (const error of ['#e-first_name', '#e-extension']) await page.locator(error).filter({ hasText: /\w/ }).waitFor();
  assert.match(await page.locator('#e-first_name').innerText(), /\w/);
  assert.match(await page.locator('#e-extension').innerText(), /\w/, 'the taken number is not told at its field');
  assert.deepEqual(await findings(page), []);
  await picture(page, 'user-errors', true);
  await page.fill('[name=first_name]', 'Grace');
  await page.fill('[name=last_name]', 'Hopper');
  await page.fill('[name=extension]', '4242');
  await page.click('#save');
  await page.waitForURL(/\/admin\/users\/\d+/);
  const id = page.url().match(/users\/(\d+)/)[1];
  await page.goto(at('/admin/users'));
  assert.match(await page.locator(`#row-${id}`).innerText(), /Grace Hopper/);
  await page.locator(`#row-${id} a`).first().click();
  await page.fill('[name=last_name]', 'Murray Hopper');
  await page.keyboard.press('Control+s');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Murray'));
  await picture(page, 'user-form', true);
  const rows = await stage.ask(`sql SELECT last_name FROM users WHERE id = ${id}`);
  assert.equal(rows.rows, 'Murray Hopper');
  // Nobody is deleted at once: only after 12 hours of suspension.
  await page.click('#delete');
  await page.locator('#problems').filter({ hasText: /Suspend this user first/ }).waitFor();
  await stage.ask(`sql UPDATE users SET suspended = 1 WHERE id = ${id}`);
  await stage.ask(`sql UPDATE users SET suspended_at = suspended_at - 12 * 3600000 WHERE id = ${id}`);
  await page.goto(at(`/admin/users/${id}`));
  await page.click('#delete');
  await page.waitForURL(/\/admin\/users(\?.*)?$/);
  assert.equal(await page.locator(`#row-${id}`).count(), 0);
});

test('a search narrows the list, stays in the address, and the back button brings it back', async () => {
  await page.goto(at('/admin/devices'));
  const all = await page.locator('[id^=row-]').count();
  assert.ok(all >= 5, `${all} starter devices`);
  await page.keyboard.press('/');
  const user = (await stage.ask(`sql SELECT username FROM devices WHERE id = ${stage.devices[0]}`)).rows;
  await page.keyboard.type(user);
  await page.waitForFunction(n => document.querySelectorAll('[id^=row-]').length < n, all);
  await page.waitForURL(/q=/);
  await page.locator(`#row-${stage.devices[0]} a`).first().click();
  await page.waitForURL(/devices\/\d+/);
  await page.goBack();
  await page.locator(`#row-${stage.devices[0]}`).waitFor();
  assert.ok(await page.locator('[id^=row-]').count() < all, 'the search is forgotten');
  assert.equal(await page.inputValue('#q'), user);
});

test('the registration of a device is shown and moves by itself', async () => {
  await page.goto(at('/admin/devices'));
  const lamp = page.locator(`#reg-${stage.devices[1]}`);
  await lamp.filter({ hasText: /registered/i }).waitFor();
  const registered = await lamp.innerText();
  await stage.ask('unregister');
  await page.waitForFunction(([id, was]) => document.querySelector(`#reg-${id}`)?.innerText !== was, [stage.devices[1], registered]);
  await stage.ask('register');
  await page.waitForFunction(([id, was]) => document.querySelector(`#reg-${id}`)?.innerText === was, [stage.devices[1], registered]);
});

test('a running call appears by itself and can be hung up', async () => {
  await page.goto(at('/admin/calls/live'));
  await stage.ask('call');
  const button = page.locator('#live-calls [name=hangup]').first();
  await button.waitFor();
  assert.match(await page.locator('#live-calls').innerText(), new RegExp(stage.numbers[0]));
  assert.deepEqual(await findings(page), []);
  for (const { name, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    await picture(page, `live-call-${name}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  page.on('dialog', dialog => dialog.accept());
  await button.click();
  const sure = page.locator('dialog[open] button.danger');
  if (await sure.count()) await sure.click();
  await stage.ask('ended');
  await button.waitFor({ state: 'detached' });
});

test('the call list leads to the trace and the ladder of a call', async () => {
  await page.goto(at('/admin/calls'));
  await stage.ask('call');
  const { id } = await stage.ask('hangup');
  await page.goto(at('/admin/calls'));
  assert.match(await page.locator('main').innerText(), new RegExp(stage.numbers[1]));
  await page.locator(`a[href*="${encodeURIComponent(id)}"]`).first().click();
  await page.locator('ol.trace li').first().waitFor();
  await page.locator('svg.ladder').waitFor();
  assert.match(await page.locator('svg.ladder').textContent(), /INVITE/);
  assert.match(await page.locator('svg.ladder').textContent(), /BYE/);
  assert.deepEqual(await findings(page), []);
  await page.locator('svg.ladder a').first().click();
  assert.match(await page.locator('#raw').innerText(), /SIP\/2\.0/);
  for (const { name, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    const path = await picture(page, `call-detail-${name}`, true);
    if (name === 'light') publish(path);
    if (name === 'phone') await readsOnAPhone();
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
});

// Messages in words instead of columns: all of them, nothing to scroll sideways, and one leads to its text.
async function readsOnAPhone() {
  assert.ok(await page.locator('svg.ladder').isHidden());
  const drawn = await page.locator('svg.ladder a').count();
  const told = await page.locator('ol.messages a').allInnerTexts();
  assert.equal(told.length, drawn);
  for (const text of told) assert.match(text, / → /);
  const cut = await page.locator('#signalling *').evaluateAll(all => all.filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible').length);
  assert.equal(cut, 0, 'something must be scrolled sideways');
  assert.deepEqual(await findings(page), []);
  await page.locator('ol.messages a', { hasText: 'BYE' }).first().click();
  await page.locator('#raw b', { hasText: 'BYE' }).waitFor();
  assert.ok(await page.locator('#raw').evaluate(e => e.getBoundingClientRect().top < window.innerHeight), 'its text is out of sight');
}

test('an invalid row written by hand is an alarm on every page until it is mended', async () => {
  await page.goto(at('/admin/users'));
  await stage.ask('bad');
  await page.locator('#alarms').filter({ hasText: /98765/ }).waitFor();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'alarm');
  await stage.ask('good');
  await page.locator('#alarms').filter({ hasNotText: /98765/ }).waitFor({ state: 'attached' });
});

test('the keyboard alone leads from the list to a saved form', async () => {
  await page.goto(at('/admin/ring_groups'));
  await page.locator('h1').waitFor();
  await page.keyboard.press('n');
  await page.waitForURL(/ring_groups\/new/);
  for (let steps = 0; steps < 60; steps += 1) {
    if (await page.evaluate(() => document.activeElement?.getAttribute('name') === 'name')) break;
    await page.keyboard.press('Tab');
  }
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'name');
  const outline = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  });
  assert.ok(outline, 'the focus cannot be seen');
});

// DEV-12
test('a key of a phone is set by keyboard, and the phone as drawn stands in light, dark and at phone width', async () => {
  const device = (await stage.ask('sql SELECT min(id) FROM devices')).rows;
  await stage.ask(`sql UPDATE devices SET model = 'yealink-t54w', mac = '805ec01a7f22' WHERE id = ${device}`);
  await page.goto(at(`/admin/devices/${device}/buttons`));
  await page.locator('#key-2').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/key=2/);
  await page.locator('#f-type').selectOption('speed_dial');
  await page.locator('#f-value').focus();
  await page.keyboard.type('+4930123456');
  await page.locator('#f-label').focus();
  await page.keyboard.type('Taxi');
  await page.keyboard.press('Enter');
  await page.locator('#key-2').filter({ hasText: 'Taxi' }).waitFor();
  const faults = [];
  for (const path of [`/admin/devices/${device}/buttons?key=2`, `/admin/devices/${device}`]) {
    for (const { name, scheme, width, height } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height });
      await page.goto(at(path));
      await page.locator('h1').first().waitFor();
      faults.push(...(await findings(page)).map(f => `${path} ${name}: ${f}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) faults.push(`${path} ${name}: ${wide} px wider than the window`);
      await picture(page, `${path.includes('buttons') ? 'keys' : 'desk-phone'}-${name}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(faults, []);
});

test('nothing was loaded from elsewhere and no page complained', async () => {
  assert.deepEqual(stage.strangers, []);
  // Chromium itself writes refused forms (4xx) and animations cut short by the next page to the console.
  const own = stage.complaints.filter(c => !/status of 4\d\d|Transition was (aborted|skipped)/.test(c));
  assert.deepEqual(own, []);
});
