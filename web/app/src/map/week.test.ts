import { describe, expect, it } from 'vitest';
import type { Departure, Load, Warehouse } from '../live/protocol';
import { sieve } from './filter';
import { weeks } from './week';

const at = Date.parse('2027-01-01T00:00:00Z');
const iso = (days: number) => new Date(at + days * 86_400_000).toISOString();
const departure = (id: string, from: number, to: number, over: Partial<Departure> = {}): Departure => ({
  id, lane: 'L', mode: 'sea', carrier: 'C', from: 'A', to: 'B', cutoff: iso(from), depart: iso(from), arrive: iso(to), planned_cutoff: iso(from), planned_depart: iso(from),
  planned_arrive: iso(to), capacity_m3: 100, capacity_kg: 1e5, rate: { per: 'm3', amount: 1, kg_per_m3: 500 }, delay_hours: 0, cancelled: false, classes: ['general'], ...over,
});
const load = (id: string, m3: number | null, booked: number | null = null): [string, Load] => [id, { id, m3, owners: 3, booked_m3: booked }];
const never = () => -Infinity;

describe('the week of a lane', () => {
  it('sums over what departs in it, and counts all that has not arrived', () => {
    const list = [departure('past', -9, -1), departure('under way', -3, 2), departure('this week', 1, 9), departure('next week', 8, 12)];
    const loads = new Map([load('under way', 100), load('this week', 30, 20), load('next week', 90)]);
    const w = weeks(list, loads, new Map(), never, at, at).get('L');
    expect(w).toMatchObject({ coming: 3, m3: 50, room: 100, load: 0.5, worth: 0 });
  });

  it('leaves a load that may not be seen unknown rather than empty', () => {
    expect(weeks([departure('a', 1, 9)], new Map([load('a', null)]), new Map(), never, at, at).get('L')?.load).toBeNull();
  });

  it('has the dearest price, a kg counting as the tariff weighs a m3', () => {
    const prices = new Map([['a', { m3: 12, kg: 0 }], ['b', { m3: 0, kg: 0.1 }], ['late', { m3: 900, kg: 0 }]]);
    const w = weeks([departure('a', 1, 9), departure('b', 2, 9), departure('late', 7, 12)], new Map(), prices, never, at, at).get('L');
    expect(w).toMatchObject({ worth: 50, priced: 'b' });
  });

  it('shows a cancellation for two minutes, and nothing of it in the sums', () => {
    const gone = departure('gone', 1, 9, { cancelled: true });
    expect(weeks([gone], new Map(), new Map(), () => at - 1000, at, at).get('L')).toMatchObject({ coming: 0, red: true });
    expect(weeks([gone], new Map(), new Map(), () => at - 121_000, at, at).size).toBe(0);
  });
});

describe('a filter', () => {
  const house = (id: string, market: string, gateway: string): Warehouse => ({
    id, operator: `op ${id}`, lat: 0, lon: 0, area_m2: 1, public: true, capacity_m3: 1, classes: ['general', 'cold'], inbound_m3: 0, storage_m3_day: 0, closed: false,
    gateways: [{ place: gateway, hours: 1, rate_m3: 1 }], markets: [{ id: market, hours: 1, rate_m3: 1 }],
  });
  const houses = [house('us', 'US', 'USLAX'), house('de', 'DE', 'DEHAM')];
  const list = [
    departure('direct', 1, 9, { to: 'USLAX' }), departure('elsewhere', 1, 9, { to: 'DEHAM' }),
    departure('first leg', 1, 5, { to: 'KRPUS', voyage: 'V' }), departure('second leg', 6, 9, { from: 'KRPUS', to: 'USLAX', voyage: 'V' }), departure('third leg', 10, 19, { from: 'USLAX', to: 'PABLB', voyage: 'V' }),
    departure('flight', 1, 2, { mode: 'air', carrier: 'Air', classes: ['cold'], to: 'FRA' }),
  ];
  const ids = (f: Parameters<typeof sieve>[0]) => list.filter(sieve(f, list, houses).departure).map((d) => d.id);
  const all = { market: '', mode: '' as const, firm: '', cargo: '' };

  it('lets all through where nothing is chosen', () => {
    expect(ids(all)).toHaveLength(list.length);
    expect(houses.filter(sieve(all, list, houses).warehouse)).toHaveLength(2);
  });

  it('takes for a market what leads to its gateways, with the legs before on the same voyage', () => {
    expect(ids({ ...all, market: 'US' })).toEqual(['direct', 'first leg', 'second leg']);
    expect(houses.filter(sieve({ ...all, market: 'US' }, list, houses).warehouse).map((w) => w.id)).toEqual(['us']);
    expect(ids({ ...all, market: 'XX' })).toEqual([]);
  });

  it('takes mode, firm and class together', () => {
    expect(ids({ ...all, mode: 'air' })).toEqual(['flight']);
    expect(ids({ ...all, firm: 'Air', cargo: 'cold' })).toEqual(['flight']);
    expect(ids({ ...all, firm: 'Air', cargo: 'general' })).toEqual([]);
  });
});
