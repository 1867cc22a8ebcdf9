// Whole journeys of exporters and firms through the real service, most of them by keyboard, with lost connections, hostile
// names and two people at one thing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { go, paste, view } from './browser.mjs';
import { publish } from './kafka.mjs';

const day = 86_400_000;
const hostile = '<img src=x onerror="document.title=1"> =1+1 \u202Egnp.exe';

/** tabTo presses Tab until the element with a test id, or one that a locator finds, has the focus. */
async function tabTo(page, target, most = 500) {
  const locator = typeof target === 'string' ? page.getByTestId(target) : target;
  await locator.first().waitFor();
  for (let i = 0; i < most; i++) {
    if (await locator.first().evaluate((el) => el === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${locator}`);
}

export function journeys({ service, open, done, until, snapshot, shots }) {
  const post = async (page, path, data) => {
    const answer = await page.request.post(`${service.base}${path}`, { data, headers: { Origin: service.base } });
    assert.ok(answer.ok(), await answer.text());
    return answer.json();
  };

  return {
    async 'an exporter goes from need to confirmed booking by keyboard alone, quotes following each key'() {
      const page = await open('exporter', { locale: 'zh-CN', webgl: false });
      await tabTo(page, page.locator('#panel [role=tab][aria-selected=true]'));
      await page.keyboard.press('ArrowRight');
      await page.getByRole('tab', { name: '新需求', selected: true }).waitFor();
      await page.getByTestId('digest').getByText('最省').waitFor(); // without a key in the form
      await tabTo(page, page.getByLabel('品名'));
      await page.keyboard.press('Control+a');
      await page.keyboard.type(hostile.slice(0, 40));
      await tabTo(page, page.getByLabel('方量（m³）'));
      const before = await page.getByTestId('digest').innerText();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('-3');
      await page.keyboard.press('Enter');
      await page.getByText('须大于 0').first().waitFor();
      assert.equal(await page.getByLabel('方量（m³）').evaluate((el) => el === document.activeElement), true, 'the focus is where the mistake is');
      await page.keyboard.press('Control+a');
      await page.keyboard.type('3');
      await until('other quotes', async () => {
        const text = await page.getByTestId('digest').innerText();
        return text.includes('最省') && text !== before;
      });
      const first = page.getByTestId('quotes').locator('summary').first();
      await tabTo(page, first);
      await page.keyboard.press('Enter');
      await page.getByTestId('quotes').locator('details[open] .sum').waitFor();
      await page.screenshot({ path: `${shots}/exporter-zh-light-quotes.png` });
      await tabTo(page, 'submit');
      await page.keyboard.press('Enter');
      await page.getByTestId('request-detail').getByText(hostile.slice(0, 40)).waitFor(); // as text
      await tabTo(page, 'hold');
      await page.keyboard.press('Enter');
      await page.getByTestId('booking').getByText('已锁定舱位').waitFor();
      await tabTo(page, 'confirm-booking');
      await page.keyboard.press('Enter');
      await page.getByTestId('booking').getByText('已确认订舱').waitFor();
      assert.match(page.url(), /[?&]request=rq-/, 'the address names it');
      await page.reload();
      await page.getByTestId('booking').getByText('已确认订舱').waitFor();
      assert.notEqual(await page.title(), '1');
      await done(page);
    },

    async 'the quote that was chosen is held as it is; one whose way went says what changed, and the next best is a click away'() {
      const page = await open('exporter', { locale: 'en-GB', webgl: false });
      await view(page, 'ask');
      await page.getByLabel('Description').fill('chosen e2e');
      const fastest = page.getByTestId('quotes').locator('details', { has: page.locator('.merit.fastest') });
      const open_ = async () => {
        await page.getByLabel('Volume (m³)').fill('2');
        await fastest.locator('summary').click();
        await fastest.getByTestId('take-hold').waitFor();
        return fastest.locator('summary b').innerText();
      };
      const cost = await open_();
      await page.screenshot({ path: `${shots}/exporter-en-light-chosen.png` });
      await fastest.getByTestId('take-hold').click();
      const card = page.locator('[data-testid=booking][data-status=HELD]');
      await card.getByText(cost).waitFor(); // whatever way the plan would have matched
      await card.getByTestId('confirm-booking').click();
      await page.locator('[data-testid=booking][data-status=CONFIRMED]').waitFor();

      await view(page, 'ask');
      await page.getByLabel('Description').fill('went e2e');
      let quotes = [];
      page.on('response', async (r) => {
        if (!r.url().endsWith('/api/quotes') || !r.ok()) return;
        quotes = await r.json().then((a) => a.quotes, () => quotes); // the page may give one up on the way
      });
      await open_();
      await page.route('**/api/quotes', () => {}); // the page does not hear of it before it asks for the room
      await until('the quotes are heard of here too', () => quotes.length > 0);
      const [first] = [...quotes].sort((a, b) => a.arrive.localeCompare(b.arrive));
      const find = async () => (await snapshot(page)).entities.departure.find((d) => d.id === first.departures[0]);
      const d = await find();
      await publish(service.brokers, { source: `/firms/${d.carrier}`, type: 'DepartureCancelled', topic: d.mode === 'air' ? 'haihe.flights' : 'haihe.routes', key: `departure:${d.id}:status`, data: { departure: d.id, mode: d.mode, reason: 'e2e' } });
      await until('it is cancelled', async () => (await find()).cancelled);
      await fastest.getByTestId('take-hold').click();
      const gone = page.getByTestId('quote-gone');
      await gone.getByText('is cancelled').waitFor();
      assert.equal((await snapshot(page)).entities.request.filter((r) => r.goods === 'went e2e').length, 0, 'nothing is left of it');
      await page.screenshot({ path: `${shots}/exporter-en-light-gone.png` });
      await gone.getByRole('button').click();
      await card.waitFor();
      await page.unroute('**/api/quotes');
      page.faults.length = 0; // Chromium logs the 409
      await done(page);
    },

    async 'where there is no way, one click makes one, and a lost connection costs nothing'() {
      const page = await open('exporter', { locale: 'en-GB', webgl: false });
      await view(page, 'ask');
      await page.getByTestId('digest').getByText('Cheapest').waitFor();
      const local = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16); // the browser is in Shanghai
      await page.getByLabel('At the warehouse by').fill(local(Date.now() + 8 * day));
      await page.getByTestId('no-way').waitFor();
      await page.getByTestId('helps').getByRole('button').first().click();
      await page.getByTestId('digest').getByText(/\$/).first().waitFor();
      await page.getByLabel('Description').fill('lost connection e2e');
      await page.getByTestId('digest').getByText(/\$/).first().waitFor();
      await page.context().setOffline(true);
      await page.getByTestId('submit').click();
      await page.getByTestId('submit').getByText('Submitting').waitFor(); // it waits, and goes by itself
      await page.context().setOffline(false);
      await page.getByTestId('request-detail').waitFor();
      const { entities } = await snapshot(page);
      assert.equal(entities.request.filter((r) => r.goods === 'lost connection e2e').length, 1);
      page.faults.length = 0; // what Chromium says of the connection that was cut
      await done(page);
    },

    async 'one stock goes to two markets, three times'() {
      const page = await open('exporter', { locale: 'en-GB', webgl: false });
      await view(page, 'ask');
      await page.getByLabel('Description').fill('split e2e');
      await page.getByRole('button', { name: 'Split over several markets' }).click();
      await page.getByLabel('Repeat').selectOption('3');
      const submit = page.getByTestId('submit');
      await submit.getByText('6').waitFor();
      await submit.click();
      await until('six requests', async () => (await snapshot(page)).entities.request.filter((r) => r.goods === 'split e2e').length === 6);
      const made = (await snapshot(page)).entities.request.filter((r) => r.goods === 'split e2e');
      assert.equal(new Set(made.map((r) => r.market)).size, 2);
      assert.equal(new Set(made.map((r) => r.ready)).size, 3);
      assert.equal(Math.round(made.reduce((sum, r) => sum + r.volume_m3, 0)), 60);
      await done(page);
    },

    async 'a market is chosen where it lies, and a request that finds no way is changed in its place by one click'() {
      const page = await open('exporter', { locale: 'zh-CN', webgl: false });
      await view(page, 'ask');
      const { entities } = await snapshot(page);
      const market = page.getByLabel('目的市场');
      const house = entities.warehouse.find((w) => !w.closed && w.public && w.markets.length === 1 && w.markets[0].id !== 'US');
      await page.getByTestId('pick').click();
      await page.evaluate((id) => (history.replaceState(null, '', `?tab=ask&warehouse=${encodeURIComponent(id)}`), dispatchEvent(new PopStateEvent('popstate'))), house.id);
      await until('its market', async () => (await market.inputValue()) === house.markets[0].id);
      await page.screenshot({ path: `${shots}/exporter-zh-light-pick.png` });
      await page.getByTestId('pick').click();

      const now = Date.now();
      const { id } = await post(page, '/api/requests', { origin: 'CNTXG', market: 'US', class: 'general', goods: `why not ${hostile}`, volume_m3: 3, weight_kg: 600, ready: new Date(now + 3 * day).toISOString(),
        due: new Date(now + 9 * day).toISOString(), storage_days: 10, drawdown: 'linear', modes: ['sea'], whole: false, value: 90000 });
      await go(page, `?request=${id}`);
      const due = async () => (await snapshot(page)).entities.request.find((r) => r.id === id).due;
      const before = await due();
      await page.getByTestId('relax').waitFor();
      await page.context().setOffline(true);
      await page.getByTestId('relax').click();
      await page.getByTestId('banner').getByText('1 项操作等待发送').waitFor();
      assert.equal(await due(), before, 'it waits');
      await page.context().setOffline(false);
      await until('the change', async () => (await due()) !== before || (await snapshot(page)).entities.request.find((r) => r.id === id).modes?.length > 1);
      await page.getByTestId('hold').waitFor(); // matched now, under the same id
      await page.getByTestId('compare').click();
      await page.getByTestId('quotes').locator('summary').first().click();
      await page.getByTestId('take-hold').first().click();
      await page.locator('[data-testid=booking][data-status=HELD]').waitFor();
      assert.match(page.url(), new RegExp(id));
      page.faults.length = 0; // the connection that was cut
      await done(page);
    },

    async 'a stock comes again every week by a rule, until it is paused'() {
      const page = await open('exporter', { locale: 'en-GB', webgl: false });
      await view(page, 'ask');
      const goods = `weekly e2e ${Date.now()}`;
      await page.getByLabel('Description').fill(goods);
      await page.getByLabel('Volume (m³)').fill('1');
      await page.getByLabel('Repeat').selectOption('week');
      await page.getByTestId('submit').click();
      await page.waitForURL(/request=/);
      // Ready in three days: the next one, in ten, is within the fortnight, and is there at once; so is none after three weeks.
      const mine = async () => (await snapshot(page)).entities.request.filter((r) => r.goods === goods).sort((a, b) => a.ready.localeCompare(b.ready));
      const list = await until('the next', async () => ((await mine()).length >= 2 ? mine() : null));
      assert.equal(Date.parse(list[1].ready) - Date.parse(list[0].ready), 7 * day);
      const newest = (await mine()).at(-1);
      await go(page, `?request=${newest.id}`);
      await page.getByTestId('repeat').getByRole('button', { name: 'Pause' }).click();
      await page.getByTestId('repeat').getByText('paused').waitFor();
      await page.screenshot({ path: `${shots}/exporter-en-light-repeat.png` });
      await page.getByTestId('repeat').getByRole('button', { name: 'Resume' }).click();
      await until('the rule goes on', async () => !(await mine()).at(-1).repeat.paused);
      await done(page);
    },

    // HAIHE_ORDER_ROWS=10000 is the size that people have asked for; one row in twenty is bad.
    async 'an order book: the good rows are taken, through a lost connection; the bad ones come back, are mended and taken'() {
      const n = Number(process.env.HAIHE_ORDER_ROWS ?? 600);
      const date = (k) => new Date(Date.now() + k * day).toISOString().slice(0, 10);
      const lines = ['Order book of the spring', '品名,目的市场,方量,重量,备妥时间,最晚到仓,备注'];
      const mark = `e2e-book-${Date.now()}`;
      for (let i = 0; i < n; i++) {
        const bad = i % 20 === 7 ? i % 3 : -1;
        const goods = i === 0 ? `"${mark} ${hostile.replace(/"/g, '""')}"` : `${mark} ${i}`;
        lines.push([goods, bad === 0 ? '火星' : '美国', bad === 1 ? '-1' : '0.2', '40', date(5), bad === 2 ? '2027-02-30' : date(65), `note ${i}`].join(','));
      }
      const bad = Math.ceil((n - 7) / 20);
      const page = await open('exporter', { locale: 'zh-CN', webgl: false });
      await view(page, 'orders');
      await page.getByTestId('order-file').setInputFiles({ name: 'book.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\r\n')) });
      await page.getByTestId('order-bad').waitFor();
      const count = (text) => Number(text.replace(/\D/g, ''));
      assert.equal(count(await page.getByTestId('order-bad').innerText()), bad);
      assert.equal(count(await page.getByTestId('order-send').innerText()), n - bad);
      await page.locator('[role=gridcell]').filter({ hasText: '<img src=x' }).waitFor(); // as text
      await page.screenshot({ path: `${shots}/exporter-zh-light-orders.png` });
      await page.getByTestId('order-send').click();
      await page.context().setOffline(true);
      await page.getByText('连接中断').waitFor();
      await page.context().setOffline(false);
      await until('all good rows taken', async () => (await page.getByTestId('order-accepted').count()) > 0 && count(await page.getByTestId('order-accepted').innerText()) === n - bad && (await page.getByTestId('order-send').count()) > 0);
      const mine = async () => (await snapshot(page)).entities.request.filter((r) => r.goods?.startsWith(mark));
      assert.equal((await mine()).length, n - bad, 'each once');
      assert.equal(count(await page.getByTestId('order-bad').innerText()), bad);

      // They come back as a file with the reasons, and outlive the page.
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('order-bad-xlsx').click()]);
      const file = readFileSync(await download.path());
      const table = await (await page.request.post(`${service.base}/api/tables/read`, { data: file, headers: { Origin: service.base, 'Content-Type': 'application/octet-stream' } })).json();
      assert.equal(table.rows.length, bad + 1);
      assert.ok(table.rows[0].includes('备注'), 'columns that are not known come back too');
      assert.match(table.rows[1].at(-1), /方量|目的市场|最晚到仓/);
      await page.waitForTimeout(1000); // what is typed is kept after a moment
      await page.reload();
      await page.getByTestId('order-bad').waitFor();
      assert.equal(count(await page.getByTestId('order-bad').innerText()), bad);

      // The first column of faults is mended in place by keyboard: the whole column filled at once, then undone, then done again.
      const grid = page.getByTestId('grid');
      await grid.focus();
      for (const [column, value] of [['market', 'US'], ['volume_m3', '0.2'], ['due', date(65)]]) {
        await page.keyboard.press('Control+Home');
        const at = await grid.locator('[role=row][aria-rowindex="2"] [role=gridcell]').evaluateAll((cells, c) => cells.findIndex((x) => x.dataset.column === c), column);
        for (let i = 0; i < at; i++) await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Enter');
        await page.keyboard.press('Control+a');
        await page.keyboard.type(value);
        await page.keyboard.press('Enter');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.press('Control+Shift+ArrowDown');
        await page.keyboard.press('Control+d');
        await page.keyboard.press('Control+z');
        await page.keyboard.press('Control+y');
      }
      await page.getByTestId('order-bad').waitFor({ state: 'detached' });
      await page.getByTestId('order-send').click();
      await until('the rest taken', async () => (await mine()).length === n);
      await page.getByText('拖入一个').waitFor();
      page.faults.length = 0; // what Chromium says of the connection that was cut
      await done(page);
    },

    async 'a firm publishes a flight from its spreadsheet, and an exporter sees it at once'() {
      const [firm, exporter] = [await open('firm', { locale: 'en-GB', webgl: false }), await open('exporter', { locale: 'en-GB', webgl: false })];
      const { entities } = await snapshot(firm);
      const airports = new Set(entities.place.filter((p) => p.kind === 'airport' && p.country !== 'CN').map((p) => p.id));
      const house = entities.warehouse.find((w) => !w.closed && w.classes.includes('general') && w.gateways.some((g) => airports.has(g.place)));
      const to = house.gateways.find((g) => airports.has(g.place)).place;
      const vessel = `E2E ${Date.now()} ${hostile}`.slice(0, 60).trim();
      const local = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
      const depart = Date.now() + 6 * day;
      await view(firm, 'fleet');
      await firm.getByTestId('fleet-add').click();
      await firm.getByTestId('grid').waitFor();
      const line = ['air', vessel, '', 'TSN', to, '', local(depart), local(depart + 12 * 3_600_000), '40', '8000', '', '0.01', '', ''];
      await paste(firm, line);
      await firm.getByTestId('fleet-apply').getByText('1').waitFor();
      await firm.getByTestId('fleet-apply').click();
      const flight = await until('the flight at the exporter’s', async () => (await snapshot(exporter)).entities.departure.find((d) => d.vessel === vessel));
      assert.equal(flight.rate.kg_per_m3, 166.67, 'what is usual by air is filled in');

      await view(exporter, 'departures');
      await exporter.getByLabel('Search').fill(flight.id);
      await exporter.locator(`[data-departure="${flight.id}"]`).getByText('<img').waitFor(); // as text, and live
      await firm.screenshot({ path: `${shots}/firm-en-light-fleet.png` });
      await done(firm);
      await done(exporter);
    },

    async 'two people change one sailing: the second is shown both values and chooses'() {
      const [a, b] = [await open('firm', { locale: 'en-GB', webgl: false }), await open('firm', { locale: 'en-GB', scheme: 'dark', webgl: false })];
      const now = Date.now();
      const { id } = await post(a, '/api/departures', { mode: 'sea', vessel: 'E2E Two Minds', from: 'CNTXG', to: 'USLAX', cutoff: new Date(now + 60 * day).toISOString(), depart: new Date(now + 61 * day).toISOString(),
        arrive: new Date(now + 76 * day).toISOString(), capacity_m3: 100, capacity_kg: 50000, rate: { per: 'm3', amount: 900, kg_per_m3: 1000 }, classes: ['general'] });
      const edit = async (page, column, value) => {
        await view(page, 'fleet');
        await page.getByLabel('Search').fill('E2E Two Minds');
        const cell = page.locator(`[data-key="${id}"] [data-column=${column}]`);
        await cell.click();
        await page.getByTestId('grid').focus();
        await page.keyboard.type(value);
        await page.keyboard.press('Enter');
        await page.locator(`[data-key="${id}"] [data-column=${column}].edited`).waitFor();
      };
      const stands = async () => (await snapshot(a)).entities.departure.find((d) => d.id === id);
      await edit(a, 'capacity_m3', '120');
      await edit(b, 'capacity_m3', '150');
      await a.getByTestId('fleet-apply').click();
      await until('120', async () => (await stands()).capacity_m3 === 120);
      await b.getByTestId('clashes').getByText('120').first().waitFor();
      assert.equal(await b.getByTestId('fleet-apply').isDisabled(), true, 'nothing is applied before the choice');
      await b.screenshot({ path: `${shots}/firm-en-dark-clash.png` });
      await b.getByRole('button', { name: 'Keep mine, 150' }).click();
      await b.getByTestId('fleet-apply').click();
      await until('150', async () => (await stands()).capacity_m3 === 150);
      await a.locator(`[data-key="${id}"] [data-column=capacity_m3]`).filter({ hasText: '150' }).waitFor(); // live, at the first
      // Changes of different cells do not get in each other's way.
      await edit(a, 'amount', '800');
      await edit(b, 'delay_hours', '6');
      await a.getByTestId('fleet-apply').click();
      await b.getByTestId('fleet-apply').click();
      await until('both', async () => (await stands()).rate.amount === 800 && (await stands()).delay_hours === 6);
      // One that was made from an older revision is refused, whoever sends it.
      const stale = await a.request.patch(`${service.base}/api/departures/${id}`, { data: { capacity_m3: 1, capacity_kg: 1 }, headers: { Origin: service.base, 'If-Match': '"older"' } });
      assert.equal(stale.status(), 412);
      // A connection that is lost keeps what was typed and is to be applied.
      await edit(a, 'capacity_kg', '40000');
      await a.context().setOffline(true);
      await a.getByTestId('fleet-apply').click();
      await a.getByTestId('banner').getByText('1 command waits').waitFor(); // it goes by itself
      await a.context().setOffline(false);
      await until('40000', async () => (await stands()).capacity_kg === 40000);
      a.faults.length = b.faults.length = 0; // the connection that was cut
      await done(a);
      await done(b);
    },

    async 'a firm keeps its warehouses as a spreadsheet, two people at one, and makes one public step by step'() {
      const [a, b] = [await open('firm', { locale: 'zh-CN', webgl: false }), await open('firm', { locale: 'en-GB', scheme: 'dark', webgl: false })];
      const name = `E2E ${Date.now()} ${hostile}`.slice(0, 60).trim();
      const stores = async (page) => {
        await view(page, 'fleet');
        await page.getByRole('button', { name: /^(仓库|Warehouses)$/ }).click();
        await page.getByTestId('grid').waitFor();
      };
      await stores(a);
      await a.getByTestId('fleet-add').click();
      // A row from a spreadsheet: not public, some days free, dearer with age; where it stands follows from its gateway.
      const line = [name, '否', '6000', '2500', '6', '0.4', '30', '60: 0.8; 120: 1.5', '', 'USLAX 24/12', 'US 48/50', '', '', ''];
      await paste(a, line);
      await a.getByTestId('fleet-apply').getByText('1').waitFor();
      await a.getByTestId('fleet-apply').click();
      const made = await until('the warehouse', async () => (await snapshot(a)).entities.warehouse.find((w) => w.name === name));
      const stands = async () => (await snapshot(a)).entities.warehouse.find((w) => w.id === made.id);
      assert.equal(made.public, false);
      assert.equal(made.free_days, 30);
      assert.deepEqual(made.storage_tiers, [{ from_day: 60, m3_day: 0.8 }, { from_day: 120, m3_day: 1.5 }]);

      // It goes down as a file and comes up again, changed.
      const [download] = await Promise.all([a.waitForEvent('download'), a.getByRole('button', { name: 'XLSX', exact: true }).click()]);
      const table = await (await a.request.post(`${service.base}/api/tables/read`, { data: readFileSync(await download.path()), headers: { Origin: service.base, 'Content-Type': 'application/octet-stream' } })).json();
      const row = table.rows.find((r) => r[0] === made.id);
      assert.ok(row, 'the row is in the file');
      row[table.rows[0].findIndex((h) => h.startsWith('入库费'))] = '7.5';
      await a.getByTestId('fleet-file').setInputFiles({ name: 'stores.csv', mimeType: 'text/csv', buffer: Buffer.from([table.rows[0], row].map((r) => r.map((c) => `"${c.replace(/"/g, '""')}"`).join(',')).join('\r\n')) });
      await a.getByTestId('fleet-apply').click();
      await until('7.5', async () => (await stands()).inbound_m3 === 7.5);

      // Two people at one cell: the second is shown both, and undo takes back what was typed.
      await stores(b);
      const edit = async (page, column, value) => {
        await page.getByRole('searchbox').first().fill(made.id);
        await page.locator(`[data-key="${made.id}"] [data-column=${column}]`).click();
        await page.getByTestId('grid').focus();
        await page.keyboard.type(value);
        await page.keyboard.press('Enter');
        await page.locator(`[data-key="${made.id}"] [data-column=${column}].edited`).waitFor();
      };
      await edit(a, 'storage_m3_day', '0.5');
      await edit(b, 'storage_m3_day', '0.6');
      await a.getByTestId('fleet-apply').click();
      await b.getByTestId('clashes').getByText('0.5').first().waitFor();
      await b.screenshot({ path: `${shots}/firm-en-dark-stores.png` });
      await a.screenshot({ path: `${shots}/firm-zh-light-stores.png` });
      await b.getByRole('button', { name: 'Keep mine, 0.6' }).click();
      await edit(b, 'storage_tiers', '60: 1; 30: 2');
      await b.getByTestId('fleet-bad').waitFor();
      await b.getByTestId('grid').focus();
      await b.keyboard.press('Control+z');
      await b.getByTestId('fleet-apply').click();
      await until('0.6', async () => (await stands()).storage_m3_day === 0.6);

      // From self-run to public, step by step, through a lost connection.
      await go(a, `?tab=warehouses&warehouse=${encodeURIComponent(made.id)}`);
      const steps = a.getByTestId('make-public');
      await steps.getByRole('button', { name: '转为公共仓' }).click();
      assert.equal(await steps.getByTestId('next').isDisabled(), true, 'without papers it does not go on');
      for (const box of await steps.getByRole('checkbox').all()) await box.check();
      await steps.getByTestId('next').click();
      await steps.getByLabel('可共享').fill('-1');
      await steps.getByText('不能为负').waitFor();
      await steps.getByLabel('可共享').fill('3000');
      await steps.getByTestId('next').click();
      await steps.getByLabel('免租天数').fill('20');
      await a.screenshot({ path: `${shots}/firm-zh-light-public.png` });
      await steps.getByTestId('next').click();
      await a.context().setOffline(true);
      await steps.getByTestId('open').click();
      await a.getByTestId('banner').getByText('1 项操作等待发送').waitFor();
      await a.context().setOffline(false);
      await until('public', async () => (await stands()).public);
      const now = await stands();
      assert.equal(now.free_days, 20);
      assert.equal([now.capacity_m3].flat()[0], 3000);
      await a.getByTestId('past').waitFor(); // what it had free, from the log
      await a.getByTestId('booked').waitFor({ state: 'attached' });
      a.faults.length = b.faults.length = 0; // the connection that was cut
      await done(a);
      await done(b);
    },
  };
}
