// Runs the map under a fast feed and tells what memory it takes over time: npm run soak. One JSON line a sample, and a last one with the growth.
//   HOURS    of the feed (default 8)
//   SPEED    of the feed (default 100, so that eight hours take five minutes)
//   SAMPLES  of memory (default 40)
//   HAIHE_BIN, CHROMIUM as in run.mjs
// Heaps are read after a forced collection, in the page and in the service, so that they are what is held and not what has piled up; RSS is that of
// all processes of the browser, and of the service's. Growth is the slope of the line through the second half by least squares, over that half. It ends with 1
// where a heap or the number of nodes or listeners grows by more than noise: three standard errors, and five parts of a hundred of what there is.
// What the service keeps, and so what the page shows, grows with the log; entities says by how much.
import { readFileSync, readdirSync } from 'node:fs';
import { launch } from './browser.mjs';
import { free, startService } from './service.mjs';

const speed = Number(process.env.SPEED ?? 100);
const minutes = (Number(process.env.HOURS ?? 8) * 60) / speed;
const every = (minutes * 60_000) / Number(process.env.SAMPLES ?? 40);

const status = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // it has ended
  }
};
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(status(pid))?.[1] ?? 0) / 1024;
const children = (pid) => readdirSync('/proc').filter((p) => /^\d+$/.test(p) && new RegExp(`^PPid:\\s+${pid}$`, 'm').test(status(p)));
const family = (pid) => [pid, ...children(pid).flatMap(family)];

/** trend is how much values grow over their second half by the line through them, and how much of that may be noise. */
function trend(at, values) {
  const half = Math.floor(values.length / 2);
  const [x, y] = [at.slice(half), values.slice(half)];
  const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const slope = x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / spread;
  const left = y.reduce((sum, v, i) => sum + (v - my - slope * (x[i] - mx)) ** 2, 0);
  const error = Math.sqrt(left / Math.max(1, x.length - 2) / spread);
  const span = x.at(-1) - x[0];
  const round = (v) => +v.toFixed(2);
  return { mean: round(my), growth: round(slope * span), noise: round(Math.max(3 * error * span, 0.05 * my)) };
}

const metrics = `127.0.0.1:${await free()}`;
const service = await startService(['--feed-speed', String(speed), '--metrics-listen', metrics]);
/** The service's heap right after a collection, MiB: the least of three, as a plan that is being made takes some too. */
async function serviceHeap() {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const text = await (await fetch(`http://${metrics}/debug/pprof/heap?gc=1&debug=1`)).text();
    least = Math.min(least, Number(/^# HeapAlloc = (\d+)/m.exec(text)[1]) / 2 ** 20);
    await new Promise((r) => setTimeout(r, 300));
  }
  return least;
}
const browser = await launch({ more: ['--js-flags=--expose-gc', '--enable-precise-memory-info'] });
try {
  const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (e) => faults.push(String(e)));
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('Network.enable', { maxTotalBufferSize: 1 << 20, maxResourceBufferSize: 1 << 19 }); // or bodies that nobody asks for pile up in the browser
  let [frames, bytes] = [0, 0];
  devtools.on('Network.webSocketFrameReceived', ({ response }) => {
    frames++;
    bytes += response.payloadData.length;
  });
  await page.goto(await service.link('commission'));
  await page.getByTestId('plan-version').waitFor();
  const own = children(process.pid).find((pid) => family(pid).length > 2); // the browser, not the service
  const begun = Date.now();
  const samples = [];
  while (Date.now() - begun < minutes * 60_000) {
    await new Promise((r) => setTimeout(r, every));
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const metric = (name) => metrics.find((m) => m.name === name).value;
    const entities = await page.evaluate(async () => {
      const s = await (await fetch('/api/snapshot')).json();
      return { departures: s.entities.departure.length, positions: s.positions.length, all: Object.values(s.entities).reduce((sum, list) => sum + (list?.length ?? 0), 0) };
    });
    const sample = {
      minute: +((Date.now() - begun) / 60_000).toFixed(2), page_heap_mb: +(metric('JSHeapUsedSize') / 2 ** 20).toFixed(2), page_nodes: metric('Nodes'), page_listeners: metric('JSEventListeners'), service_heap_mb: +(await serviceHeap()).toFixed(2),
      browser_rss_mb: own ? Math.round(family(own).reduce((sum, pid) => sum + resident(pid), 0)) : null, service_rss_mb: Math.round(resident(service.pid())),
      frames, mb_received: +(bytes / 2 ** 20).toFixed(1), ...entities,
    };
    samples.push(sample);
    console.log(JSON.stringify(sample));
  }
  const at = samples.map((x) => x.minute);
  const trends = Object.fromEntries(['page_heap_mb', 'page_nodes', 'page_listeners', 'service_heap_mb', 'browser_rss_mb', 'service_rss_mb', 'all'].map((key) => [key, trend(at, samples.map((x) => x[key]))]));
  const grown = ['page_heap_mb', 'page_nodes', 'page_listeners', 'service_heap_mb'].filter((key) => trends[key].growth > trends[key].noise);
  console.log(JSON.stringify({ feed_hours: +((at.at(-1) * speed) / 60).toFixed(1), from_minute: at[Math.floor(at.length / 2)], to_minute: at.at(-1), trends, grown, faults }));
  if (grown.length > 0 || faults.length > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await service.stop();
}
