import { describe, expect, it } from 'vitest';
import type { Changes, Departure, Match, Plan, Snapshot } from './protocol';
import { Store, type Part } from './store';

const departure = (over: Partial<Departure> = {}): Departure => ({
  id: 'S1W1/1', lane: 'CNTXG>USLAX:sea', mode: 'sea', from: 'CNTXG', to: 'USLAX',
  cutoff: '2027-01-01T00:00:00Z', depart: '2027-01-02T00:00:00Z', arrive: '2027-01-17T00:00:00Z',
  planned_cutoff: '2027-01-01T00:00:00Z', planned_depart: '2027-01-02T00:00:00Z', planned_arrive: '2027-01-17T00:00:00Z',
  capacity_m3: 400, capacity_kg: 180_000, rate: { per: 'm3', amount: 60, kg_per_m3: 1000 }, delay_hours: 0, cancelled: false, ...over,
});
const match = (warehouse: string): Match => ({
  request: 'R1', unmatched: 0,
  parts: [{ request: 'R1', fraction: 1, departures: ['S1W1/1'], gateway: 'USLAX', warehouse, arrive: '2027-01-19T00:00:00Z', cost: 900 }],
});
const plan = (version: number): Plan => ({
  epoch: 1, version, solved_at: '', status: 'optimal', objective: 1, bound: 1, gap: 0, seconds: 0, currency: 'USD', start: '2027-01-01T00:00:00Z',
  days: 60, requests: 1, matched: 1, asked_m3: 1, matched_m3: 1,
});
const snapshot = (seq = 7, epoch = 'e1'): Snapshot => ({
  type: 'snapshot', epoch, seq, entities: { departure: [departure()], match: [match('W1')], plan: plan(1) },
});
const frame = (prev: number, seq: number, changes: Changes['changes'], epoch = 'e1'): Changes => ({ type: 'changes', epoch, prev, seq, changes });

function fresh(now = 1000) {
  const clock = { now };
  const store = new Store(() => clock.now);
  store.snapshot(snapshot());
  return { store, clock };
}

describe('Store', () => {
  it('takes a snapshot whole, and what was there before goes', () => {
    const { store } = fresh();
    store.snapshot({ type: 'snapshot', epoch: 'e2', seq: 3, entities: { departure: [departure({ id: 'X' })], match: null } });
    expect([...store.tables.departure.keys()]).toEqual(['X']);
    expect(store.tables.match.size).toBe(0);
    expect(store.plan).toBeNull();
    expect([store.epoch, store.seq]).toEqual(['e2', 3]);
    expect(store.news).toEqual([]);
  });

  it('sets, replaces and removes by kind and id, and tells which parts', () => {
    const { store } = fresh();
    const told: Part[] = [];
    store.subscribe((parts) => told.push(...parts));
    expect(store.changes(frame(7, 9, [
      { kind: 'departure', id: 'S1W1/1', value: departure({ delay_hours: 18 }) },
      { kind: 'departure', id: 'S2', value: departure({ id: 'S2' }) },
      { kind: 'match', id: 'R1', value: null },
    ]))).toBe(true);
    expect(store.tables.departure.get('S1W1/1')?.delay_hours).toBe(18);
    expect(store.tables.departure.size).toBe(2);
    expect(store.tables.match.has('R1')).toBe(false);
    expect(store.seq).toBe(9);
    expect(new Set(told)).toEqual(new Set(['departure', 'match', 'changed', 'news']));
    expect(store.changedAt.get('departure:S1W1/1')).toBe(1000);
  });

  it('refuses a frame after a gap, of another epoch, or twice, and stays as it was', () => {
    const { store } = fresh();
    const change = [{ kind: 'departure' as const, id: 'S1W1/1', value: null }];
    expect(store.changes(frame(8, 9, change))).toBe(false);
    expect(store.changes(frame(7, 9, change, 'e2'))).toBe(false);
    expect(store.changes(frame(7, 8, []))).toBe(true);
    expect(store.changes(frame(7, 8, change))).toBe(false);
    expect(store.tables.departure.size).toBe(1);
    expect(store.seq).toBe(8);
  });

  it('leaves kinds alone that it does not know', () => {
    const { store } = fresh();
    expect(store.changes(frame(7, 8, [{ kind: 'hold' as never, id: 'H', value: {} }]))).toBe(true);
    expect(store.seq).toBe(8);
  });

  it('keeps the newest position, whatever the order, from either way', () => {
    const { store } = fresh();
    const at = (minute: string, lon: number) => ({ type: 'positions' as const, at: '', positions: [{ id: 'S1W1/1', lat: 1, lon, at: `2027-01-03T00:${minute}:00Z` }] });
    store.reported(at('05', 120));
    store.reported(at('03', 119));
    expect(store.position('S1W1/1')?.lon).toBe(120);
    store.changes(frame(7, 8, [{ kind: 'departure', id: 'S1W1/1', value: departure({ position: { lat: 1, lon: 121, at: '2027-01-03T00:09:00Z' } }) }]));
    expect(store.position('S1W1/1')?.lon).toBe(121);
    expect(store.position('nothing')).toBeNull();
  });
});

describe('news', () => {
  it('says what happened and how many matches the plan after it moved', () => {
    const { store, clock } = fresh();
    store.changes(frame(7, 8, [{ kind: 'departure', id: 'S1W1/1', value: departure({ delay_hours: 18, delay_reason: 'storm' }) }]));
    expect(store.news[0]).toMatchObject({ what: 'delayed', hours: 18, before: 0, reason: 'storm' });
    expect(store.news[0]?.replanned).toBeUndefined();
    clock.now += 800;
    store.changes(frame(8, 9, [{ kind: 'match', id: 'R1', value: match('W2') }, { kind: 'plan', id: 'current', value: plan(2) }]));
    expect(store.news).toHaveLength(1);
    expect(store.news[0]).toMatchObject({ what: 'delayed', replanned: 1, version: 2 });
  });

  it('counts a match that goes the same way at another cost as unmoved', () => {
    const { store } = fresh();
    const same = match('W1');
    same.parts![0]!.cost = 950;
    store.changes(frame(7, 8, [
      { kind: 'departure', id: 'S1W1/1', value: departure({ cancelled: true }) },
      { kind: 'match', id: 'R1', value: same },
      { kind: 'plan', id: 'current', value: plan(2) },
    ]));
    expect(store.news[0]).toMatchObject({ what: 'cancelled', replanned: 0 });
  });

  it('tells of a voyage once, from its first leg to its last', () => {
    const { store } = fresh();
    const leg = (n: number, hours: number) => departure({ id: `S1W1/${n}`, voyage: 'S1W1', carrier: 'c', delay_hours: hours, depart: `2027-01-0${n}T00:00:00Z` });
    const all = (hours: number) => [3, 1, 2].map((n) => ({ kind: 'departure' as const, id: `S1W1/${n}`, value: leg(n, hours) }));
    store.changes(frame(7, 8, all(0)));
    store.changes(frame(8, 9, all(5)));
    expect(store.news).toHaveLength(2); // two legs published, three late
    expect(store.news[0]).toMatchObject({ what: 'delayed', departure: 'S1W1/1', last: 'S1W1/3', hours: 5 });
  });

  it('reads the room of today from a list that counts from a date', () => {
    const { store } = fresh(Date.parse('2027-01-03T12:00:00Z'));
    const w = { id: 'W', lat: 0, lon: 0, area_m2: 1, public: true, inbound_m3: 0, storage_m3_day: 0, closed: false, capacity_from: '2027-01-01' };
    store.changes(frame(7, 8, [{ kind: 'warehouse', id: 'W', value: { ...w, capacity_m3: [10, 20, 30, 40] } }]));
    store.changes(frame(8, 9, [{ kind: 'warehouse', id: 'W', value: { ...w, capacity_m3: [10, 20, 25, 40] } }]));
    expect(store.news[0]).toMatchObject({ what: 'occupancy', m3: 25, before: 30 });
  });

  it('keeps the newest first and no more than 200', () => {
    const { store } = fresh();
    for (let i = 0; i < 250; i++) {
      store.changes(frame(7 + i, 8 + i, [{ kind: 'departure', id: 'S1W1/1', value: departure({ delay_hours: i + 1 }) }]));
    }
    expect(store.news).toHaveLength(200);
    expect(store.news[0]).toMatchObject({ hours: 250 });
  });
});
