import { describe, expect, it } from 'vitest';
import type { Departure, Diversion, Lane, Passage } from '../live/protocol';
import { late, phase, runs } from '../ui/standing';
import { announced, shutNow, traffic } from './passages';

const now = Date.parse('2027-01-05T00:00:00Z');
const departure = (id: string, lane: string, over: Partial<Departure> = {}): Departure => ({
  id, lane, mode: 'sea', from: 'A', to: 'B',
  cutoff: '2027-01-06T00:00:00Z', depart: '2027-01-07T00:00:00Z', arrive: '2027-01-30T00:00:00Z',
  planned_cutoff: '2027-01-06T00:00:00Z', planned_depart: '2027-01-07T00:00:00Z', planned_arrive: '2027-01-20T00:00:00Z',
  capacity_m3: 400, capacity_kg: 180_000, rate: { per: 'm3', amount: 60, kg_per_m3: 1000 }, delay_hours: 0, cancelled: false, ...over,
});
const diversion = (over: Partial<Diversion> = {}): Diversion => ({ passages: ['suez'], km: 5000, hours: 200, carried_hours: 0, blocked: false, ...over });
const lane = (id: string, passages: string[]): [string, Lane] => [id, { id, from: 'A', to: 'B', mode: 'sea', distance_km: 1, passages, line: { type: 'MultiLineString', coordinates: [] } }];

describe('traffic', () => {
  it('counts who meets a passage and who is in trouble for it', () => {
    const lanes = new Map([lane('A>B:sea', ['malacca', 'suez']), lane('A>B:sea~suez', ['malacca'])]);
    const met = traffic([
      departure('through', 'A>B:sea'),
      departure('around', 'A>B:sea~suez', { diversion: diversion() }),
      departure('stuck', 'A>B:sea', { diversion: diversion({ blocked: true, km: 0, hours: 0 }) }),
      departure('gone', 'A>B:sea', { arrive: '2027-01-04T00:00:00Z' }),
      departure('cancelled', 'A>B:sea', { cancelled: true }),
    ], lanes, now);
    expect(met.get('suez')).toEqual({ through: 1, affected: 2 });
    expect(met.get('malacca')).toEqual({ through: 2, affected: 0 });
    expect(met.get('panama')).toBeUndefined();
  });
});

describe('a passage', () => {
  const suez = (over: Partial<Passage>): Passage => ({ id: 'suez', name_zh: '', name_en: '', lat: 0, lon: 0, closed: true, ...over });
  it('is shut between its times', () => {
    expect(shutNow(suez({ closed: false }), now)).toBe(false);
    expect(shutNow(suez({}), now)).toBe(true);
    expect(shutNow(suez({ since: '2027-01-04T00:00:00Z', until: '2027-01-06T00:00:00Z' }), now)).toBe(true);
    expect(shutNow(suez({ since: '2027-01-04T00:00:00Z', until: '2027-01-05T00:00:00Z' }), now)).toBe(false);
    expect(shutNow(suez({ since: '2027-01-06T00:00:00Z' }), now)).toBe(false);
    expect(announced(suez({ since: '2027-01-06T00:00:00Z' }), now)).toBe(true);
  });
});

describe('a diverted departure', () => {
  it('is late by all that it loses, and does not run without a way', () => {
    const d = departure('d', 'A>B:sea', { delay_hours: 5, diversion: diversion({ carried_hours: 20 }) });
    expect(late(d)).toBe(225);
    expect(phase(d, now)).toBe('late');
    expect(runs(d)).toBe(true);
    const stuck = departure('s', 'A>B:sea', { diversion: diversion({ blocked: true }) });
    expect(runs(stuck)).toBe(false);
    expect(phase(stuck, now)).toBe('blocked');
  });
});
