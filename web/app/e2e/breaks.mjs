// A connection that breaks at each step of what exporters, firms and the commission do: nothing typed is lost, the page says what
// became of a command, and when the connection is back each happened once.
//   HAIHE_BIN    the haihe binary, built with the app inside (required)
//   and what browser.mjs takes
import assert from 'node:assert/strict';
import { done, go, launch, opener, paste, run, shots, snapshotOf, until, view } from './browser.mjs';
import { startService } from './service.mjs';

const service = await startService();
const browser = await launch({ map: false });
const open = opener(service, browser, { webgl: false });

const snapshot = snapshotOf(service);
const live = (page) => page.locator('[data-testid=connection]').filter({ hasText: /^(实时|Live)/ }).waitFor();

/** away does something while the browser is offline: the command waits, the page says so, and it goes by itself later. */
async function away(page, act) {
  await page.context().setOffline(true);
  await act();
  await page.getByTestId('banner').getByText(/1 (项操作等待发送|command waits)/).waitFor();
  await page.context().setOffline(false);
}

/** lost lets a command through to the service and loses its answer, once; it answers with the keys that it was sent with. */
async function lost(page, method, path, act) {
  const keys = [];
  let first = true;
  const match = (url) => path.test(url.pathname);
  await page.route(match, async (route) => {
    const request = route.request();
    if (request.method() !== method) return route.continue();
    keys.push(request.headers()['idempotency-key'] ?? '');
    if (!first) return route.continue();
    first = false;
    const answer = await route.fetch();
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    await route.abort('connectionreset');
  });
  await act();
  await until(`${method} ${path} sent again`, async () => keys.length > 1);
  await page.unroute(match);
  assert.equal(new Set(keys).size, 1, `one key for one command: ${keys}`);
}

/** killed ends the service under what is done, and starts it again. */
async function killed(page, act) {
  await service.pause();
  await act();
  await page.getByTestId('banner').getByText(/1 (项操作等待发送|command waits)/).waitFor();
  await service.resume();
}

const tests = {
  async 'an exporter books through a connection that breaks at each step'() {
    const page = await open('exporter', { locale: 'zh-CN' });
    await view(page, 'ask');
    const goods = `断线 e2e ${Date.now()}`;
    await page.getByLabel('品名').fill(goods);
    await page.getByLabel('方量（m³）').fill('2');
    await page.getByTestId('digest').getByText('最省').waitFor();

    // Typing: what is typed while it is gone stays, also through another view and a page that is loaded again; quotes come by themselves.
    await page.context().setOffline(true);
    await page.getByLabel('方量（m³）').fill('3');
    await page.getByTestId('banner').getByText('连接中断').waitFor();
    await page.screenshot({ path: `${shots}/exporter-zh-light-break.png` });
    await page.context().setOffline(false);
    await live(page);
    await page.getByTestId('digest').getByText('最省').waitFor();
    await view(page, 'requests');
    await view(page, 'ask');
    assert.equal(await page.getByLabel('方量（m³）').inputValue(), '3');
    await page.reload();
    await page.getByLabel('品名').waitFor();
    assert.equal(await page.getByLabel('品名').inputValue(), goods);

    const mine = async (g = goods) => (await snapshot(page)).entities.request.filter((r) => r.goods === g);
    await page.getByTestId('digest').getByText('最省').waitFor();
    await lost(page, 'POST', /\/api\/requests$/, () => page.getByTestId('submit').click());
    await page.getByTestId('request-detail').getByText(goods).waitFor();
    assert.equal((await mine()).length, 1, 'sent twice, there once');
    const [{ id }] = await mine();

    // Its quotes: only asked, so it says that it could not, and is asked again by hand.
    await page.getByTestId('hold').waitFor();
    await page.context().setOffline(true);
    await page.getByTestId('compare').click();
    await page.getByTestId('request-detail').getByRole('alert').waitFor();
    await page.context().setOffline(false);
    await page.getByTestId('compare').click();
    await page.getByTestId('quotes').locator('summary').first().click();
    const bookings = async () => (await snapshot(page)).entities.booking.filter((b) => b.request === id);
    await lost(page, 'POST', /\/api\/bookings$/, () => page.getByTestId('take-hold').first().click());
    await page.locator('[data-testid=booking][data-status=HELD]').waitFor();
    assert.equal((await bookings()).length, 1, 'held once');
    await away(page, () => page.getByTestId('confirm-booking').click());
    await page.locator('[data-testid=booking][data-status=CONFIRMED]').waitFor();
    await page.getByTestId('cancel-booking').click();
    await killed(page, () => page.getByRole('button', { name: '确定取消' }).click());
    await page.getByTestId('booking').waitFor({ state: 'detached' });
    assert.deepEqual((await bookings()).map((b) => b.status), ['CANCELLED']);

    // Amended in its place, and given a rule that is paused and ended.
    await live(page);
    await view(page, 'ask');
    const weekly = `每周断线 e2e ${Date.now()}`;
    await page.getByLabel('品名').fill(weekly);
    await page.getByLabel('方量（m³）').fill('1');
    await page.getByLabel('重复').selectOption('week');
    await page.getByTestId('digest').getByText('最省').waitFor();
    await away(page, () => page.getByTestId('submit').click());
    await page.getByTestId('request-detail').getByText(weekly).waitFor();
    await until('the next by the rule', async () => (await mine(weekly)).length === 2);
    await view(page, 'requests');
    const rule = page.getByTestId('rules');
    await rule.locator('summary').click();
    const row = rule.locator('[data-rule]').filter({ hasText: weekly });
    await row.getByText('已提交 2 批').waitFor();
    await lost(page, 'PUT', /\/repeat$/, () => row.getByRole('button', { name: '暂停' }).click());
    await row.getByText('已暂停').waitFor();
    await page.screenshot({ path: `${shots}/exporter-zh-light-rules.png` });
    await away(page, () => row.getByRole('button', { name: '继续' }).click());
    await row.getByText('已暂停').waitFor({ state: 'detached' });
    await row.getByRole('button', { name: '终止' }).click();
    await lost(page, 'DELETE', /\/repeat$/, () => row.getByRole('button', { name: '确定终止' }).click());
    await until('no rule', async () => (await (await page.request.get(`${service.base}/api/repeats`)).json()).length === 0);
    assert.equal((await mine(weekly)).length, 2, 'what it made stays');
    page.faults.length = 0; // the connections that were cut
    await done(page);
  },

  async 'what was given up while the connection was gone is said to be unknown, and done again it happens once'() {
    const page = await open('exporter', { locale: 'en-GB' });
    await view(page, 'ask');
    const goods = `given up e2e ${Date.now()}`;
    await page.getByLabel('Description').fill(goods);
    await page.getByLabel('Volume (m³)').fill('1');
    await page.getByTestId('digest').getByText('Cheapest').waitFor();
    // The answer is lost, and so is every later try, until the person gives up.
    let through = 0;
    await page.route(/\/api\/requests$/, async (route) => {
      if (through++ === 0) await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByTestId('submit').click();
    await page.getByTestId('banner').getByRole('button', { name: 'Do not send' }).click();
    await page.getByRole('alert').getByText('whether it was done is not known').waitFor();
    assert.equal(await page.getByLabel('Description').inputValue(), goods);
    await page.unroute(/\/api\/requests$/);
    await page.getByTestId('submit').click();
    await page.getByTestId('request-detail').getByText(goods).waitFor();
    assert.equal((await snapshot(page)).entities.request.filter((r) => r.goods === goods).length, 1);
    page.faults.length = 0; // the connections that were cut
    await done(page);
  },

  async 'a firm publishes and edits through a connection that breaks at each step'() {
    const page = await open('firm', { locale: 'en-GB' });
    await view(page, 'publish');
    const vessel = `E2E Break ${Date.now()}`;
    await page.getByLabel('Vessel / aircraft').fill(vessel);
    await lost(page, 'POST', /\/api\/departures$/, () => page.getByTestId('publish').click());
    await page.getByRole('button', { name: 'Show on map' }).waitFor();
    const ships = async () => (await snapshot(page)).entities.departure.filter((d) => d.vessel === vessel);
    assert.equal((await ships()).length, 1, 'published once');
    const [{ id }] = await ships();

    await view(page, 'fleet');
    const edit = async (row, column, value) => {
      await page.getByRole('searchbox').first().fill(row);
      await page.locator(`[data-key="${row}"] [data-column=${column}]`).click();
      await page.getByTestId('grid').focus();
      await page.keyboard.type(value);
      await page.keyboard.press('Enter');
      await page.locator(`[data-key="${row}"] [data-column=${column}].edited`).waitFor();
    };
    // Edited while it is gone, left for another view, and applied: it waits and goes by itself, each way of breaking.
    await page.context().setOffline(true);
    await edit(id, 'capacity_m3', '123');
    await page.context().setOffline(false);
    await view(page, 'departures');
    await view(page, 'fleet');
    await page.locator(`[data-key="${id}"] [data-column=capacity_m3].edited`).waitFor();
    const apply = () => page.getByTestId('fleet-apply').click();
    const settled = (row, column) => page.locator(`[data-key="${row}"] [data-column=${column}].edited`).waitFor({ state: 'detached' });
    await away(page, apply);
    await settled(id, 'capacity_m3');
    assert.equal((await ships())[0].capacity_m3, 123);
    await edit(id, 'amount', '77');
    await lost(page, 'PATCH', /\/api\/departures\//, apply); // done, though its answer was lost: no clash with oneself
    await settled(id, 'amount');
    assert.equal((await ships())[0].rate.amount, 77);
    assert.equal(await page.getByTestId('clashes').count(), 0);

    // A file while it is gone is read once it is back; a row pasted from a spreadsheet is made once.
    await page.getByRole('button', { name: 'Warehouses', exact: true }).click();
    await page.getByTestId('grid').waitFor();
    await page.getByTestId('fleet-add').click();
    const name = `E2E Break House ${Date.now()}`;
    await paste(page, [name, 'no', '6000', '2500', '6', '0.4', '30', '60: 0.8', '', 'USLAX 24/12', 'US 48/50', '', '', '']);
    await page.getByTestId('fleet-apply').getByText('1').waitFor();
    await lost(page, 'POST', /\/api\/warehouses$/, apply);
    const houses = async () => (await snapshot(page)).entities.warehouse.filter((w) => w.name === name);
    const house = await until('the warehouse', async () => (await houses())[0]);
    await page.locator(`[data-key="${house.id}"]`).waitFor();
    await away(page, () => page.getByTestId('fleet-file').setInputFiles({ name: 'rates.csv', mimeType: 'text/csv', buffer: Buffer.from(`id,Name,Taking in\n${house.id},${name},9\n`) }));
    await page.getByText(/1 changed, 0 new/).waitFor();
    await killed(page, apply);
    await until('the rate from the file', async () => (await houses())[0]?.inbound_m3 === 9);
    await live(page);
    await edit(house.id, 'storage_tiers', '30: 0.7; 90: 1.1');
    await lost(page, 'PATCH', /\/api\/warehouses\//, apply);
    await settled(house.id, 'storage_tiers');
    assert.deepEqual((await houses())[0].storage_tiers, [{ from_day: 30, m3_day: 0.7 }, { from_day: 90, m3_day: 1.1 }]);
    assert.equal((await houses()).length, 1, 'made once');

    // Making it public, the answer lost.
    await go(page, `?tab=warehouses&warehouse=${encodeURIComponent(house.id)}`);
    const steps = page.getByTestId('make-public');
    await steps.getByRole('button').first().click();
    for (const box of await steps.getByRole('checkbox').all()) await box.check();
    for (let i = 0; i < 3; i++) await steps.getByTestId('next').click();
    await away(page, () => steps.getByTestId('open').click());
    await steps.waitFor({ state: 'detached' });
    assert.equal((await houses())[0].public, true);
    page.faults.length = 0; // the connections that were cut
    await done(page);
  },

  async 'the commission’s what-if is asked once, though its answer is lost'() {
    const page = await open('commission', { locale: 'en-GB' });
    const all = async () => (await page.request.get(`${service.base}/api/scenarios`)).json();
    const before = (await all()).length;
    await view(page, 'whatif');
    await page.getByTestId('new-whatif').click();
    await page.locator('[data-add="passage_shut"]').click();
    await page.context().setOffline(true);
    await page.getByLabel('Strait or canal').selectOption({ label: 'Suez Canal' });
    await page.context().setOffline(false);
    await lost(page, 'POST', /\/api\/scenarios$/, () => page.getByTestId('ask-whatif').click());
    const result = page.getByTestId('wi-result');
    await until('the answer', async () => (await result.getAttribute('data-status').catch(() => '')) === 'done');
    assert.equal((await all()).length, before + 1);
    await away(page, () => page.getByTestId('wi-run').click());
    await until('its end', async () => !['waiting', 'running'].includes(await result.getAttribute('data-status')));
    assert.equal((await all()).length, before + 1);
    page.faults.length = 0; // the connections that were cut
    await done(page);
  },
};

await run(tests, browser, service);
