// Draws the lanes of 200 pairs of seaports on the real map, for a person to look at: npm run lanes, pictures in SHOTS.
// What a program can tell of them it tells: every pair has a lane, no line runs across the page at ±180°, and no line
// turns back on itself. HAIHE_BIN, CHROMIUM, SHOTS as in run.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';
import { pointOf } from './pixels.mjs';
import { startService } from './service.mjs';

const shots = process.env.SHOTS ?? 'test-results/lanes';
mkdirSync(shots, { recursive: true });
const patience = 300_000;
const pairs = 200;

const ports = readFileSync(new URL('../../../geo/seaports.csv', import.meta.url), 'utf8')
  .split('\n').filter((l) => l && !l.startsWith('#')).slice(1).map((l) => l.split(','))
  .map(([code, zh, , country, , lat, lon]) => ({ code, zh, country, lat: +lat, lon: +lon }));

// A third of the pairs begin in Tianjin; the others step through the list, so that every sea gets some. Always the same.
const chosen = new Map();
for (let n = 0; chosen.size < pairs; n++) {
  const a = n % 3 === 0 ? ports[0] : ports[(n * 37 + 11) % ports.length];
  const b = ports[(n * 71 + 29) % ports.length];
  if (a !== b) chosen.set([a.code, b.code].sort().join('|'), [a, b]);
}

const day = 86_400_000;
const midnight = Math.floor(Date.now() / day) * day;
const iso = (days) => new Date(midnight + days * day).toISOString().replace('.000', '');
const used = new Map([...chosen.values()].flat().map((p) => [p.code, p]));
const problem = {
  version: 'haihe.problem/1', currency: 'USD', start: iso(0), days: 60,
  places: [...used.values()].map((p) => ({ id: p.code, name: p.zh, kind: 'seaport', country: p.country, lat: p.lat, lon: p.lon, transfer_hours: 24, transfer_cost_m3: 2 })),
  departures: [...chosen.values()].map(([a, b], i) => ({
    id: `LANE${i}/1`, mode: 'sea', carrier: 'Lanes', voyage: `LANE${i}`, from: a.code, to: b.code, cutoff: iso(4), depart: iso(5), arrive: iso(45),
    capacity_m3: 10, capacity_kg: 5000, rate: { per: 'm3', amount: 80, kg_per_m3: 1000 }, co2e_kg_per_t: 100, classes: ['general'],
  })),
  warehouses: [], requests: [],
};

const service = await startService();
const browser = await launch();

// The middle of a picture, and how often the wheel is turned by a notch.
const regions = {
  'china-seas': [124, 34, 4], 'malacca-java': [106, 0, 4], 'japan': [135, 35, 5], 'torres-reef': [148, -15, 4], 'antimeridian': [180, 10, 2],
  'bering-aleutians': [180, 52, 3], 'panama-caribbean': [-75, 17, 4], 'horn-magellan': [-69, -53, 4], 'cape-of-good-hope': [20, -34, 4],
  'red-sea-gulf': [48, 22, 4], 'mediterranean': [17, 38, 4], 'channel-north-sea': [4, 53, 5], 'baltic': [14, 56, 5], 'gibraltar': [-7, 37, 5],
};

try {
  const file = join(shots, 'lanes.json');
  writeFileSync(file, JSON.stringify(problem));
  await promisify(execFile)(process.env.HAIHE_BIN, ['import', '--brokers', service.brokers, file]);

  const shoot = async (name, at) => {
    const context = await browser.newContext({ viewport: { width: 1800, height: 1100 }, locale: 'zh-CN', colorScheme: 'light', timezoneId: 'Asia/Shanghai' });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    await page.goto(await service.link('commission'));
    await page.getByTestId('plan-version').waitFor();
    const end = Date.now() + patience;
    for (;;) {
      const { entities } = await (await page.request.get(`${service.base}/api/snapshot`)).json();
      const known = new Set((entities.lanes ?? entities.lane).map((l) => `${l.from}|${l.to}`));
      if (problem.departures.every((d) => known.has(`${d.from}|${d.to}`))) break;
      assert.ok(Date.now() < end, 'every pair has a lane');
      await page.waitForTimeout(1000);
    }
    const map = page.getByTestId('map');
    if (at) {
      const box = await map.boundingBox();
      const spot = pointOf(at[0], at[1], box);
      await page.mouse.move(box.x + spot.x, box.y + spot.y);
      for (let i = 0; i < at[2]; i++) {
        await page.mouse.wheel(0, -450);
        await page.waitForTimeout(700);
      }
    }
    await page.waitForTimeout(4000);
    await map.screenshot({ path: join(shots, `${name}.png`), style: '.ticker, .legend, .zoom, .notice, .card { visibility: hidden !important }' });
    const { entities } = await (await page.request.get(`${service.base}/api/snapshot`)).json();
    await context.close();
    return entities.lanes ?? entities.lane;
  };

  const lanes = (await shoot('world')).filter((l) => l.mode === 'sea');
  const rad = Math.PI / 180;
  const vector = ([lon, lat]) => [Math.cos(lat * rad) * Math.cos(lon * rad), Math.cos(lat * rad) * Math.sin(lon * rad), Math.sin(lat * rad)];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  for (const lane of lanes) {
    for (const line of lane.line.coordinates) {
      for (let i = 1; i < line.length; i++) assert.ok(Math.abs(line[i][0] - line[i - 1][0]) <= 6, `${lane.id} runs across the page at ${line[i]}`);
    }
    // Cut at ±180, the parts meet; along them no course is turned back, but near the quays.
    const way = lane.line.coordinates.flat().map(vector);
    lane.line.coordinates.slice(1).forEach((line, i) => {
      const last = lane.line.coordinates[i].at(-1);
      assert.ok(Math.abs(last[0]) === 180 && Math.abs(line[0][0]) === 180 && last[1] === line[0][1], `${lane.id} is cut at ${last}`);
    });
    for (let i = 1; i < way.length - 1; i++) {
      const [a, b, c] = [way[i - 1], way[i], way[i + 1]];
      if (dot(way[0], b) > Math.cos(1.5 * rad) || dot(way.at(-1), b) > Math.cos(1.5 * rad)) continue;
      const [u, v] = [b.map((x, k) => x - a[k]), c.map((x, k) => x - b[k])];
      const [lu, lv] = [Math.hypot(...u), Math.hypot(...v)];
      if (lu > 1e-5 && lv > 1e-5) assert.ok(dot(u, v) / (lu * lv) > -0.5, `${lane.id} turns back at ${lane.line.coordinates.flat()[i]}`);
    }
  }
  console.log(`${lanes.length} lanes by sea, ${problem.departures.length} of them asked for`);
  for (const [name, at] of Object.entries(regions)) {
    if (process.env.ONLY && !process.env.ONLY.split(',').includes(name)) continue;
    await shoot(name, at);
    console.log(name);
  }
} finally {
  await browser.close();
  await service.stop();
}
