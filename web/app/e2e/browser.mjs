// What the tests of the page have in common: the browser, pages that are signed in, patience, and the run of tests.
//   CHROMIUM    the browser (default /usr/bin/chromium)
//   PATIENCE    ms that a test waits for anything (default 180000)
//   SHOTS       folder for screenshots (default test-results)
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const shots = process.env.SHOTS ?? 'test-results';
mkdirSync(shots, { recursive: true });

// Patience for a slow machine with other work; nothing asserts how long a thing took.
export const patience = Number(process.env.PATIENCE ?? 180_000);

/** launch starts Chromium; more are further flags; with map false it cannot draw one, which spares a machine without a GPU most of its work. */
export function launch({ map = true, more = [] } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(map ? ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] : ['--disable-3d-apis', '--disable-gpu']),
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', ...more,
    ],
  });
}

const running = new AsyncLocalStorage(); // the contexts that the test under way opened

/**
 * opener makes open, which signs in as a role with a link of its own and answers with the page. Its strangers are requests outside
 * loopback, its faults what went wrong in it; done fails on either, and closes it. With webgl false the page has a table in the
 * map's place. The tour is told as seen, unless it is wanted; query is where to go after the sign-in.
 */
export function opener(service, browser, usual = {}) {
  return async function open(role, how = {}) {
    const { locale = 'zh-CN', scheme = 'light', width = 1440, height = 900, motion = 'no-preference', theme, webgl = true, tour = false, query = '' } = { ...usual, ...how };
    const context = await browser.newContext({ viewport: { width, height }, locale, colorScheme: scheme, reducedMotion: motion, timezoneId: 'Asia/Shanghai' });
    running.getStore()?.push(context);
    context.setDefaultTimeout(patience);
    await context.addInitScript(({ role, theme, webgl, tour }) => {
      if (theme) localStorage.setItem('haihe.theme', theme);
      if (!tour) localStorage.setItem(`haihe.tour.${role}`, 'seen');
      if (webgl) return;
      const get = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return /webgl/.test(kind) ? null : get.call(this, kind, ...rest); };
    }, { role, theme, webgl, tour });
    const page = await context.newPage();
    watch(page);
    await page.goto(await service.link(role));
    await page.getByTestId('plan-version').waitFor();
    if (query) {
      await page.goto(`${service.base}/${query}`);
      await page.getByTestId('plan-version').waitFor();
    }
    return page;
  };
}

/** watch keeps what a page asks of others and what goes wrong in it, for done. */
export function watch(page) {
  page.strangers = [];
  page.faults = [];
  page.on('request', (r) => {
    const url = new URL(r.url());
    if (!['data:', 'blob:'].includes(url.protocol) && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) page.strangers.push(r.url());
  });
  page.on('pageerror', (e) => page.faults.push(String(e)));
  page.on('console', (m) => {
    // The border overlay that is not set answers 404, which Chromium logs.
    if (m.type() === 'error' && !m.location().url.includes('/overlay/')) page.faults.push(m.text());
  });
}

export async function done(page) {
  assert.deepEqual(page.strangers, [], 'requests outside loopback');
  assert.deepEqual(page.faults, [], 'errors of the page');
  await page.context().close();
}

/** go goes to an address of the page as the back button would: without loading it anew. */
export const go = (page, address) => page.evaluate((to) => {
  history.pushState(null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
}, address);

/** view goes to a tab by its address, as a link from somebody would. */
export async function view(page, tab) {
  await go(page, `?tab=${tab}`);
  await page.locator(`[role=tab][aria-selected=true]#tab-${tab}`).waitFor();
}

/** paste puts a row of cells into the grid, as a spreadsheet puts it on the clipboard. */
export const paste = (page, cells) => page.getByTestId('grid').evaluate((el, text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}, cells.join('\t'));

/** snapshotOf makes snapshot, which is what a service's API shows the role of a page now. */
export const snapshotOf = (service) => async (page) => (await page.request.get(`${service.base}/api/snapshot`)).json();

/** map is a picture of the map alone, without what lies over it. */
export const map = (page) => page.getByTestId('map').screenshot({ style: '.ticker, .legend, .zoom, .notice, .card { visibility: hidden !important }' });

/** until asks again and again, and fails with the name of what it never saw. */
export async function until(what, ask) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`never seen: ${what}`);
    await new Promise((r) => setTimeout(r, 300));
  }
}

/**
 * run runs the tests, an object of name and function, of which the name has one of the program's arguments in it, or all: the first
 * `beside` of them two at a time, the others one by one. A failing test leaves screenshots, and no page open. Then it ends browser and
 * service, and the program with 1 if any failed.
 */
export async function run(tests, browser, service, { beside = 0 } = {}) {
  const only = process.argv.slice(2);
  let failed = 0;
  const one = ([name, test]) => running.run([], async () => {
    if (only.length > 0 && !only.some((x) => name.includes(x))) return;
    const begun = Date.now();
    try {
      await test();
      console.log(`ok   ${name} (${Math.round((Date.now() - begun) / 1000)} s)`);
    } catch (e) {
      const n = ++failed;
      console.log(`FAIL ${name}\n${e.stack ?? e}`);
      const pages = running.getStore().flatMap((c) => c.pages());
      for (const [i, page] of pages.entries()) await page.screenshot({ path: `${shots}/failed-${n}-${i}.png` }).catch(() => {});
    }
    for (const context of running.getStore()) await context.close();
  });
  const all = Object.entries(tests);
  const lane = async (queue) => {
    for (let next = queue.shift(); next; next = queue.shift()) await one(next);
  };
  try {
    const first = all.slice(0, beside);
    await Promise.all([lane(first), lane(first)]);
    await lane(all.slice(beside));
  } finally {
    await browser.close();
    await service.stop();
  }
  process.exitCode = failed > 0 ? 1 : 0;
}
