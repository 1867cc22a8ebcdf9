import { describe, expect, it } from 'vitest';
import type { Departure, Lane, Position } from '../live/protocol';
import { Fleet, iconOf, stride } from './fleet';
import { latOf, lonOf } from './track';

const lane = (coordinates: [number, number][][], id = 'A>B:sea'): Lane => ({
  id, from: 'A', to: 'B', mode: 'sea', distance_km: 0, passages: [], line: { type: 'MultiLineString', coordinates },
});
// From 170 E to 170 W along the equator, cut at the antimeridian.
const pacific = lane([[[170, 0], [180, 0]], [[-180, 0], [-170, 0]]]);
const ms = (iso: string) => Date.parse(iso);
const base = ms('2027-01-01T00:00:00Z');
const departure = (over: Partial<Departure> = {}): Departure => ({
  id: 'D', lane: 'A>B:sea', mode: 'sea', from: 'A', to: 'B', cutoff: '2027-01-01T00:00:00Z',
  depart: '2027-01-02T06:00:00Z', arrive: '2027-01-04T06:00:00Z',
  planned_cutoff: '2027-01-01T00:00:00Z', planned_depart: '2027-01-02T00:00:00Z', planned_arrive: '2027-01-04T00:00:00Z',
  capacity_m3: 1, capacity_kg: 1, rate: { per: 'm3', amount: 1, kg_per_m3: 1 }, delay_hours: 0, cancelled: false, ...over,
});
const place = (f: Fleet, id: string, iso: string) => {
  const slot = f.slotOf(id);
  const at = slot === undefined ? null : f.at(slot, ms(iso));
  return at && { lon: lonOf(at.x), lat: latOf(at.y), angle: at.angle };
};
const fleet = (d = departure(), at: Position | null = null, on = pacific) => {
  const f = new Fleet(base);
  f.put(d, on, at);
  return f;
};

describe('where a mover is', () => {
  it('is nowhere before it leaves and from when it comes', () => {
    const f = fleet();
    expect(place(f, 'D', '2027-01-02T05:59:00Z')).toBeNull();
    expect(place(f, 'D', '2027-01-04T06:00:00Z')).toBeNull();
    expect(place(f, 'D', '2027-01-02T06:00:00Z')?.lon).toBeCloseTo(170, 4);
  });

  it('goes along its lane by the actual times, across the antimeridian', () => {
    const f = fleet();
    expect(place(f, 'D', '2027-01-02T18:00:00Z')).toMatchObject({ lon: expect.closeTo(175, 4), angle: expect.closeTo(90, 4) });
    expect(place(f, 'D', '2027-01-03T18:00:00Z')?.lon).toBeCloseTo(-175, 4);
  });

  it('goes by distance, not by point', () => {
    const f = fleet(departure(), null, lane([[[0, 0], [1, 0], [10, 0]]]));
    expect(place(f, 'D', '2027-01-03T06:00:00Z')?.lon).toBeCloseTo(5, 4);
  });

  it('heads as the flat map draws the line', () => {
    expect(place(fleet(departure(), null, lane([[[0, 10], [0, -10]]])), 'D', '2027-01-03T06:00:00Z')?.angle).toBeCloseTo(180, 4);
    expect(place(fleet(departure(), null, lane([[[10, 0], [0, 0]]])), 'D', '2027-01-03T06:00:00Z')?.angle).toBeCloseTo(270, 4);
  });

  it('is where it was reported, makes for its arrival from there, and came from its departure', () => {
    // A day out it should be half-way; it is reported at a quarter, 2 degrees north of the lane.
    const f = fleet(departure(), { lat: 2, lon: 175, at: '2027-01-03T06:00:00Z' });
    expect(place(f, 'D', '2027-01-03T06:00:00Z')).toMatchObject({ lon: expect.closeTo(175, 4), lat: expect.closeTo(2, 4) });
    const later = place(f, 'D', '2027-01-03T18:00:00Z')!;
    expect(later.lon).toBeCloseTo(-177.5, 4); // half of the 15 degrees left
    expect(later.lat).toBeCloseTo(1, 2);
    expect(place(f, 'D', '2027-01-02T18:00:00Z')?.lon).toBeCloseTo(172.5, 4);
    expect(place(f, 'D', '2027-01-04T05:59:59Z')).toMatchObject({ lon: expect.closeTo(-170, 2), lat: expect.closeTo(0, 2) });
  });

  it('leaves alone a report of another leg', () => {
    for (const at of ['2027-01-02T05:00:00Z', '2027-01-04T07:00:00Z']) {
      expect(place(fleet(departure(), { lat: 10, lon: 175, at }), 'D', '2027-01-03T06:00:00Z')).toMatchObject({ lat: expect.closeTo(0, 4) });
    }
  });
});

describe('rows', () => {
  it('tell whether anything is another now, and name what the card lacks', () => {
    const f = fleet();
    expect(f.staleRows).toEqual([0, stride]);
    f.staleRows[0] = f.staleRows[1] = 0;
    expect(f.put(departure(), pacific, null)).toBe(false);
    expect(f.staleRows).toEqual([0, 0]);
    expect(f.put(departure({ delay_hours: 6 }), pacific, null)).toBe(true);
    expect(f.iconAt(f.slotOf('D')!)).toBe(iconOf.lateShip);
    expect(f.staleRows).toEqual([0, stride]);
  });

  it('are left by what runs no more, and taken by the next', () => {
    const f = fleet();
    expect(f.put(departure({ cancelled: true }), pacific, null)).toBe(true);
    expect(f.slotOf('D')).toBeUndefined();
    expect(f.underWay(ms('2027-01-03T00:00:00Z'))).toEqual({ ships: 0, planes: 0 });
    f.put(departure({ id: 'E', mode: 'air' }), pacific, null);
    expect(f.size).toBe(1);
    expect(f.underWay(ms('2027-01-03T00:00:00Z'))).toEqual({ ships: 0, planes: 1 });
    for (const d of [departure({ id: 'T', mode: 'rail' }), departure({ id: 'N', arrive: '2027-01-02T06:00:00Z' })]) expect(f.put(d, pacific, null)).toBe(false);
    expect(f.put(departure({ id: 'L' }), undefined, null)).toBe(false); // its lane has no line yet
  });

  it('grow with the fleet, and every mover stays where it was', () => {
    const f = new Fleet(base);
    for (let i = 0; i < 3000; i++) f.put(departure({ id: `D${i}`, lane: `L${i}` }), lane([[[i / 100, 0], [i / 100 + 1, 0]]], `L${i}`), null);
    expect(f.size).toBe(3000);
    for (const i of [0, 255, 256, 2999]) expect(place(f, `D${i}`, '2027-01-03T06:00:00Z')?.lon).toBeCloseTo(i / 100 + 0.5, 3);
    expect(f.rows.length % stride).toBe(0);
  });

  it('show the chosen one larger until another is', () => {
    const f = fleet();
    f.put(departure({ id: 'E' }), pacific, null);
    const scale = (id: string) => f.rows[f.slotOf(id)! * stride + 9];
    expect(f.choose('D')).toBe(true);
    expect(f.choose('D')).toBe(false);
    f.put(departure({ delay_hours: 1 }), pacific, null);
    expect(scale('D')).toBeGreaterThan(1);
    f.choose('E');
    expect([scale('D'), scale('E')! > 1]).toEqual([1, true]);
    f.choose(null);
    expect(scale('E')).toBe(1);
  });

  it('says when lanes drawn anew waste more than is used', () => {
    const f = new Fleet(base);
    const long = (): Lane => lane([Array.from({ length: 2000 }, (_, i): [number, number] => [i / 20, 0])]);
    for (let i = 0; i < 30; i++) f.put(departure(), long(), null);
    expect(f.wasteful).toBe(false);
    for (let i = 0; i < 60; i++) f.put(departure(), long(), null);
    expect(f.wasteful).toBe(true);
    f.clear(base);
    expect(f.wasteful).toBe(false);
  });
});
