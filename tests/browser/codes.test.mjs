// Feature codes: the conflict while typing, the card; hotdesk devices and who is logged in. FC-01…15, HD-02…05.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enter, findings, looks, picture, raise } from './stage.mjs';

let stage, page;
const at = path => stage.http + path;

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
    await page.evaluate(() => Promise.all(document.getAnimations().map(one => one.finished)));
    faults.push(...(await findings(page)).map(f => `${name} ${look}: ${f}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${name} ${look}: ${wide} px wider than the window`);
    await picture(page, `${name}-${look}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(faults, []);
}

/* FC-01…15 */
test('a code that is in the way is refused while it is typed, and the card shows the new one', async () => {
  await page.goto(at('/admin/feature_codes?q=*43'));
  await page.locator('#list tbody tr a').first().click();
  await page.waitForURL(/feature_codes\/\d+/);
  await page.fill('[name=code]', '*7');
  await page.locator('#e-code .error', { hasText: 'is how feature code *70' }).waitFor();
  await page.fill('[name=code]', '*44');
  await page.locator('#e-code .error').waitFor({ state: 'detached' });
  await page.click('#save');
  await page.goto(at('/admin/feature-codes'));
  await page.locator('#card tr', { hasText: 'Echo test' }).filter({ hasText: '*44' }).waitFor();
  await stands('feature-codes');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('nav.nav').isVisible(), false, 'the menu is not printed');
  assert.equal(await page.locator('#card').isVisible(), true);
  await page.emulateMedia({ media: 'screen' });
});

/* HD-02, HD-03, HD-04 */
test('hotdesk devices show who is logged in, and log them out', async () => {
  await stage.ask("sql INSERT INTO devices (tenant_id, name, username, secret, site_id, hotdesk_user_id, hotdesk_since) SELECT 1, 'Window desk', 'window', 'plain:a-long-password-7', id, 1, '2026-11-22T08:00:00Z' FROM sites LIMIT 1");
  await page.goto(at('/admin/devices'));
  await page.click('#hotdesk-link');
  const row = page.locator('#hotdesks tr', { hasText: 'Window desk' });
  await row.waitFor();
  await stands('hotdesk');
  await row.getByRole('button', { name: 'Log out' }).click();
  await page.locator('#hotdesks tr', { hasText: 'nobody' }).waitFor();
});

/* HD-05 */
test('a PIN for phones is set and removed', async () => {
  await page.goto(at('/security'));
  await page.fill('#pin', '2580');
  await page.click('#set-pin');
  await page.locator('#pin-card .badge', { hasText: 'set' }).waitFor();
  await stands('security-pin');
  await page.click('#remove-pin');
  await page.locator('#pin-card .badge', { hasText: 'none' }).waitFor();
});

test('nothing was loaded from elsewhere and no script complained', () => {
  assert.deepEqual([stage.strangers, stage.complaints], [[], []]);
});
