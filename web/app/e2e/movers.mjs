// Measures the map with many movers, through the real service: npm run movers. Figures go to stdout as JSON lines.
//   MOVERS   numbers of ships and aircraft under way (default 5000,50000); each gets a service of its own
//   EVENTS   events that are timed (default 40)
//   FRAMES   frames that are timed (default 120)
//   PROFILE  a file, to which the size is appended, for the CPU profile of the frames
//   HAIHE_BIN, CHROMIUM as in run.mjs
// JS per frame is the CPU time (of the thread, so other work on the machine does not count) that the page's thread spends in animation frames,
// once live and once while time is played so that every frame draws: in frames of the movers' canvas, and in those of MapLibre's, which are few.
// Beside it: the CPU time of the process that draws, in software on a machine without a GPU; what all script of the page takes of a second, in
// frames or not; and whose the profile of played time is: our files', MapLibre's, or the browser's own.
// From event to pixel is the wall clock from before kcat is started until the frame whose picture has the ship at its new place; the steps
// of it are until kcat has ended, until the browser has the message, until the page's script has it, and until the frame.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

// In the page: how many animation frames there were, which patches of the map's picture have changed, and when positions came.
function probe(beacon) {
  const ask = window.requestAnimationFrame.bind(window);
  const seen = { frames: 0, watch: null, open: false, told: [] };
  window.__probe = seen;
  const now = () => performance.timeOrigin + performance.now();
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => data.startsWith('{"type":"positions"') && data.includes(beacon) && seen.told.push(now()));
    }
  };
  window.requestAnimationFrame = (callback) => {
    // Whose frame it is, for the trace.
    const mark = /maplibre/.test(new Error().stack) ? 'frame:map' : 'frame:movers';
    return ask((at) => {
      performance.mark(mark);
      callback(at);
      if (seen.open) return;
      seen.open = true;
      // Once all callbacks of this frame have run, and before the next task.
      queueMicrotask(() => {
        seen.open = false;
        seen.frames++;
        if (seen.watch) look();
      });
    });
  };
  // A patch of the picture as it was just drawn: the canvas keeps no drawing buffer, so it is read in the frame itself.
  function look() {
    const canvas = document.querySelector('canvas.movers');
    const gl = canvas?.getContext('webgl2');
    if (!gl) return;
    const side = 16;
    const scale = canvas.width / canvas.clientWidth;
    const patch = new Uint8Array(side * side * 4);
    gl.readPixels(Math.round(seen.watch.x * scale - side / 2), Math.round(canvas.height - seen.watch.y * scale - side / 2), side, side, gl.RGBA, gl.UNSIGNED_BYTE, patch);
    // The late ship's amber.
    let amber = 0;
    for (let i = 0; i < patch.length; i += 4) if (patch[i] > 150 && patch[i] - patch[i + 2] > 90) amber++;
    if (amber > 12) {
      seen.watch.done(now());
      seen.watch = null;
    }
  }
  window.__seen = (x, y) => new Promise((done) => (seen.watch = { x, y, done }));
}

const sorted = (list) => [...list].sort((a, b) => a - b);
const share = (list, q) => +sorted(list)[Math.min(list.length - 1, Math.floor(list.length * q))].toFixed(2);
const spread = (list) => ({ n: list.length, p10: share(list, 0.1), median: share(list, 0.5), p95: share(list, 0.95), max: share(list, 1) });

/** parts says whose the samples of a profile are, as shares of the time that was not idle. */
function parts(profile) {
  const file = new Map(profile.nodes.map(({ id, callFrame: { url, functionName: name } }) => [id, /maplibre/.test(url) ? 'maplibre' : url ? 'ours' : name === '(garbage collector)' ? 'garbage' : name[0] === '(' ? name : 'browser']));
  const sum = { ours: 0, maplibre: 0, browser: 0, garbage: 0 };
  profile.samples.forEach((id, i) => (sum[file.get(id)] = (sum[file.get(id)] ?? 0) + profile.timeDeltas[i]));
  const all = sum.ours + sum.maplibre + sum.browser + sum.garbage;
  return Object.fromEntries(['ours', 'maplibre', 'browser', 'garbage'].map((k) => [k, +(sum[k] / all).toFixed(3)]));
}

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
    await page.addInitScript(probe, beacon);
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
    const [waits, written, came, read] = [[], [], [], []];
    const after = (list, begun) => (list.find((at) => at >= begun) ?? NaN) - begun;
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
        written.push(Date.now() - begun);
        waits.push((await seen) - begun);
        came.push(after(heard, begun));
        read.push(after(await page.evaluate(() => window.__probe.told), begun));
        await sleep(400);
      }
    }
    const seconds = (Date.now() - listened) / 1000;
    const bytes = Object.fromEntries(Object.entries(told).map(([type, [count, sum, entries]]) => [type, { frames: count, bytes: sum, bytes_each: entries ? Math.round(sum / entries) : 0 }]));

    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const script = async () => (await devtools.send('Performance.getMetrics')).metrics.find((m) => m.name === 'ScriptDuration').value;
    const whole = await browser.newBrowserCDPSession();
    const gpu = async () => (await whole.send('SystemInfo.getProcessInfo')).processInfo.filter((p) => p.type === 'GPU').reduce((sum, p) => sum + p.cpuTime, 0);
    const drawn = () => page.evaluate(() => window.__probe.frames);
    /** watch follows the page until it has drawn so many frames or so many seconds have passed: CPU of script in a second and in a frame. */
    const watch = async (enough, seconds) => {
      await browser.startTracing(page, { categories: ['devtools.timeline', 'blink.user_timing'] });
      const [s, g, f, begun] = [await script(), await gpu(), await drawn(), Date.now()];
      let n = 0;
      while (n < enough && Date.now() - begun < seconds * 1000) {
        await sleep(500);
        n = (await drawn()) - f;
      }
      const took = (Date.now() - begun) / 1000;
      const share = ((await script()) - s) / took;
      const drawing = (await gpu()) - g;
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
      const fired = traceEvents.filter((e) => e.name === 'FireAnimationFrame' && e.tdur !== undefined);
      const of = (mark) => {
        const at = traceEvents.filter((e) => e.name === mark).map((e) => e.ts);
        const cost = fired.filter((e) => at.some((ts) => ts >= e.ts && ts <= e.ts + e.dur)).map((e) => e.tdur / 1000);
        return cost.length ? spread(cost) : null;
      };
      return {
        frames_in_s: +(n / took).toFixed(1), script_ms_in_s: +(share * 1000).toFixed(1), gpu_cpu_ms_per_frame: n ? +((drawing * 1000) / n).toFixed(0) : null,
        js_ms: { movers: of('frame:movers'), map: of('frame:map') },
      };
    };
    const live = await watch(Infinity, 15);
    await page.getByTestId('play').click();
    await sleep(1000);
    const played = await watch(frames, 600);
    await devtools.send('Profiler.enable');
    await devtools.send('Profiler.setSamplingInterval', { interval: 200 });
    await devtools.send('Profiler.start');
    const f = await drawn();
    while ((await drawn()) - f < frames) await sleep(500);
    const { profile } = await devtools.send('Profiler.stop');
    if (process.env.PROFILE) writeFileSync(`${process.env.PROFILE}${n}`, JSON.stringify(profile));
    await page.getByTestId('live').click();

    assert.deepEqual(faults, [], 'errors of the page');
    console.log(JSON.stringify({ movers: underway, live, played, profile: parts(profile), event_to_pixel_ms: waits.length ? { written: spread(written), browser: spread(came), script: spread(read), pixel: spread(waits) } : null, bytes_in_s: +seconds.toFixed(1), bytes }));
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const n of sizes) await measure(n);
