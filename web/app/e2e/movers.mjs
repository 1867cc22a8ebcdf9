// Measures the map with many movers, through the real service: npm run movers. Figures go to stdout as JSON lines.
//   MOVERS   numbers of ships and aircraft under way (default 5000,50000); each gets a service of its own
//   EVENTS   events that are timed (default 40)
//   FRAMES   frames that are timed (default 120)
//   HAIHE_BIN, CHROMIUM as in run.mjs
// JS per frame is all that runs in animation frames, MapLibre's own work with it, while time is played so that every frame draws.
// From event to pixel is the wall clock from before kcat is started until the frame whose picture has the ship at its new place.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { publish } from './kafka.mjs';
import { importInto, network } from './network.mjs';
import { pointOf } from './pixels.mjs';
import { startService } from './service.mjs';

const sizes = (process.env.MOVERS ?? '5000,50000').split(',').map(Number);
const events = Number(process.env.EVENTS ?? 40);
const frames = Number(process.env.FRAMES ?? 120);
const patience = 600_000;
const beacon = 'BEACON/1';
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// In the page: what each animation frame costs, and which patches of the map's picture have changed.
function probe() {
  const ask = window.requestAnimationFrame.bind(window);
  const seen = { frames: [], spent: 0, watch: null, open: false };
  window.__probe = seen;
  window.requestAnimationFrame = (callback) =>
    ask((at) => {
      const begun = performance.now();
      callback(at);
      seen.spent += performance.now() - begun;
      if (seen.open) return;
      seen.open = true;
      // Once all callbacks of this frame have run, and before the next task.
      queueMicrotask(() => {
        seen.open = false;
        seen.frames.push(seen.spent);
        seen.spent = 0;
        if (seen.watch) look();
      });
    });
  // A patch of the picture as it was just drawn: MapLibre keeps no drawing buffer, so it is read in the frame itself.
  function look() {
    const canvas = document.querySelector('.maplibregl-canvas');
    const gl = canvas?.getContext('webgl2');
    if (!gl) return;
    const side = 16;
    const scale = canvas.width / canvas.clientWidth;
    const patch = new Uint8Array(side * side * 4);
    gl.readPixels(Math.round(seen.watch.x * scale - side / 2), Math.round(canvas.height - seen.watch.y * scale - side / 2), side, side, gl.RGBA, gl.UNSIGNED_BYTE, patch);
    // The late ship's amber, which the sea has nothing of.
    let amber = 0;
    for (let i = 0; i < patch.length; i += 4) if (patch[i] > 150 && patch[i] - patch[i + 2] > 90) amber++;
    if (amber > 12) {
      seen.watch.done(performance.timeOrigin + performance.now());
      seen.watch = null;
    }
  }
  window.__seen = (x, y) => new Promise((done) => (seen.watch = { x, y, done }));
}

const sorted = (list) => [...list].sort((a, b) => a - b);
const share = (list, q) => +sorted(list)[Math.min(list.length - 1, Math.floor(list.length * q))].toFixed(2);
const spread = (list) => ({ n: list.length, p10: share(list, 0.1), median: share(list, 0.5), p95: share(list, 0.95), max: share(list, 1) });

async function measure(n) {
  const folder = mkdtempSync(join(tmpdir(), 'haihe-movers-'));
  const service = await startService();
  const browser = await launch();
  try {
    if (n > 0) await importInto(service.brokers, network(n), join(folder, 'network.json'));
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light', timezoneId: 'Asia/Shanghai' });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', (e) => faults.push(String(e)));
    await page.addInitScript(probe);
    const heard = []; // when frames of positions came to the browser
    const told = { positions: [0, 0, 0], changes: [0, 0, 0], snapshot: [0, 0, 0] }; // frames, bytes, entries
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    devtools.on('Network.webSocketFrameReceived', ({ response }) => {
      const message = JSON.parse(response.payloadData);
      const sum = told[message.type];
      if (!sum) return;
      if (message.positions?.some((p) => p.id === beacon)) heard.push(Date.now());
      sum[0]++;
      sum[1] += Buffer.byteLength(response.payloadData);
      sum[2] += (message.positions ?? message.changes ?? []).length;
    });
    await page.goto(await service.link('commission'));
    await page.getByTestId('plan-version').waitFor();
    const moving = async () => (await page.getByTestId('moving').innerText()).match(/[\d,]+/g).reduce((sum, x) => sum + Number(x.replace(/,/g, '')), 0);
    for (const end = Date.now() + patience; (await moving()) < n; await sleep(1000)) assert.ok(Date.now() < end, `${await moving()} of ${n} are on the map`);
    await sleep(3000);
    const underway = await moving();
    Object.values(told).forEach((sum) => sum.fill(0));
    const listened = Date.now();

    // From event to pixel: a late ship is reported in the empty South Pacific, here and there by turns.
    const [waits, halves] = [[], []];
    if (n > 0) {
      const canvas = page.getByTestId('map');
      const box = await canvas.boundingBox();
      const say = (topic, type, aspect, data) => publish(service.brokers, { topic, type, source: '/firms/Crowd%208', key: `departure:${beacon}:${aspect}`, data: { departure: beacon, mode: 'sea', ...data } });
      await say('haihe.routes', 'DepartureDelayed', 'delay', { delay_hours: 24, reason: 'weather' });
      for (let i = 0; i < events; i++) {
        const [lat, lon] = i % 2 ? [-42, -118] : [-36, -112];
        const { x, y } = pointOf(lon, lat, box);
        const begun = Date.now();
        const seen = page.evaluate(([px, py]) => window.__seen(px, py), [x, y]);
        await say('haihe.positions', 'PositionReported', 'position', { lat, lon, speed_knots: 12, course_deg: 90, at: new Date().toISOString() });
        waits.push((await seen) - begun);
        halves.push((heard.find((at) => at >= begun) ?? NaN) - begun);
        await sleep(400);
      }
    }
    const seconds = (Date.now() - listened) / 1000;
    const bytes = Object.fromEntries(Object.entries(told).map(([type, [count, sum, entries]]) => [type, { frames: count, bytes: sum, bytes_each: entries ? Math.round(sum / entries) : 0 }]));

    await page.getByTestId('play').click();
    await page.evaluate(() => (window.__probe.frames.length = 0));
    for (let got = 0; got < frames; await sleep(500)) got = await page.evaluate(() => window.__probe.frames.length);
    const cost = await page.evaluate(() => window.__probe.frames.splice(0));
    await page.getByTestId('live').click();

    assert.deepEqual(faults, [], 'errors of the page');
    console.log(JSON.stringify({ movers: underway, js_ms_per_frame: spread(cost), event_to_pixel_ms: waits.length ? spread(waits) : null, event_to_browser_ms: waits.length ? spread(halves) : null, bytes_in_s: +seconds.toFixed(1), bytes }));
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const n of sizes) await measure(n);
