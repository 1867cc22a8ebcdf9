import { describe, expect, it } from 'vitest';
import type { Warehouse } from '../live/protocol';
import { Choices } from './cells';
import { cellsOf, complete, read, storeColumns, storeColumnsOf } from './stores';

const words = {
  classes: new Choices([{ id: 'general', name: '普通货' }, { id: 'cold', name: '冷链' }]),
  places: new Choices([{ id: 'USLAX', name: '洛杉矶' }, { id: 'DEHAM', name: '汉堡' }]),
  yes: '是',
};
const markets = new Choices([{ id: 'US', name: '美国' }]);
const w = {
  id: 'w', name: '<b>一号仓</b>', country: 'US', lat: 34, lon: -118, area_m2: 5000, public: true, capacity_m3: 900, classes: ['general', 'cold'], inbound_m3: 4, storage_m3_day: 0.5,
  free_days: 30, storage_tiers: [{ from_day: 60, m3_day: 1 }, { from_day: 90, m3_day: 1.5 }], gateways: [{ place: 'USLAX', hours: 12, rate_m3: 6 }], markets: [{ id: 'US', hours: 40, rate_m3: 20.5 }], closed: false,
} satisfies Warehouse;

describe('warehouses in cells', () => {
  it('are read as they are written', () => {
    const row = cellsOf(w, 900, words);
    expect(read(row, new Set(storeColumns), words, markets).patch).toEqual({
      name: w.name, public: true, closed: false, area_m2: 5000, free_m3: 900, inbound_m3: 4, storage_m3_day: 0.5, free_days: 30, storage_tiers: w.storage_tiers,
      classes: w.classes, gateways: w.gateways, markets: w.markets, lat: 34, lon: -118,
    });
    expect(read(row, new Set(['free_days']), words, markets).patch).toEqual({ free_days: 30 });
    expect(storeColumnsOf(['名称', 'area_m2', 'note', '名称'], (c) => (c === 'name' ? ['名称'] : []))).toEqual(['name', 'area_m2', null, null]);
  });

  it('say what is wrong with them', () => {
    const { faults } = read({ name: ' ', public: '也许', area_m2: '-1', free_m3: 'x', inbound_m3: '1', storage_m3_day: '', free_days: '1.5', storage_tiers: '60: 1; 30: 2', classes: '怪', gateways: 'USLAX', markets: '火星 1/2', lat: '91' }, null, words, markets);
    expect(faults).toEqual({ name: 'required', public: 'yesno', area_m2: 'nonneg', free_m3: 'number', storage_m3_day: 'required', free_days: 'wholenumber', storage_tiers: 'tiers', classes: 'unknown', gateways: 'reach', markets: 'unknown', lat: 'large' });
    expect(read({ gateways: '' }, new Set(['gateways']), words, markets).faults).toEqual({ gateways: 'required' });
  });

  it('stand where their gateway is, if nobody says', () => {
    const { patch } = read({ name: 'n', area_m2: '1', free_m3: '2', inbound_m3: '3', storage_m3_day: '4', gateways: '洛杉矶 １２ / 6', markets: '美国 4/5' }, null, words, markets);
    expect(complete(patch!, { id: 'USLAX', country: 'US', lat: 33.7, lon: -118.3 })).toEqual({
      name: 'n', public: true, area_m2: 1, capacity_m3: 2, inbound_m3: 3, storage_m3_day: 4, free_days: 0, storage_tiers: [], classes: ['general'], country: 'US', lat: 33.7, lon: -118.3,
      gateways: [{ place: 'USLAX', hours: 12, rate_m3: 6 }], markets: [{ id: 'US', hours: 4, rate_m3: 5 }],
    });
  });
});
