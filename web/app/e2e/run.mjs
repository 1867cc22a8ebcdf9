// Drives the real service in a real browser: HAIHE_BIN serve --sample, Debian's Chromium, no mock in between.
//   HAIHE_BIN    the haihe binary, built with the app inside (required)
//   and what browser.mjs takes
import assert from 'node:assert/strict';
import { done, launch, map, opener, patience, run, shots, snapshotOf, until, watch } from './browser.mjs';
import { journeys } from './journeys.mjs';
import { publish } from './kafka.mjs';
import { different, inked, pointOf, red } from './pixels.mjs';
import { startService } from './service.mjs';
import { whatifTests } from './whatif.mjs';

const service = await startService();
const browser = await launch();
const open = opener(service, browser);

const snapshot = snapshotOf(service);

const tests = {
  async 'the map draws coast, lanes and what moves'() {
    const page = await open('commission', { scheme: 'dark' });
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    await page.getByText('未设置经审批的边界图层').waitFor();
    const ink = await until('a drawn map', async () => {
      const ink = inked(await map(page));
      return ink.land > 0.05 && ink.lanes > 0.001 ? ink : null;
    });
    console.log(`    land ${(ink.land * 100).toFixed(1)} %, lanes ${(ink.lanes * 100).toFixed(2)} % of the map`);
    assert.match(await page.getByTestId('moving').innerText(), /在途 [1-9]/);
    await page.getByTestId('markets').getByRole('row').nth(3).waitFor();
    await page.screenshot({ path: `${shots}/commission-zh-dark.png` });
    await done(page);
  },

  async 'an event from an outside Kafka client changes plan and map without a reload'() {
    const page = await open('exporter', { locale: 'en-GB' });
    await until('a drawn map', async () => inked(await map(page)).land > 0.05);
    const { entities } = await snapshot(page);
    const now = Date.now();
    const victim = entities.departure.find((d) => !d.cancelled && d.mode === 'sea' && Date.parse(d.depart) < now && Date.parse(d.arrive) > now + 86_400_000);
    assert.ok(victim, 'a ship under way in the sample');
    const before = await map(page);
    const spot = pointOf(-150, 20, await page.getByTestId('map').boundingBox());
    const version = await page.getByTestId('plan-version').innerText();
    // The feed reports this ship too, so say it anew until it is seen.
    await until('the ship where it was reported', async () => {
      await publish(service.brokers, { source: `/firms/${victim.carrier}`, type: 'PositionReported', topic: 'haihe.positions', key: `departure:${victim.id}:position`,
        data: { departure: victim.id, mode: 'sea', lat: 20, lon: -150, speed_knots: 12, course_deg: 90, at: new Date().toISOString() } });
      await page.waitForTimeout(1500);
      return different(before, await map(page), spot) > 20;
    });
    const coming = entities.departure.find((d) => !d.cancelled && d.mode === 'sea' && Date.parse(d.cutoff) > now + 5 * 86_400_000 && d.delay_hours === 0);
    await publish(service.brokers, { source: `/firms/${coming.carrier}`, type: 'DepartureCancelled', topic: 'haihe.routes', key: `departure:${coming.id}:status`,
      data: { departure: coming.id, mode: 'sea', reason: 'blank sailing' } });
    await page.getByRole('tab', { name: 'Departures' }).click();
    await page.getByLabel('Search').fill(coming.id);
    await until('the sailing cancelled', async () => (await page.locator(`[data-departure="${coming.id}"]`).getAttribute('data-phase')) === 'cancelled');
    await until('a newer plan', async () => (await page.getByTestId('plan-version').innerText()) !== version);
    await page.screenshot({ path: `${shots}/exporter-en-light-event.png` });
    await done(page);
  },

  async 'the commission shuts Suez and reopens it: lanes and arrivals follow without a reload'() {
    const page = await open('commission', { locale: 'en-GB' });
    await until('a drawn map', async () => inked(await map(page)).lanes > 0.001);
    const { entities } = await snapshot(page);
    const suez = entities.passage.find((p) => p.id === 'suez');
    assert.equal(suez.closed, false);
    const through = new Set(entities.lane.filter((l) => l.passages.includes('suez')).map((l) => l.id));
    // So far ahead that the feed neither delays nor blanks its voyage meanwhile.
    const begins = new Map();
    for (const d of entities.departure) begins.set(d.voyage, Math.min(Date.parse(d.depart), begins.get(d.voyage) ?? Infinity));
    const coming = entities.departure.find((d) => through.has(d.lane) && !d.cancelled && !d.diversion && begins.get(d.voyage) > Date.now() + 52 * 86_400_000);
    assert.ok(coming, 'a sailing through Suez in the sample');
    const now = async () => (await snapshot(page)).entities.departure.find((d) => d.id === coming.id);
    const later = (d) => (Date.parse(d.arrive) - Date.parse(d.planned_arrive)) / 3_600_000;
    const before = await map(page);
    const box = await page.getByTestId('map').boundingBox();
    const redSea = pointOf(38.4, 20, box); // where lanes lie

    await page.getByRole('tab', { name: 'Straits' }).click();
    const row = page.locator('[data-passage="suez"]');
    await row.getByRole('button', { name: 'Shut…' }).click();
    await row.getByLabel('Reason').fill('Ship aground');
    await row.getByTestId('shut').click();
    await until('Suez shut', async () => (await row.getAttribute('data-closed')) === 'true');
    await row.getByText('Ship aground').waitFor();
    assert.match(await row.getByTestId('affected').innerText(), /^[1-9]\d* sailings? affected$/);
    const shut = await now();
    assert.deepEqual(shut.diversion.passages, ['suez']);
    assert.ok(shut.diversion.hours > 48, `${shut.diversion.hours} h`);
    assert.ok(Math.abs(later(shut) - shut.diversion.carried_hours - shut.diversion.hours) < 0.001, `${later(shut)} h later`);
    assert.notEqual(shut.lane, coming.lane);
    await until('other lanes on the map', async () => different(before, await map(page), redSea, 40) > 60);
    await until('the sign at Suez', async () => red(await map(page), pointOf(suez.lon, suez.lat, box)) > 40);
    await page.screenshot({ path: `${shots}/commission-en-light-suez.png` });

    await page.getByRole('tab', { name: 'Departures' }).click();
    await page.getByLabel('Search').fill(coming.id);
    const line = page.locator(`[data-departure="${coming.id}"]`);
    await line.getByText(/diverted \+\d/).waitFor();
    await line.click();
    await page.getByTestId('diversion').getByText(/Diverted around Suez Canal, \+[\d.]+ days/).waitFor();
    await page.screenshot({ path: `${shots}/commission-en-light-suez-card.png` });

    await page.getByRole('tab', { name: 'Straits' }).click();
    await row.getByTestId('reopen').click();
    await until('Suez open', async () => (await row.getAttribute('data-closed')) === 'false');
    const open_ = await now();
    assert.equal(open_.diversion, undefined);
    assert.equal(open_.lane, coming.lane);
    assert.equal(later(open_), 0);
    await page.getByTestId('diversion').waitFor({ state: 'detached' });
    await until('no sign at Suez', async () => red(await map(page), pointOf(suez.lon, suez.lat, box)) < 40);
    await done(page);
  },

  async 'a request sent from the form gets its match, and its route is shown'() {
    const page = await open('exporter', { scheme: 'dark' });
    await page.getByRole('tab', { name: '新需求' }).click();
    const goods = `手工地毯 <b>e2e</b> ${Date.now()}`;
    await page.getByLabel('品名').fill(goods);
    await page.getByLabel('方量（m³）').fill('-3');
    await page.getByTestId('submit').click();
    await page.getByText('须大于 0').first().waitFor();
    await page.getByLabel('方量（m³）').fill('4');
    await page.getByTestId('quotes').locator('summary').first().click();
    await page.screenshot({ path: `${shots}/exporter-zh-dark-quotes.png` });
    await page.getByTestId('submit').click();
    // Shown as text: the markup that was typed is no markup.
    await page.getByTestId('request-detail').getByText(goods).waitFor();
    await page.getByTestId('request-detail').getByText('确认订舱').waitFor();
    await page.waitForTimeout(2000);
    await page.screenshot({ path: `${shots}/exporter-zh-dark-match.png` });
    await done(page);
  },

  async 'a match is held, confirmed and cancelled, in Chinese and in English'() {
    const page = await open('exporter', { scheme: 'light' });
    const ask = async (goods) => {
      await page.getByRole('tab').nth(1).waitFor();
      const body = { origin: 'CNTXG', market: 'US', class: 'general', goods, volume_m3: 2, weight_kg: 300, storage_days: 20, drawdown: 'linear', whole: false, value: 20000,
        ready: new Date(Date.now() + 3 * 86_400_000).toISOString(), due: new Date(Date.now() + 70 * 86_400_000).toISOString() };
      const answer = await page.request.post(`${service.base}/api/requests`, { data: body, headers: { Origin: service.base } });
      assert.equal(answer.status(), 201, await answer.text());
      return (await answer.json()).id;
    };
    const [first, second] = [await ask('锁舱 e2e 1'), await ask('hold e2e 2')];
    const openRequest = async (tab, id) => {
      await page.getByRole('tab', { name: tab }).click();
      const row = page.locator(`[data-request="${id}"]`);
      await row.waitFor();
      await until('its match', async () => (await row.getAttribute('data-standing')) === 'matched');
      await row.click();
    };
    const bookingOf = async (id) => (await snapshot(page)).entities.booking.find((b) => b.request === id);

    await openRequest('我的需求', first);
    await page.getByTestId('hold').click();
    const card = page.getByTestId('booking');
    await card.getByText('已锁定舱位').waitFor();
    assert.equal((await bookingOf(first)).status, 'HELD');
    const before = await page.getByTestId('countdown').innerText();
    assert.match(before, /舱位再保留 (29|30):\d\d/);
    await until('the clock run on', async () => (await page.getByTestId('countdown').innerText()) !== before);
    await page.screenshot({ path: `${shots}/exporter-zh-light-hold.png` });
    await page.getByTestId('confirm-booking').click();
    await card.getByText('已确认订舱').waitFor();
    assert.equal(await page.getByTestId('countdown').count(), 0);
    assert.equal((await bookingOf(first)).status, 'CONFIRMED');
    await page.getByTestId('cancel-booking').click();
    await page.getByRole('button', { name: '确定取消' }).click();
    await card.waitFor({ state: 'detached' });
    assert.equal((await bookingOf(first)).status, 'CANCELLED');

    await page.getByTestId('language').click();
    await page.getByRole('button', { name: '← Back' }).click();
    await openRequest('Requests', second);
    await page.getByTestId('hold').click();
    await card.getByText('Room held').waitFor();
    assert.match(await page.getByTestId('countdown').innerText(), /Held for (29|30):\d\d more/);
    await page.screenshot({ path: `${shots}/exporter-en-light-hold.png` });
    await page.getByTestId('cancel-booking').click(); // a hold is let go at once
    await page.getByTestId('booking').waitFor({ state: 'detached' });
    assert.equal((await bookingOf(second)).status, 'CANCELLED');
    await done(page);
  },

  async 'a firm publishes a sailing and delays it'() {
    const page = await open('firm', { locale: 'en-GB' });
    await page.getByRole('tab', { name: 'Publish' }).click();
    await page.getByLabel('Vessel / aircraft').fill('E2E Pearl');
    await page.getByTestId('publish').click();
    await page.getByRole('button', { name: 'Show on map' }).click();
    const card = page.getByTestId('card');
    await card.getByText('E2E Pearl').waitFor();
    await card.getByLabel('Hours late (0: on time)').fill('18');
    await card.getByRole('button', { name: 'Report delay' }).click();
    await card.getByText('18 h late').waitFor();
    await page.screenshot({ path: `${shots}/firm-en-light.png` });
    await done(page);
  },

  async 'the language is chosen at the top and remembered'() {
    const page = await open('exporter', { locale: 'en-GB' });
    await page.getByRole('tab', { name: 'Requests' }).waitFor();
    await page.getByTestId('language').click();
    await page.getByRole('tab', { name: '我的需求' }).waitFor();
    await page.reload();
    await page.getByRole('tab', { name: '我的需求' }).waitFor();
    await done(page);
  },

  async 'a phone has the map above and the panel below, with nothing beside the screen'() {
    const page = await open('exporter', { width: 390, height: 844 });
    await until('a drawn map', async () => {
      const ink = inked(await map(page));
      return ink.water > 0.05 && ink.lanes > 0.005;
    });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await page.screenshot({ path: `${shots}/exporter-zh-light-phone.png`, fullPage: true });
    await done(page);
  },

  async 'a broken connection heals by itself'() {
    const page = await open('exporter', { locale: 'en-GB' });
    await page.getByTestId('connection').filter({ hasText: 'Live' }).waitFor();
    await service.restart();
    // The page may notice late; what counts is that it is live again with the epoch of the new start.
    const epoch = (await (await page.request.get(`${service.base}/api/health`)).json()).epoch;
    await until('the new epoch', async () => (await page.getByTestId('connection').getAttribute('title'))?.includes(epoch));
    await page.getByTestId('connection').filter({ hasText: 'Live' }).waitFor();
    page.faults.length = 0; // the refused connections of the break
    await done(page);
  },

  async 'the API is documented without a remote host'() {
    const context = await browser.newContext();
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    watch(page);
    await page.goto(await service.link('exporter'));
    await page.goto(`${service.base}/docs/`);
    await page.getByText('/api/requests', { exact: true }).first().waitFor();
    await done(page);
  },
  ...whatifTests({ open, done, until, service, shots, snapshot }),
};

Object.assign(tests, journeys({ service, open, done, until, snapshot, shots }));

await run(tests, browser, service);
