// Runs the map under a fast feed and tells what memory it takes over time: npm run soak. One JSON line a sample, and a last one with the growth.
//   MINUTES  how long (default 10; 480 is a working day)
//   SPEED    of the feed (default 100)
//   WARM     minutes before the growth is counted (default a third, 30 at most)
//   HAIHE_BIN, CHROMIUM as in run.mjs
// The page's heap is read after a forced collection, so that it is what is held and not what has piled up; the browser's own memory is
// the sum over its processes, the service's that of its process. State is the facts that the service holds: it keeps them all.
import { readFileSync, readdirSync } from 'node:fs';
import { launch } from './browser.mjs';
import { startService } from './service.mjs';

const minutes = Number(process.env.MINUTES ?? 10);
const speed = Number(process.env.SPEED ?? 100);
const warm = Number(process.env.WARM ?? Math.min(30, minutes / 3));
const every = Math.max(10, Math.min(60, (minutes * 60) / 30));

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

const service = await startService(['--feed-speed', String(speed)]);
const browser = await launch({ more: ['--js-flags=--expose-gc', '--enable-precise-memory-info'] });
try {
  const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (e) => faults.push(String(e)));
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('Network.enable');
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
    await new Promise((r) => setTimeout(r, every * 1000));
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const metric = (name) => metrics.find((m) => m.name === name).value;
    const entities = await page.evaluate(async () => {
      const s = await (await fetch('/api/snapshot')).json();
      return { departures: s.entities.departure.length, positions: s.positions.length };
    });
    const sample = {
      minute: +((Date.now() - begun) / 60_000).toFixed(1), page_heap_mb: +(metric('JSHeapUsedSize') / 2 ** 20).toFixed(1), page_nodes: metric('Nodes'), page_listeners: metric('JSEventListeners'),
      browser_rss_mb: own ? Math.round(family(own).reduce((sum, pid) => sum + resident(pid), 0)) : null, service_rss_mb: Math.round(resident(service.pid())),
      frames, mb_received: +(bytes / 2 ** 20).toFixed(1), ...entities,
    };
    samples.push(sample);
    console.log(JSON.stringify(sample));
  }
  const after = samples.filter((s) => s.minute >= warm);
  const [first, last] = [after[0], after.at(-1)];
  const growth = (key) => +(last[key] - first[key]).toFixed(1);
  console.log(JSON.stringify({ from_minute: first.minute, to_minute: last.minute, page_heap_mb: growth('page_heap_mb'), page_nodes: growth('page_nodes'), browser_rss_mb: growth('browser_rss_mb'), service_rss_mb: growth('service_rss_mb'), departures: growth('departures'), faults }));
} finally {
  await browser.close();
  await service.stop();
}
