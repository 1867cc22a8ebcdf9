import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** whatifTests are those of the commission's what-if; kit is what run.mjs offers its tests. */
export const whatifTests = ({ open, done, until, service, shots, snapshot }) => ({
  async 'the commission asks what if Suez were shut and reads the difference; the live plan is untouched'() {
    const page = await open('commission', { locale: 'en-GB' });
    await page.getByRole('tab', { name: 'What if' }).click();
    await page.getByTestId('new-whatif').click();
    await page.getByTestId('ask-whatif').click();
    await page.getByText('Add at least one change.').waitFor();
    await page.locator('[data-add="passage_shut"]').click();
    await page.getByLabel('Strait or canal').selectOption({ label: 'Suez Canal' });
    await page.locator('[data-add="service_added"]').click();
    await page.getByLabel('Days between departures').fill('-1');
    await page.getByTestId('ask-whatif').click();
    await page.getByText('Must be at least 0').waitFor();
    assert.match(page.faults.splice(0).join(), /^[^,]*422[^,]*$/); // Chromium logs the answer
    await page.getByLabel('Days between departures').fill('7');
    await page.getByTestId('ask-whatif').click();
    const result = page.getByTestId('wi-result');
    await until('the answer', async () => (await result.getAttribute('data-status')) === 'done');
    const figure = (id) => page.locator(`[data-figure="${id}"] dd`).first().innerText();
    assert.match(await figure('objective'), /^[+−]/);
    assert.match(await page.getByTestId('wi-words').innerText(), /departures? arrives? later \([\d.]+ days on average\)/);
    await until('lanes on its map', async () => Number(await page.getByTestId('difference-map').getAttribute('data-lanes')) > 5);
    assert.ok((await page.getByTestId('wi-markets').getByRole('row').count()) > 5);
    for (const [tab, table] of [['Lanes', 'wi-lanes'], ['Bottlenecks', 'wi-bottlenecks'], ['Who gains, who loses', 'wi-exporters']]) {
      await result.getByRole('tab', { name: tab, exact: true }).click();
      assert.ok((await page.getByTestId(table).getByRole('row').count()) > 2, table);
    }
    await result.getByRole('tab', { name: 'Lanes', exact: true }).click();
    assert.match(await page.getByTestId('wi-lanes').innerText(), /Tianjin Xingang → Santos/);

    // Nothing of it is live.
    const { entities } = await snapshot(page);
    assert.equal(entities.passage.find((p) => p.id === 'suez').closed, false);
    assert.ok(entities.departure.every((d) => !d.id.startsWith('whatif') && !d.diversion));

    // Files.
    for (const [name, magic] of [['XLSX', 'PK'], ['CSV', '\ufeff# About'], ['GeoJSON', '{']]) {
      const [file] = await Promise.all([page.waitForEvent('download'), result.getByRole('link', { name, exact: true }).click()]);
      const text = readFileSync(await file.path(), 'utf8');
      assert.ok(text.startsWith(magic), `${name}: ${text.slice(0, 20)}`);
    }
    const [png] = await Promise.all([page.waitForEvent('download'), page.getByTestId('wi-png').click()]);
    assert.equal(readFileSync(await png.path()).subarray(1, 4).toString(), 'PNG');

    // The report prints alone.
    await page.getByTestId('wi-report').click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Bottlenecks' }).waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByTestId('map').isVisible(), false);
    await page.emulateMedia({ media: 'screen' });
    await page.screenshot({ path: `${shots}/commission-en-light-report.png` });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByTestId('wi-words').nth(1).waitFor({ state: 'detached' });

    // It outlives the service, and a link leads to it.
    const link = page.url();
    assert.match(link, /whatif=whatif-[0-9a-f]{16}/);
    const words = await page.getByTestId('wi-words').innerText();
    await service.restart();
    await page.goto(link);
    await until('the answer again', async () => (await page.getByTestId('wi-words').innerText().catch(() => '')) === words);

    await page.getByTestId('wi-run').click();
    await page.getByTestId('wi-cancel').click({ timeout: 2000 }).catch(() => {}); // unless it was quicker
    await until('its end', async () => !['waiting', 'running'].includes(await result.getAttribute('data-status')));
    await page.getByTestId('wi-delete').click();
    await page.getByTestId('wi-delete-sure').click();
    await page.getByTestId('new-whatif').waitFor();
    assert.equal((await page.request.get(`${service.base}/api/scenarios/${/whatif=([^&]+)/.exec(link)[1]}`)).status(), 404);
    page.faults.length = 0; // refused connections while the service was away
    await done(page);
  },
});
