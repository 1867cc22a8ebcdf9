import { describe, expect, it } from 'vitest';
import type { Departure } from '../live/protocol';
import { Choices } from './cells';
import { cellsOf, fleetColumns, fleetColumnsOf, readChange, readNew, type FleetWords } from './fleet';

const w: FleetWords = {
  modes: new Choices([{ id: 'sea', name: '海运' }, { id: 'air', name: '空运' }]),
  pers: new Choices([{ id: 'm3', name: '计费吨' }, { id: 'kg', name: '千克' }]),
  classes: new Choices([{ id: 'general', name: '普通货' }, { id: 'battery', name: '含锂电池' }]),
  places: new Choices([{ id: 'CNTXG', name: '天津新港' }, { id: 'USLAX', name: '洛杉矶' }]),
  yes: '是',
};
const departure = {
  id: 'x', lane: '', mode: 'sea', vessel: 'Bohai', voyage: 'V1', from: 'CNTXG', to: 'USLAX', cutoff: '', depart: '', arrive: '',
  planned_cutoff: '2027-03-01T00:00:00Z', planned_depart: '2027-03-02T00:00:00Z', planned_arrive: '2027-03-20T00:00:00Z',
  capacity_m3: 400, capacity_kg: 180000, rate: { per: 'm3', amount: 60, kg_per_m3: 1000 }, classes: ['general', 'battery'], delay_hours: 0, cancelled: false,
} satisfies Departure;

describe('a timetable', () => {
  it('reads what it writes', () => {
    const { body } = readNew(cellsOf(departure, w), w);
    expect(body).toEqual({ mode: 'sea', vessel: 'Bohai', voyage: 'V1', from: 'CNTXG', to: 'USLAX', cutoff: '2027-03-01T00:00:00.000Z', depart: '2027-03-02T00:00:00.000Z', arrive: '2027-03-20T00:00:00.000Z', capacity_m3: 400, capacity_kg: 180000, rate: { per: 'm3', amount: 60, kg_per_m3: 1000 }, classes: ['general', 'battery'] });
    expect(fleetColumnsOf([...fleetColumns], () => [])).toEqual([...fleetColumns]);
  });

  it('fills in what is usual and says what is wrong', () => {
    const air = readNew({ mode: '空运', from: '天津新港', to: 'uslax', depart: '2027-03-02 08:00', arrive: '2027-03-03', capacity_m3: '10', capacity_kg: '20', amount: '3' }, w).body!;
    expect(air.rate).toEqual({ per: 'kg', amount: 3, kg_per_m3: 166.67 });
    expect(Date.parse(air.depart) - Date.parse(air.cutoff)).toBe(6 * 3_600_000);
    expect(readNew({ mode: '筏', from: 'CNTXG', to: 'CNTXG', depart: '2027-03-02', cutoff: '2027-03-04', arrive: '2027-03-01', capacity_m3: '-1', capacity_kg: '', amount: 'x', kg_per_m3: '0', classes: '普通货,怪' }, w).faults)
      .toEqual({ mode: 'unknown', to: 'differ', cutoff: 'times', arrive: 'times', capacity_m3: 'nonneg', capacity_kg: 'required', amount: 'number', kg_per_m3: 'positive', classes: 'unknown' });
  });

  it('changes no more than was edited', () => {
    const row = { ...cellsOf(departure, w), capacity_m3: '500', delay_hours: '' };
    expect(readChange(row, new Set(['capacity_m3']), 'sea', w).patch).toEqual({ capacity_m3: 500, capacity_kg: 180000 });
    expect(readChange(row, new Set(['delay_hours']), 'sea', w).patch).toEqual({ delay_hours: 0 });
    expect(readChange({ ...row, cancelled: '也许', amount: '-1' }, new Set(['cancelled', 'amount']), 'sea', w).faults).toEqual({ cancelled: 'yesno', amount: 'nonneg' });
  });
});
