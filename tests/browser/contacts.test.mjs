// A person's contacts: added, starred, searched, imported, exported, deleted; what coworkers do, as it happens. DIR-01…33.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enter, findings, looks, picture, raise } from './stage.mjs';

let stage, page;
const at = path => stage.http + path;
const rows = () => page.locator('#contacts tbody tr');

before(async () => {
  stage = await raise();
  page = stage.page;
  page.setDefaultTimeout(20_000);
  await enter(stage);
});
after(() => stage?.lower());

/** The page as it stands, in light, dark and on a phone: no finding of axe, nothing beyond the window. */
async function stands(name) {
  const faults = [];
  for (const { name: look, scheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    faults.push(...(await findings(page)).map(f => `${name} ${look}: ${f}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${name} ${look}: ${wide} px wider than the window`);
    await picture(page, `${name}-${look}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(faults, []);
}

async function add(first, last, work, group) {
  await page.goto(at('/contacts/new'));
  await page.fill('[name=first_name]', first);
  await page.fill('[name=last_name]', last);
  await page.fill('[name=work]', work);
  if (group) await page.fill('[name=group_name]', group);
  await page.click('#save');
  await page.waitForURL(/\/contacts$/);
}

/* DIR-05, DIR-07 */
test('a contact is added and edited, with the error at its field', async () => {
  await page.goto(at('/contacts'));
  await page.click('#new');
  await page.fill('[name=last_name]', 'Kranz');
  await page.fill('[name=work]', 'letters');
  await stands('contact-new');
  await page.click('#save');
  await page.locator('#e-work .error').waitFor();
  await page.fill('[name=work]', '+49 30 7654321');
  await page.click('#save');
  await page.waitForURL(/\/contacts$/);
  await page.locator('#contacts a', { hasText: 'Kranz' }).click();
  await page.fill('[name=first_name]', 'Zoe');
  await page.click('#save');
  await page.waitForURL(/\/contacts$/);
  await page.locator('#contacts', { hasText: 'Zoe Kranz' }).waitFor();
});

/* DIR-16, DIR-17, DIR-20, DIR-25 */
test('filters narrow, stars stay, and the search finds within the filter as one types', async () => {
  await add('Adam', 'Ant', '030 5', 'Clients');
  await stands('contacts');
  const star = page.locator('tr', { hasText: 'Zoe Kranz' }).locator('.star button');
  await star.click();
  await page.locator('tr', { hasText: 'Zoe Kranz' }).locator('.star button[aria-pressed=true]').waitFor();
  await page.selectOption('#show', 'favourites');
  await page.waitForURL(/show=favourites/);
  await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 1);
  await page.selectOption('#show', 'own');
  await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 2);
  await page.fill('#q', '765-43');
  await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 1);
  assert.match(await rows().first().innerText(), /Zoe Kranz/);
  await page.selectOption('#show', 'coworkers');
  await page.locator('.empty').waitFor();
});

/* DIR-22, DIR-23, DIR-24 */
test('what a coworker does moves by itself', async () => {
  await page.goto(at('/contacts?show=coworkers'));
  const texts = () => page.locator('[id^=presence-]').allInnerTexts();
  assert.ok((await texts()).includes('Available'), `two phones are registered: ${await texts()}`);
  assert.ok((await texts()).includes('Offline'));
  await stage.ask('call');
  await page.locator('[id^=presence-]', { hasText: 'Busy' }).first().waitFor();
  await picture(page, 'contacts-busy');
  await stage.ask('hangup');
  await page.waitForFunction(() => ![...document.querySelectorAll('[id^=presence-]')].some(e => e.innerText === 'Busy'));
});

/* DIR-30, DIR-31 */
test('a file is shown before it is imported, and an export comes as a file', async () => {
  await page.goto(at('/contacts/import'));
  await stands('contacts-import');
  const csv = Buffer.from('First Name,Last Name,Business Phone,Categories\r\nJ\u00f6rg,M\u00fcller,030 9,Vendors\r\n', 'latin1');
  await page.setInputFiles('#file', { name: 'outlook.csv', mimeType: 'text/csv', buffer: csv });
  await page.waitForFunction(() => document.querySelector('#text').value.includes('Jörg'));
  await page.click('#preview-go');
  await page.locator('#preview').waitFor();
  await stands('contacts-preview');
  await page.click('#import-go');
  await page.waitForURL(/\/contacts$/);
  await page.locator('#contacts', { hasText: 'Jörg Müller' }).waitFor();
  await page.click('#export-contacts');
  await picture(page, 'contacts-export');
  const file = page.waitForEvent('download');
  await page.click('#export-go');
  assert.match((await file).suggestedFilename(), /^contacts\.csv$/);
  await page.keyboard.press('Escape');
});

/* DIR-09 */
test('many are deleted at once, after a question', async () => {
  await page.goto(at('/contacts?show=own'));
  const before = await rows().count();
  await page.locator('.tick').first().check();
  await page.locator('.tick').nth(1).check();
  await page.click('#bulk-delete');
  await page.locator('#delete-dialog').waitFor();
  await picture(page, 'contacts-delete');
  await page.click('#delete-sure');
  await page.waitForFunction(n => document.querySelectorAll('#contacts tbody tr').length === n, before - 2);
});

/* CH-12 */
test('a number goes to a contact that is there', async () => {
  await page.goto(at('/contacts/add?name=Somebody&number=030%2099'));
  await stands('contact-add');
  await page.locator('#list button', { hasText: 'Add' }).first().click();
  await page.waitForURL(/\/contacts\/own\/\d+$/);
  assert.ok((await page.locator('input').evaluateAll(all => all.map(i => i.value))).includes('030 99'));
});

test('nothing was asked of another host, and no page complained', () => {
  assert.deepEqual(stage.strangers, []);
  assert.deepEqual(stage.complaints.filter(text => !/422/.test(text)), []);
});
