// The map as its users meet it, through the real service in a real browser: npm run mapview. Environment and arguments as in run.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { done, launch, map, opener, run, snapshotOf, until } from './browser.mjs';
import { publish } from './kafka.mjs';
import { different, inked, pointOf } from './pixels.mjs';
import { startService } from './service.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const service = await startService();
const browser = await launch();
const open = opener(service, browser);

const snapshot = snapshotOf(service);

/** faultless fails on any violation that axe-core finds in the map, its controls, table and card. */
async function faultless(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run('section.map', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), [], what);
}

const tests = {
  async 'a ship is drawn where it was reported, and a click on it opens it'() {
    const page = await open('commission', { locale: 'en-GB' });
    const { entities } = await snapshot(page);
    const now = Date.now();
    const ship = entities.departure.find((d) => !d.cancelled && d.mode === 'sea' && Date.parse(d.depart) < now && Date.parse(d.arrive) > now + 2 * 86_400_000);
    assert.ok(ship, 'a ship under way in the sample');
    const box = await page.getByTestId('map').boundingBox();
    const [lon, lat] = [-130, -38];
    const before = await map(page);
    // The feed reports this ship too, so say it anew until it is seen.
    await until('the ship where it was reported', async () => {
      await publish(service.brokers, { source: `/firms/${ship.carrier}`, type: 'PositionReported', topic: 'haihe.positions', key: `departure:${ship.id}:position`,
        data: { departure: ship.id, mode: 'sea', lat, lon, speed_knots: 12, course_deg: 90, at: new Date().toISOString() } });
      await page.waitForTimeout(500);
      return different(before, await map(page), pointOf(lon, lat, box)) > 20;
    });
    const { x, y } = pointOf(lon, lat, box);
    await page.mouse.click(box.x + x, box.y + y);
    await page.getByTestId('card').getByText(ship.vessel ?? ship.voyage).first().waitFor();
    await done(page);
  },

  async 'another time, another part, other colours: all in a link, and back to now by one button'() {
    const page = await open('commission', { scheme: 'dark' });
    const underway = async () => Number(/\d+/.exec(await page.getByTestId('moving').innerText())[0]);
    await until('ships', async () => (await underway()) > 0);
    const all = await underway();
    await page.getByTestId('lanes-by').selectOption('worth');
    await page.getByTestId('filter-mode').selectOption('air');
    await until('no ship under a filter for aircraft', async () => (await underway()) === 0);
    await page.getByTestId('time').focus();
    await page.keyboard.press('PageUp');
    await page.getByTestId('as-table').click();
    const link = new URL(page.url()).searchParams;
    assert.deepEqual([link.get('lanes'), link.get('mode'), link.get('table')], ['worth', 'air', '1']);
    assert.ok(Date.parse(link.get('when')) > Date.now() + 86_400_000, link.get('when'));
    const other = await open('commission', { query: new URL(page.url()).search });
    assert.equal(await other.getByTestId('filter-mode').inputValue(), 'air');
    assert.equal(await other.getByTestId('time').inputValue(), await page.getByTestId('time').inputValue());
    await done(other);
    await page.getByTestId('live').click();
    await page.getByTestId('filter-clear').click();
    await until('all ships again', async () => (await underway()) >= all - 5);
    assert.equal(new URL(page.url()).searchParams.get('when'), null);
    await done(page);
  },

  async 'every fact of the map is in its table, by keyboard alone'() {
    const page = await open('commission', { locale: 'en-GB' });
    await page.getByTestId('as-table').focus();
    await page.keyboard.press('Enter');
    const table = page.getByTestId('map-table');
    for (const name of ['Under way', 'Lanes', 'Warehouses', 'One more m³ is worth', 'Ports and airports']) {
      const tab = table.getByRole('tab', { name });
      await until(`rows of ${name}`, async () => (await table.locator('tbody tr').count()) > 0);
      assert.equal(await tab.getAttribute('aria-selected'), 'true', name);
      await faultless(page, name);
      await tab.focus();
      if (name !== 'Ports and airports') await page.keyboard.press('ArrowRight');
    }
    assert.match(await table.getByRole('columnheader').first().innerText(), /Port/);
    await table.locator('tbody button').first().focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('card').waitFor();
    await faultless(page, 'a card');
    await done(page);
  },
};

await run(tests, browser, service);
