// Every view of every role, in both languages, light and dark: axe-core finds nothing; at 320 px and at 200 % zoom no text
// is cut. Then what keys alone can do, and what links, history, breaks and paper do. Against the real service.
//   HAIHE_BIN     as in run.mjs, and what browser.mjs takes
//   HAIHE_AXE=all each view in every language and appearance, not each of them once
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { launch, opener, run, shots, until } from './browser.mjs';
import { cutTexts } from './cut.mjs';
import { startService } from './service.mjs';
import { views, visit } from './views.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const service = await startService();
const browser = await launch({ map: false });
const signIn = opener(service, browser, { width: 1280, height: 800, motion: 'reduce', theme: 'light' });
const open = (role, { locale = 'zh', ...how } = {}) => signIn(role, { locale: locale === 'zh' ? 'zh-CN' : 'en-GB', ...how });

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ''}`).join(' | ')} (${v.nodes.length})`);
}

// Each language and each appearance once; HAIHE_AXE=all pairs all of them.
const looks = process.env.HAIHE_AXE === 'all' ? ['zh', 'en'].flatMap((l) => [[l, 'light'], [l, 'dark']]) : [['zh', 'light'], ['en', 'dark']];
const sizes = [
  ['320 px', { width: 320, height: 640 }, (page) => page.evaluate(cutTexts)],
  ['200 %', { width: 640, height: 400 }, (page) => page.evaluate(cutTexts)], // what 1280 x 800 is at 200 %
  ['axe', { width: 1280, height: 800 }, violations],
];
const tests = {};

// The longest first: two go side by side.
for (const role of Object.keys(views).reverse()) {
  for (const [locale, theme] of looks) {
    tests[`every view: no text is cut at 320 px and at 200 %, axe finds nothing: ${role} ${locale} ${theme}`] = async () => {
      const found = [];
      const page = await open(role, { locale, theme });
      for (const view of views[role]) {
        await page.setViewportSize(sizes[0][1]);
        await visit(page, view);
        for (const [label, size, look] of sizes) {
          await page.setViewportSize(size);
          for (const x of await look(page)) found.push(`${view.name}, ${label}: ${x}`);
        }
      }
      assert.deepEqual(found, []);
      assert.deepEqual(page.faults, []);
    };
  }
}
const beside = Object.keys(tests).length;

tests['without WebGL a card is shown by the keyboard, and nothing lies over anything'] = async () => {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    const page = await open('commission', { width, height });
    const table = page.getByTestId('map-table');
    await table.locator('tbody button').first().focus();
    const name = await table.locator('tbody button').first().innerText();
    await page.keyboard.press('Enter');
    const card = page.getByTestId('card');
    await card.getByRole('heading', { name }).waitFor();
    await until('the focus in the card', () => focused(page, '.card .x'));
    await page.getByTestId('ticker').getByRole('button').waitFor();
    const boxes = await page.evaluate(() => Object.fromEntries(['.ticker', '.fallback', '.card', '.table', '.controls'].map((s) => [s, document.querySelector(s).getBoundingClientRect()])));
    const rows = Object.entries(boxes);
    for (const [selector, box] of rows) assert.ok(box.height >= 24 && box.width >= width / 3, `${selector} is ${box.width} x ${box.height} px at ${width} px`);
    for (const [i, [selector, box]] of rows.entries()) if (i > 0) assert.ok(box.top >= rows[i - 1][1].bottom - 1, `${rows[i - 1][0]} ends above ${selector} at ${width} px`);
    assert.ok(boxes['.card'].height > 150, 'room to read the card');
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    assert.ok(await focused(page, '[data-testid="map-table"] tbody button'));
    assert.deepEqual(page.faults, []);
  }
};

const focused = (page, selector) => page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector);
const address = (page) => new URL(page.url()).search;

tests['a link leads to its place, back and forward work, and after a sign-in it leads there still'] = async () => {
  const page = await open('commission', { locale: 'en' });
  await page.keyboard.press(await page.locator('#panel [role=tab]').evaluateAll((tabs) => String(1 + tabs.findIndex((x) => x.id === 'tab-departures'))));
  await page.locator('[data-departure]').first().waitFor();
  assert.equal(address(page), '?tab=departures');
  await page.getByRole('button', { name: 'Under way' }).click();
  await page.getByLabel('Search').fill('CNTXG');
  await until('the search in the address', () => address(page) === '?tab=departures&q=CNTXG&f=underway');
  const id = await page.locator('[data-departure]').first().getAttribute('data-departure');
  await page.locator('[data-departure]').first().click();
  await until('the departure in the address', () => new URLSearchParams(address(page)).get('departure') === id);
  const link = page.url();
  await page.goBack();
  await page.getByTestId('card').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Search').inputValue(), 'CNTXG');
  await page.goBack();
  await until('the tab before', async () => (await page.locator('#tab-overview').getAttribute('aria-selected')) === 'true');
  await page.goForward();
  await page.goForward();
  await page.getByTestId('card').waitFor();
  assert.equal(page.url(), link);
  await page.reload();
  await page.getByTestId('card').waitFor();
  assert.equal(await page.getByLabel('Search').inputValue(), 'CNTXG');

  await page.context().clearCookies();
  await page.goto(link);
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await page.getByTestId('card').count(), 0);
  await page.goto(await service.link('commission'));
  await page.getByTestId('card').waitFor();
  assert.equal(address(page), new URL(link).search);
  assert.deepEqual(page.faults.filter((x) => !x.includes('401')), []); // what Chromium says of the answer to who is not signed in
};

tests['the palette goes anywhere by keys alone, by pinyin initials too, and gives the focus back'] = async () => {
  const page = await open('commission');
  await page.locator('#tab-overview').focus();
  await page.keyboard.press('Control+k');
  await until('the palette', () => focused(page, '[data-testid="palette"]'));
  await page.keyboard.press('Escape');
  await until('the focus back', () => focused(page, '#tab-overview'));
  for (const [typed, seen] of [['ltd', '鹿特丹'], ['rotterd', '鹿特丹'], ['sysyh', '苏伊士运河']]) {
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').fill(typed);
    await page.getByRole('option', { selected: true }).filter({ hasText: seen }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByTestId('card').getByRole('heading', { name: seen, exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('card').waitFor({ state: 'detached' });
  }
  await page.keyboard.press('Control+k');
  await page.getByTestId('palette').fill('深色');
  await page.keyboard.press('Enter');
  await until('the dark page', () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'));
  await page.keyboard.press('?');
  await page.getByTestId('keys').getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('2');
  assert.equal(await page.locator('#tab-overview').getAttribute('aria-selected'), 'true', 'single keys are off');
  assert.deepEqual(page.faults, []);
};

tests['a request is made, held and let go by keys alone, with the focus always in sight'] = async () => {
  const page = await open('exporter', { locale: 'en' });
  /** reach presses Tab until the focus is on what is wanted, and every step of the way must show where it is. */
  const reach = async (selector) => {
    for (let i = 0; i < 200; i++) {
      if (await focused(page, selector)) return;
      await page.keyboard.press('Tab');
      const shown = await page.evaluate(() => {
        const a = document.activeElement;
        if (!a || a === document.body) return true; // the browser's own bar
        const [style, box] = [getComputedStyle(a), a.getBoundingClientRect()];
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && box.width > 0) || a.outerHTML.slice(0, 200);
      });
      assert.equal(shown, true, 'the focus cannot be seen');
    }
    assert.fail(`Tab never comes to ${selector}`);
  };
  await page.locator('.skip').focus();
  await page.keyboard.press('Enter');
  assert.ok(await focused(page, '#panel'));
  await reach('#tab-requests');
  await page.keyboard.press('ArrowRight');
  await until('the form', () => focused(page, '#tab-ask'));
  await reach('[data-testid="submit"]');
  await page.keyboard.press('Enter');
  await page.getByTestId('request-detail').waitFor(); // at once, with the focus in it
  const id = new URLSearchParams(address(page)).get('request');
  await page.getByTestId('hold').waitFor();
  await reach('[data-testid="hold"]');
  await page.keyboard.press('Enter');
  await page.getByTestId('booking').waitFor();
  await reach('[data-testid="cancel-booking"]');
  await page.keyboard.press('Enter');
  await page.getByTestId('booking').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await until('the focus on the row again', () => focused(page, `[data-request="${id}"]`));
  assert.deepEqual(page.faults, []);
};

tests['the focus stays on its row while others come and go'] = async () => {
  const page = await open('commission', { locale: 'en' });
  await page.goto(`${service.base}/?tab=events`);
  await page.locator('[data-row]').first().waitFor();
  await page.locator('[data-row] button').first().focus();
  const key = await page.evaluate(() => document.activeElement.closest('[data-row]').dataset.row);
  await until('the row moved down by later events', async () => Number(await page.locator(`[data-row="${key}"]`).getAttribute('aria-posinset')) > 3);
  assert.ok(await focused(page, `[data-row="${key}"] button`));
};

tests['a break is told, and a command sent meanwhile happens once when it is over'] = async () => {
  const page = await open('exporter', { locale: 'en' });
  await page.getByTestId('connection').filter({ hasText: 'Live' }).waitFor();
  await page.locator('#tab-ask').click();
  const goods = `Break ${Date.now()}`;
  await page.locator('[name=goods]').fill(goods);
  await service.pause();
  try {
    await page.getByTestId('banner').getByText('Connection lost').waitFor();
    await page.getByTestId('banner').getByText(/as of \d\d:\d\d:\d\d/).waitFor();
    await page.getByTestId('submit').click();
    await page.getByTestId('banner').getByText('1 command waits to be sent').waitFor();
    await page.screenshot({ path: `${shots}/offline.png` });
  } finally {
    await service.resume();
  }
  await page.getByTestId('banner').waitFor({ state: 'detached' });
  await page.getByTestId('request-detail').waitFor();
  // The feed may ask for something like it, of another volume.
  const { entities } = await (await page.request.get(`${service.base}/api/snapshot`)).json();
  assert.equal(entities.request.filter((r) => r.goods === goods && r.volume_m3 === 20).length, 1);
};

tests['paper has every row of a list, dark on white'] = async () => {
  const page = await open('commission', { theme: 'dark' });
  await page.goto(`${service.base}/?tab=warehouses`);
  await page.locator('[data-warehouse]').first().waitFor();
  const all = Number(await page.locator('[data-row]').first().getAttribute('aria-setsize'));
  assert.ok((await page.locator('[data-row]').count()) < all, 'on the screen only what is in sight');
  await page.emulateMedia({ media: 'print' });
  await until('every row', async () => (await page.locator('[data-row]').count()) === all);
  const look = await page.evaluate(() => ({ text: getComputedStyle(document.body).color, map: document.querySelector('.chart').checkVisibility(), rows: [...document.querySelectorAll('[data-row]')].map((r) => r.getBoundingClientRect().top) }));
  assert.equal(look.text, 'rgb(20, 34, 43)');
  assert.equal(look.map, false);
  assert.ok(look.rows.every((y, i) => i === 0 || y > look.rows[i - 1]), 'one below the other');
  const pdf = await page.pdf({ path: `${shots}/warehouses.pdf` });
  assert.ok(pdf.toString('latin1').match(/\/Type \/Page\b/g).length > 2);
  await page.emulateMedia({ media: null });
  await until('few rows again', async () => (await page.locator('[data-row]').count()) < all);
};

tests['the first minute comes by itself once, and again when asked for'] = async () => {
  const page = await open('firm', { locale: 'en', tour: true });
  const tour = page.getByTestId('tour');
  await tour.getByText('1 of 4').waitFor();
  await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByText('Publish room').waitFor();
  await page.getByTestId('tour-end').click();
  await page.reload();
  await page.getByTestId('plan-version').waitFor();
  await page.getByTestId('skeleton').waitFor({ state: 'detached' });
  assert.equal(await tour.count(), 0);
  await page.getByTestId('menu').click();
  await page.getByRole('button', { name: 'First minute' }).click();
  await tour.waitFor();
};

await run(tests, browser, service, { beside });
