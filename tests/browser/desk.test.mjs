// A user without rights in their own portal: every page in every look, a click that calls, a search, a block, the check.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enter, findings, looks, password, picture, raise } from './stage.mjs';

let stage, page, user;
const at = path => stage.http + path;

before(async () => {
  stage = await raise();
  page = stage.page;
  page.setDefaultTimeout(20_000);
  await enter(stage);
  user = (await stage.ask(`sql SELECT user_id FROM devices WHERE id = ${stage.devices[0]}`)).rows;
  await page.goto(at(`/admin/users/${user}`));
  await page.click('#make-link');
  const link = await page.locator('#secret input').inputValue();
  await page.context().clearCookies();
  await page.goto(new URL(link, stage.http).href);
  await page.fill('#password', password);
  await page.fill('#confirm', password);
  await page.click('#save');
  await page.waitForURL(at('/'));
});
after(() => stage?.lower());

async function inEveryLook(name, faults, full = true) {
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.scheme });
    await page.setViewportSize({ width: look.width, height: look.height });
    // Colours that are on their way from one look to another are of neither.
    await page.reload();
    faults.push(...(await findings(page)).map(f => `${name} ${look.name}: ${f}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${name} ${look.name}: ${wide} px wider than the window`);
    await picture(page, `desk-${name}-${look.name}`, full);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
}

test('every page of the portal stands in light, dark and on a phone, without an accessibility finding', async () => {
  await stage.ask('call');
  await stage.ask('hangup');
  await page.goto(at('/'));
  const links = await page.locator('#nav ul a').evaluateAll(all => all.map(a => a.getAttribute('href')));
  for (const wanted of ['/', '/call-history', '/rules', '/timeframes', '/settings', '/phones', '/help', '/profile', '/security']) {
    assert.ok(links.includes(wanted), `${wanted} is not in the menu: ${links}`);
  }
  const faults = [];
  const more = ['/call-history?q=nobody', '/call-history/blocked', `/phones/${stage.devices[0]}`, '/help/phone-check', '/help/mail-check', '/help/report', '/call?number=102',
    '/rules/new', '/timeframes/new', '/timeframes/import'];
  for (const link of [...links, ...more]) {
    const answer = await page.goto(at(link));
    if (answer.status() !== 200) faults.push(`${link}: ${answer.status()}`);
    await inEveryLook(link.replace(/\W+/g, '-').slice(1) || 'home', faults);
  }
  assert.deepEqual(faults, []);
});

test('a time frame and two rules are made, the week shows them, and they are put in order', async () => {
  for (const [name, hours] of [['Lunch', '12:00-13:00'], ['Office hours', '08:00-17:00']]) {
    await page.goto(at('/timeframes/new'));
    await page.fill('[name=name]', name);
    for (let day = 0; day < 5; day += 1) await page.locator('[name=hours]').nth(day).fill(hours);
    await page.click('#save');
    await page.locator('#frames tr', { hasText: name }).waitFor();
  }
  for (const [frame, action] of [['Office hours', 'ring'], ['Lunch', 'forward']]) {
    await page.goto(at('/rules/new'));
    await page.selectOption('[name=time_frame]', { label: frame });
    await page.selectOption('[name=action]', action);
    // Only what belongs to the action is asked for.
    assert.equal(await page.locator('#field-forward_busy').isVisible(), action === 'ring');
    if (action === 'forward') await page.fill('[name=forward_always]', stage.numbers[1]);
    await page.click('#save');
    await page.locator('#rule-list li', { hasText: frame }).waitFor();
  }
  const names = () => page.locator('#rule-list li b').allInnerTexts();
  assert.deepEqual(await names(), ['Office hours', 'Lunch']);
  const monday = page.locator('.week .day').first();
  assert.match(await monday.getAttribute('aria-label'), /Office hours 08:00–17:00/);
  await page.locator('#rule-list li', { hasText: 'Lunch' }).locator('[data-move="-1"]').click();
  await page.locator('.toast', { hasText: 'Order saved' }).waitFor();
  assert.deepEqual(await names(), ['Lunch', 'Office hours']);
  assert.match(await monday.getAttribute('aria-label'), /Lunch 12:00–13:00/);
  assert.deepEqual(await findings(page), []);
  const faults = [];
  await inEveryLook('rules-of-a-week', faults);
  await page.goto(at('/'));
  await page.locator('#active-rule', { hasText: 'Right now' }).waitFor();
  await page.goto(at('/timeframes'));
  await inEveryLook('frames', faults);
  assert.deepEqual(faults, []);
});

/** U-18: mouse, keys and touch paint into the lines that are sent. */
test('hours are painted on the week with mouse, keys and finger, and are what the database holds', async () => {
  const hours = name => stage.ask(`sql SELECT hours FROM time_frames WHERE name = '${name}'`).then(answer => answer.rows);
  await page.goto(at('/timeframes/new'));
  await page.fill('[name=name]', 'Painted');
  const lines = page.locator('[name=hours]');
  await lines.nth(1).fill('06:15-07:00');
  const cell = (day, half) => page.locator('[data-week] .day').nth(day).locator('i').nth(half);
  const middle = async (day, half) => {
    const box = await cell(day, half).boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  await cell(6, 0).scrollIntoViewIfNeeded();
  await page.mouse.move(...await middle(0, 16));
  await page.mouse.down();
  await page.mouse.move(...await middle(4, 33), { steps: 5 });
  await page.mouse.up();
  assert.equal(await lines.nth(0).inputValue(), '08:00-17:00');
  assert.equal(await lines.nth(1).inputValue(), '06:15-07:00 08:00-17:00', 'what was typed stays');
  assert.equal(await cell(1, 12).getAttribute('data-f'), 'part');
  await cell(5, 20).focus();
  for (const key of ['Space', 'Shift+ArrowRight', 'Shift+ArrowRight', 'ArrowLeft', 'Space']) await page.keyboard.press(key);
  assert.equal(await lines.nth(5).inputValue(), '10:00-10:30 11:00-11:30');
  assert.equal(await cell(5, 22).getAttribute('aria-selected'), 'true');
  const finger = await page.context().newCDPSession(page);
  const touch = (type, points) => finger.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
  await touch('touchStart', [await middle(6, 40)]);
  await touch('touchMove', [await middle(6, 42)]);
  await touch('touchMove', [await middle(6, 47)]);
  await touch('touchEnd', []);
  assert.equal(await lines.nth(6).inputValue(), '20:00-24:00');
  assert.deepEqual(await findings(page), []);
  await page.click('#save');
  await page.locator('#frames tr', { hasText: 'Painted' }).waitFor();
  const work = '08:00-17:00';
  assert.equal(await hours('Painted'), `mo ${work}; tu 06:15-07:00 ${work}; we ${work}; th ${work}; fr ${work}; sa 10:00-10:30 11:00-11:30; su 20:00-24:00`);
  const faults = [];
  await page.locator('#frames tr', { hasText: 'Painted' }).getByRole('link', { name: 'Edit Painted' }).click();
  await inEveryLook('painted-week', faults);
  assert.deepEqual(faults, []);
  await page.goto(at('/timeframes'));
  await page.click('[aria-label="Delete Painted"]');
});

test('do not disturb is switched on with a click, and off', async () => {
  await page.goto(at('/rules'));
  await page.click('#dnd');
  await page.locator('#dnd', { hasText: 'End do not disturb' }).click();
  await page.locator('#dnd[aria-pressed=false]').waitFor();
});

test('a search narrows the history while one types, and its X clears it', async () => {
  await page.goto(at('/call-history'));
  const rows = page.locator('#calls tbody tr[id^=row-]');
  assert.equal(await rows.count(), 1);
  assert.match(await rows.first().innerText(), /Outgoing/);
  await page.keyboard.press('/');
  await page.keyboard.type('nobody');
  await page.locator('#no-calls', { hasText: 'Nothing matches' }).waitFor();
  await page.waitForURL(/q=nobody/);
  await page.click('[data-clear-search]');
  await rows.first().waitFor();
  assert.equal(await page.inputValue('#q'), '');
  await page.locator('label', { hasText: 'Missed' }).click();
  await page.locator('#no-calls').waitFor();
});

test('a click on a number asks with which phone, and the banner follows the call until it is cancelled', async () => {
  await page.goto(at('/call-history?range=24h'));
  await page.locator('#calls a[data-call]').first().click();
  const dialog = page.locator('#call-dialog');
  await dialog.locator('#place-call').waitFor();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'desk-call-dialog');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  const banner = page.locator('#calling-banner');
  const click = async () => {
    await page.goto(at('/call-history?range=24h'));
    await page.locator('#calls a[data-call]').first().click();
    await dialog.locator('#place-call').click();
    await banner.filter({ hasText: `Please answer your ringing phone and the call will be connected to ${stage.numbers[1]}` }).waitFor();
  };
  await click();
  const faults = [];
  await inEveryLook('banner', faults, false);
  assert.deepEqual(faults, []);
  // Looking may have taken longer than a phone rings: then it says so, and is closed.
  await banner.locator('form button').click();
  await banner.waitFor({ state: 'detached' });
  await click();
  await page.goto(at('/help'));
  await page.click('#cancel-call');
  await banner.waitFor({ state: 'detached' });
  // Both are in the history once their records are closed.
  const rows = page.locator('#calls tbody tr[id^=row-]');
  for (let tries = 0; tries < 200 && await rows.count() < 3; tries += 1) await page.goto(at('/call-history?range=all'));
  assert.equal(await rows.count(), 3);
});

test('a caller is blocked and unblocked, and a changed form is not left without a word', async () => {
  await page.goto(at('/call-history/blocked'));
  await page.fill('#number', '+49 900*');
  await page.click('#block');
  await page.locator('#blocked tr', { hasText: '+49900*' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'desk-blocked-list');
  await page.locator('#blocked button').click();
  await page.locator('#blocked').waitFor({ state: 'detached' });
  await page.goto(at('/profile'));
  await page.fill('[name=area_code]', '40');
  const asked = new Promise(done => page.once('dialog', dialog => { done(dialog.type()); dialog.dismiss(); }));
  await page.evaluate(() => { location.href = '/help'; });
  assert.equal(await asked, 'beforeunload');
  await page.click('#save');
  await page.locator('.toast', { hasText: 'Saved' }).waitFor();
  assert.equal(await page.inputValue('[name=area_code]'), '40');
});

test('Caps Lock is told at the password field', async () => {
  await page.goto(at('/password/set'));
  const hint = page.locator('[data-caps]').first();
  assert.ok(await hint.isHidden());
  await page.locator('#password').evaluate(el => el.dispatchEvent(new KeyboardEvent('keydown', { key: 'A', bubbles: true, modifierCapsLock: true })));
  assert.ok(await hint.isVisible());
  await page.locator('#password').evaluate(el => el.dispatchEvent(new KeyboardEvent('keyup', { key: 'a', bubbles: true })));
  assert.ok(await hint.isHidden());
});

test('nothing was loaded from elsewhere and no page complained', async () => {
  assert.deepEqual(stage.strangers, []);
  const own = stage.complaints.filter(c => !/status of 4\d\d|Transition was (aborted|skipped)/.test(c));
  assert.deepEqual(own, []);
});
