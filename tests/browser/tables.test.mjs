// Every declared table in the browser: its list, forms, drawer and menus in light, dark and on a phone. The tables come from
// the OpenAPI document, so one that is added is looked at without a word here.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enter, findings, looks, picture, raise } from './stage.mjs';

let stage, page, tables;
const at = path => stage.http + path;

before(async () => {
  stage = await raise();
  page = stage.page;
  page.setDefaultTimeout(20_000);
  await enter(stage);
  const { paths } = await (await page.request.get(at('/api/v1/openapi.json'))).json();
  tables = Object.values(paths).map(path => path['x-table']).filter(Boolean)
    .map(name => ({ name, single: !paths[`/api/v1/${name}/{id}`] }));
  assert.ok(tables.length > 10);
});
after(() => stage?.lower());

async function inEveryLook(name, faults, full = false) {
  for (const look of looks) {
    // A colour on its way from light to dark is none that anybody reads.
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: look.width, height: look.height });
    faults.push(...(await findings(page)).map(f => `${name} ${look.name}: ${f}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${name} ${look.name}: ${wide} px wider than the window`);
    await picture(page, `table-${name}-${look.name}`, full);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  await page.setViewportSize({ width: 1280, height: 900 });
}

// NAV-22
test('each list, its cards and its forms stand in every look without an accessibility finding', async () => {
  const faults = [];
  for (const { name, single } of tables) {
    const open = async path => {
      const answer = await page.goto(at(path));
      if (answer.status() !== 200) faults.push(`${path}: ${answer.status()}`);
      await page.locator('h1').first().waitFor();
      return answer.status() === 200;
    };
    if (!(await open(`/admin/${name}`))) continue;
    await inEveryLook(name, faults, single);
    if (single) continue;
    await open(`/admin/${name}?view=cards`);
    await inEveryLook(`${name}-cards`, faults);
    if (await page.goto(at(`/admin/${name}/new`)).then(answer => answer.status() === 200)) await inEveryLook(`${name}-new`, faults, true);
    const { items } = await (await page.request.get(at(`/api/v1/${name}?limit=1`))).json();
    if (!items.length) continue;
    await open(`/admin/${name}/${items[0].id}`);
    await inEveryLook(`${name}-row`, faults, true);
  }
  assert.deepEqual(faults, []);
});

test('a row is looked at without leaving the list, and its menu acts', async () => {
  const faults = [];
  // Not the first of all: that is the administrator, who cannot be switched off.
  await page.goto(at(`/admin/users?q=${stage.numbers[0]}`));
  await page.locator('#list tbody tr td:nth-child(4)').first().click();
  await page.locator('#drawer[open] h2').waitFor();
  await inEveryLook('drawer', faults);
  await page.keyboard.press('Escape');
  await page.locator('#drawer[open]').waitFor({ state: 'detached' }).catch(() => {});
  await page.locator('[data-menu]').first().click();
  await page.locator('#row-menu button.danger').waitFor();
  faults.push(...await findings(page));
  await picture(page, 'table-row-menu');
  await page.locator('#row-menu [name^="set."]').first().click();
  await page.locator('#undo').waitFor();
  assert.match(await page.locator('.toast').innerText(), /1 user changed/);
  await page.keyboard.press('Control+z');
  await page.locator('.toast').filter({ hasText: /as it was/ }).waitFor();
  assert.deepEqual(faults, []);
});

test('ticked rows change together and come back together', async () => {
  await page.goto(at('/admin/devices'));
  const all = await page.locator('#list .tick').count();
  assert.ok(all >= 5);
  await page.locator('#list .tick').nth(0).click();
  await page.locator('#list .tick').nth(2).click({ modifiers: ['Shift'] });
  assert.equal(await page.locator('#bulk b').innerText(), '3 selected');
  const faults = [];
  await inEveryLook('bulk', faults);
  await page.click('#bulk-change');
  await page.locator('#bulk-dialog[open]').waitFor();
  await inEveryLook('bulk-dialog', faults);
  await page.selectOption('#set-ring', '=delay');
  await page.click('#bulk-set');
  await page.locator('.toast').filter({ hasText: /3 devices changed/ }).waitFor();
  assert.equal((await stage.ask("sql SELECT count(*) FROM devices WHERE ring = 'delay'")).rows, '3');
  await page.click('#undo');
  await page.locator('.toast').filter({ hasText: /3 rows are as they were/ }).waitFor();
  assert.equal((await stage.ask("sql SELECT count(*) FROM devices WHERE ring = 'delay'")).rows, '0');
  await page.click('#tick-all');
  assert.equal(await page.locator('#bulk b').innerText(), `${all} selected`);
  await page.click('[data-clear]');
  assert.ok(await page.locator('#bulk').isHidden());
  assert.deepEqual(faults, []);
});

// NAV-13
test('columns, cards and a saved view are remembered', async () => {
  await page.goto(at('/admin/users'));
  await page.click('#columns');
  await page.locator('#columns-menu [value=busy_trigger]').check();
  const faults = (await findings(page)).map(f => `columns: ${f}`);
  await picture(page, 'table-columns');
  await page.click('#columns-go');
  await page.locator('th', { hasText: 'Busy means' }).waitFor();
  await page.locator('#views [value=cards]').click();
  await page.locator('ul.cards').waitFor();
  await page.goto(at('/admin/devices'));
  await page.goto(at('/admin/users'));
  await page.locator('ul.cards').waitFor();
  await page.locator('#views [value=list]').click();
  await page.locator('th', { hasText: 'Busy means' }).waitFor();
  await page.goto(at('/admin/users'));
  await page.click('#filter-suspended');
  await page.locator('#by-suspended [value="1"]').check();
  await page.waitForURL(/f\.suspended=1/);
  await page.keyboard.press('Escape');
  await page.click('#save-view');
  await page.fill('#views-menu [name=name]', 'Away');
  await page.click('#save-view-go');
  await page.locator('#saved-views a', { hasText: 'Away' }).waitFor();
  await page.goto(at('/admin/users'));
  await page.locator('#saved-views a', { hasText: 'Away' }).click();
  await page.waitForURL(/f\.suspended=1/);
  faults.push(...(await findings(page)).map(f => `views: ${f}`));
  assert.deepEqual(faults, []);
});

test('the palette finds people, pages and commands by keyboard alone', async () => {
  await page.goto(at('/admin'));
  const faults = [];
  await page.keyboard.press('Control+k');
  await page.locator('#palette[open] [role=option]').first().waitFor();
  await page.keyboard.type(stage.numbers[0]);
  const hit = page.locator('#found [role=option][data-href^="/admin/users/"]').first();
  await hit.waitFor();
  await inEveryLook('palette', faults);
  for (let n = 0; n < 30 && await hit.getAttribute('aria-selected') !== 'true'; n += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin\/users\/\d+/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('keyboard');
  await page.locator('[data-run=keyboard]').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('#keyboard[open]').waitFor();
  await inEveryLook('keyboard', faults);
  await page.keyboard.press('Escape');
  await page.locator('h1').first().click();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.waitForURL(/\/admin\/?$|\/admin\/devices/);
  assert.deepEqual(faults, []);
});

test('a form names what is unsaved, its destination is picked, and a conflict loses nothing', async () => {
  const { items } = await (await page.request.get(at('/api/v1/ring_groups'))).json();
  const own = `/admin/ring_groups/${items[0].id}`;
  await page.goto(at(own));
  await page.fill('[name=ring_time]', '33');
  assert.match(await page.locator('.savebar .what').innerText(), /33 s instead of \d+ s/);
  await page.click('#f-overflow');
  await page.locator('#palette[open] [role=option]').first().waitFor();
  await page.keyboard.type('busy');
  await page.locator('[data-value="hangup:busy"]').waitFor();
  await page.keyboard.press('Enter');
  // Enter was pressed before the answer to what was typed came; it counts for that answer.
  await page.locator('#f-overflow', { hasText: /busy/ }).waitFor();
  assert.match(await page.locator('.savebar .what').innerText(), /instead of/);
  const faults = [];
  await inEveryLook('unsaved', faults, true);
  await stage.ask(`sql UPDATE ring_groups SET name = 'Theirs', ring_time = 44 WHERE id = ${items[0].id}`);
  await page.click('#save');
  await page.locator('#conflict').waitFor();
  await inEveryLook('conflict', faults, true);
  assert.match(await page.locator('#theirs-ring_time').innerText(), /44 s/);
  assert.equal(await page.inputValue('[name=name]'), 'Theirs');
  assert.equal(await page.inputValue('[name=ring_time]'), '33');
  await page.click('[data-take=ring_time]');
  assert.equal(await page.inputValue('[name=ring_time]'), '44');
  await page.click('#save');
  await page.locator('.toast').waitFor();
  assert.equal((await stage.ask(`sql SELECT overflow FROM ring_groups WHERE id = ${items[0].id}`)).rows, 'hangup:busy');
  assert.deepEqual(faults, []);
});

test('a delete that something stands in the way of says what, with links', async () => {
  const { items } = await (await page.request.get(at('/api/v1/ring_groups'))).json();
  await page.goto(at(`/admin/users/${items[0].members[0]}`));
  await page.click('#delete');
  await page.locator('#delete-dialog[open]').waitFor();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'table-delete-guard');
  assert.ok(await page.locator('#delete-sure').isDisabled());
  await page.locator('#delete-dialog a').first().click();
  await page.waitForURL(/\/admin\/(ring_groups|devices)\/\d+/);
});

// NAV-20
test('an old browser is told so until the notice is closed', async () => {
  const context = await stage.browser.newContext({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0', storageState: await stage.context.storageState() });
  const old = await context.newPage();
  await old.goto(at('/admin'));
  await old.locator('#old-browser').waitFor();
  assert.deepEqual(await findings(old), []);
  await old.click('[data-close-notice]');
  await old.goto(at('/admin/users'));
  assert.ok(await old.locator('#old-browser').isHidden());
  await context.close();
  assert.ok(await page.goto(at('/admin')).then(() => page.locator('#old-browser').isHidden()));
});

// NAV-01, NAV-02
test('each page of the sidebar has an icon and a word, and a button opens it on a phone', async () => {
  await page.goto(at('/admin'));
  const bare = await page.locator('#nav ul a').evaluateAll(all => all.filter(a => !a.querySelector('svg use') || !a.innerText.trim()).map(a => a.href));
  assert.deepEqual(bare, []);
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok(await page.locator('#nav').isHidden());
  await page.click('.menu-open');
  await page.locator('#nav a[href="/admin/users"]').click();
  await page.waitForURL(/\/admin\/users$/);
  assert.ok(await page.locator('#nav').isHidden());
  await page.setViewportSize({ width: 1280, height: 900 });
});

//
test('a customer is made in one form, opened and left again, suspended and resumed', async () => {
  const faults = [];
  await page.goto(at('/admin/tenants/new'));
  await page.fill('[name=name]', 'Lock works');
  await page.fill('[name=domain]', 'lock.example');
  await page.fill('[name=site_city]', 'Kiel');
  await page.selectOption('[name=site_country]', 'de');
  await page.fill('[name=administrator_first_name]', 'Lea');
  await page.click('#save');
  // The page says at the field what is wrong, and keeps the rest.
  await page.locator('#e-administrator_email .error').waitFor();
  assert.equal(await page.inputValue('[name=site_city]'), 'Kiel');
  await inEveryLook('customer-new', faults, true);
  await page.fill('[name=administrator_email]', 'lea@lock.example');
  await page.fill('[name=advanced_user]', '4');
  await page.click('#save');
  await page.locator('#setup-link').waitFor();
  const own = new URL(page.url()).pathname;
  assert.match(await page.locator('#customer-info').innerText(), /1 \/ 4/);
  await inEveryLook('customer', faults, true);
  await page.click('#open-customer');
  await page.waitForURL(/\/admin$/);
  await page.locator('#visiting').filter({ hasText: 'Lock works' }).waitFor();
  await inEveryLook('visiting', faults);
  await page.locator('#nav a[href="/admin/users"]').click();
  await page.locator('#total', { hasText: /^1 of 1$/ }).waitFor();
  await page.click('#leave-customer');
  await page.waitForURL(url => url.pathname === own);
  assert.equal(await page.locator('#visiting').count(), 0);
  for (const state of ['Suspended', 'Active']) {
    await page.locator('[name=suspended]').click();
    await page.click('#save');
    await page.locator('.toast').filter({ hasText: /Lock works saved/ }).waitFor();
    await page.locator('#customer-info .badge', { hasText: state }).waitFor();
    if (state === 'Active') break;
    await page.goto(at('/admin/tenants'));
    await page.locator('tr', { hasText: 'Lock works' }).locator('.badge.warn', { hasText: state }).waitFor();
    await inEveryLook('customers', faults);
    await page.goto(at(own));
  }
  assert.deepEqual(faults, []);
});

// MT-04…08, LIC-13
test('a customer is put into a group in a window, sold a licence, and taken out in the group\'s details', async () => {
  await page.goto(at('/admin/customer_groups/new'));
  await page.fill('[name=name]', 'Harbour');
  await page.click('#save');
  await page.locator('.toast').first().waitFor();
  await page.goto(at('/admin/tenants/new'));
  await page.fill('[name=name]', 'Crane works');
  await page.fill('[name=domain]', 'crane.example');
  await page.click('#select-group');
  await page.locator('#group-dialog summary').last().click();
  assert.deepEqual(await findings(page), []);
  await picture(page, 'table-select-group');
  await page.locator('#group-dialog input[value=Harbour]').check();
  await page.click('#pick-group');
  assert.equal(await page.inputValue('[name=customer_group]'), 'Harbour');
  await page.click('#save');
  await page.locator('.toast').filter({ hasText: /Crane works/ }).waitFor();
  const { items } = await (await page.request.get(at('/api/v1/tenants?q=Crane'))).json();
  await page.goto(at(`/admin/tenants/${items[0].id}`));
  assert.deepEqual(await findings(page), []);
  await page.locator('#sell input[name^="quantity."]').first().fill('7');
  await page.click('#sell-go');
  await page.locator('.toast').filter({ hasText: 'Licences saved' }).waitFor();
  assert.equal((await stage.ask(`sql SELECT count(*) FROM licences WHERE tenant_id = ${items[0].id} AND quantity = 7`)).rows, '1');
  const groups = await (await page.request.get(at('/api/v1/customer_groups?q=Harbour'))).json();
  await page.goto(at(`/admin/customer_groups/${groups.items[0].id}`));
  assert.deepEqual(await findings(page), []);
  await picture(page, 'table-group-details');
  await page.locator('#group-details tr', { hasText: 'Crane works' }).locator('button').click();
  await page.locator('.toast').filter({ hasText: 'Taken out' }).waitFor();
  assert.equal((await stage.ask(`sql SELECT customer_group FROM tenants WHERE id = ${items[0].id}`)).rows, '');
});

// NAV-08, NAV-09
test('a change takes effect by Save alone, which says so; Cancel discards it', async () => {
  const { items } = await (await page.request.get(at(`/api/v1/users?q=${stage.numbers[1]}`))).json();
  const stored = async name => (await stage.ask(`sql SELECT count(*) FROM users WHERE last_name = '${name}'`)).rows;
  await page.goto(at(`/admin/users/${items[0].id}`));
  await page.fill('[name=last_name]', 'Discarded');
  await page.click('#cancel');
  await page.waitForURL(/\/admin\/users$/);
  assert.equal(await stored('Discarded'), '0');
  await page.goto(at(`/admin/users/${items[0].id}`));
  await page.fill('[name=last_name]', 'Kept');
  assert.equal(await stored('Kept'), '0');
  await page.click('#save');
  await page.locator('.toast').filter({ hasText: /saved/ }).waitFor();
  assert.equal(await stored('Kept'), '1');
  // Neither covers the other.
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    const [toast, bar] = await Promise.all(['.toast', '.savebar'].map(part => page.locator(part).first().boundingBox()));
    assert.ok(toast.y + toast.height <= bar.y || bar.y + bar.height <= toast.y, `${width}: ${JSON.stringify([toast, bar])}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

// NAV-11
test('fields, save, dialogs and searches are reached by keyboard alone', async () => {
  await page.goto(at('/admin/users/new'));
  await page.focus('[name=first_name]');
  await page.keyboard.type('Keyboard');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'last_name');
  await page.keyboard.type('Alone');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin\/users\/\d+$/);
  await page.keyboard.press('Control+k');
  await page.locator('#palette[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#palette').waitFor({ state: 'hidden' });
  await page.goto(at('/admin/users'));
  await page.keyboard.press('/');
  await page.keyboard.type('keyboard al');
  await page.locator('#total', { hasText: /^1 of/ }).waitFor();
  assert.equal(await page.locator('#list tbody tr').count(), 1);
});

// NAV-12
test('a table that is wider than its place moves sideways by itself', async () => {
  await page.setViewportSize({ width: 1000, height: 900 });
  await page.goto(at('/admin/users'));
  await page.click('#columns');
  for (const box of await page.locator('#columns-menu input[name=col]').all()) await box.check();
  await page.click('#columns-go');
  const card = page.locator('.table-card').first();
  await card.hover();
  await page.mouse.wheel(300, 0);
  await page.waitForFunction(() => document.querySelector('.table-card').scrollLeft > 100);
  assert.equal(await page.evaluate(() => document.scrollingElement.scrollLeft), 0);
  const [name, table] = await Promise.all([page.locator('#list tbody td:nth-child(2)').first().boundingBox(), card.boundingBox()]);
  assert.ok(Math.abs(name.x - table.x) < 4, 'whose row it is stays in sight');
  await page.click('#columns');
  await page.click('#columns-menu [name=reset]');
  await page.setViewportSize({ width: 1280, height: 900 });
});

/** Adds a row as a program would, with the page's own session. */
async function add(table, row) {
  await page.goto(at('/admin'));
  return page.evaluate(async ([table, row]) => {
    const token = document.documentElement.outerHTML.match(/X-CSRF-Token(?:"|&quot;|&#34;):(?:"|&quot;|&#34;)([^"&]+)/)[1];
    const headers = { 'content-type': 'application/json', 'X-CSRF-Token': token };
    const answer = await fetch(`/api/v1/${table}`, { method: 'POST', headers, body: JSON.stringify(row) });
    if (!answer.ok) throw new Error(`${table}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).id;
  }, [table, row]);
}

// A-21, ICR-03
test('the call flow shows the way in force, and each step leads to its form', async () => {
  const faults = [];
  const [number, direct] = [await add('numbers', { number: '+12025550180' }), '+12025550181'];
  const user = (await (await page.request.get(at('/api/v1/users?limit=1'))).json()).items[0].id;
  await add('numbers', { number: direct, user });
  await add('numbers', { number: '+12025550182' });
  const frame = await add('time_frames', { name: 'Flow hours', kind: 'weekly', hours: 'mo-fr 09:00-17:00' });
  const route = await add('inbound_routes', { name: 'Flow line', numbers: [number], open: 'frame', time_frame: frame,
    open_to: `extension:${stage.numbers[0]}`, closed_to: 'hangup:busy' });
  await page.goto(at('/admin/routing?at=2026-11-18T10:00'));
  await page.locator('svg.canvas .edge-pill.on').waitFor();
  assert.match(await page.locator('svg.canvas').textContent(), /open now/);
  assert.equal(await page.locator(`svg.canvas a.node[href="/admin/inbound_routes/${route}"]`).count() > 0, true);
  assert.match(await page.locator('#bypassing').innerText(), new RegExp(direct.slice(1)));
  assert.match(await page.locator('#nowhere').innerText(), /12025550182/);
  await inEveryLook('call-flow', faults, true);
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.locator('svg.canvas').isVisible(), false);
  assert.match(await page.locator('.flow-list').innerText(), /open now/, 'the same as a list');
  await page.locator('.flow-list a.card').first().click();
  await page.waitForURL(new RegExp(`/admin/inbound_routes/${route}$`));
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(at('/admin/routing?at=2026-11-22T10:00'));
  assert.match(await page.locator('svg.canvas').textContent(), /closed now/);
  await page.fill('#what-from', '+12025550199');
  await page.fill('#what-to', '+12025550180');
  await page.click('#simulate');
  await page.waitForURL(/\/admin\/simulator\?/);
  assert.deepEqual(faults, []);
});

//
test('a test call that cannot be made is told at its field', async () => {
  const faults = [];
  const trunk = await add('trunks', { name: 'Browser line', kind: 'address', host: '127.0.0.1', port: 9 });
  await page.goto(at(`/admin/trunks/${trunk}`));
  await page.fill('#test-number', '112');
  await page.click('#place-test-call');
  await page.locator('#test-problem').waitFor();
  assert.match(await page.locator('#test-problem').innerText(), /in full/);
  assert.equal(await page.inputValue('#test-number'), '112');
  await inEveryLook('trunk-test-call', faults, true);
  assert.deepEqual(faults, []);
});

// NAV-17
test('Back leads to where one was', async () => {
  await page.goto(at('/admin'));
  await page.locator('#nav a[href="/admin/devices"]').click();
  await page.waitForURL(/\/admin\/devices$/);
  await page.locator('#list tbody a').first().click();
  await page.waitForURL(/\/admin\/devices\/\d+$/);
  await page.goBack();
  await page.waitForURL(/\/admin\/devices$/);
  await page.goBack();
  await page.locator('h1', { hasText: 'Dashboard' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/admin');
});

test('the page of the API stands without anything from elsewhere', async () => {
  const faults = [];
  await page.goto(at('/api/docs'));
  await page.locator('details').nth(1).click();
  await inEveryLook('api-docs', faults);
  assert.deepEqual(faults, []);
  assert.deepEqual(stage.strangers, []);
  const own = stage.complaints.filter(c => !/status of 4\d\d|Transition was (aborted|skipped)/.test(c));
  assert.deepEqual(own, []);
});
