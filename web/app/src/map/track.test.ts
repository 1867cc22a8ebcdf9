import { describe, expect, it } from 'vitest';
import type { Departure, Lane } from '../live/protocol';
import { along, locate, trackOf } from './track';

const lane = (coordinates: [number, number][][]): Lane => ({
  id: 'A>B:sea', from: 'A', to: 'B', mode: 'sea', distance_km: 0, passages: [], line: { type: 'MultiLineString', coordinates },
});
// From 170 E to 170 W along the equator, cut at the antimeridian.
const pacific = trackOf(lane([[[170, 0], [180, 0]], [[-180, 0], [-170, 0]]]));

describe('trackOf', () => {
  it('joins what is cut at the antimeridian', () => {
    expect(pacific.points).toEqual([[170, 0], [180, 0], [190, 0]]);
    expect(pacific.km.at(-1)).toBeCloseTo((20 / 360) * 2 * Math.PI * 6371.0088, 6);
  });
});

describe('along', () => {
  it('goes by distance, not by point', () => {
    const t = trackOf(lane([[[0, 0], [1, 0], [10, 0]]]));
    expect(along(t, 0.5)?.lon).toBeCloseTo(5, 9);
    expect(along(t, -1)?.lon).toBe(0);
    expect(along(t, 2)?.lon).toBe(10);
  });

  it('heads as Mercator draws the line', () => {
    expect(along(pacific, 0.75)).toMatchObject({ lon: 185, course: 90 });
    expect(along(trackOf(lane([[[0, 10], [0, -10]]])), 0.5)?.course).toBe(180);
    expect(along(trackOf(lane([[[0, 0]]])), 0.5)).toBeNull();
  });
});

describe('locate', () => {
  const at = (iso: string) => Date.parse(iso);
  const departure = (over: Partial<Departure> = {}): Departure => ({
    id: 'D', lane: 'A>B:sea', mode: 'sea', from: 'A', to: 'B', cutoff: '2027-01-01T00:00:00Z',
    depart: '2027-01-02T06:00:00Z', arrive: '2027-01-04T06:00:00Z',
    planned_cutoff: '2027-01-01T00:00:00Z', planned_depart: '2027-01-02T00:00:00Z', planned_arrive: '2027-01-04T00:00:00Z',
    capacity_m3: 1, capacity_kg: 1, rate: { per: 'm3', amount: 1, kg_per_m3: 1 }, delay_hours: 6, cancelled: false, ...over,
  });

  it('is nowhere before it leaves, after it comes, or when cancelled', () => {
    expect(locate(departure(), pacific, null, at('2027-01-02T05:59:00Z'))).toBeNull();
    expect(locate(departure(), pacific, null, at('2027-01-04T06:00:00Z'))).toBeNull();
    expect(locate(departure({ cancelled: true }), pacific, null, at('2027-01-03T00:00:00Z'))).toBeNull();
  });

  it('goes by the actual times', () => {
    expect(locate(departure(), pacific, null, at('2027-01-03T06:00:00Z'))).toMatchObject({ lon: 180, reported: false });
  });

  it('prefers a fresh report and moves it on along its course', () => {
    const report = { lat: 10, lon: 175, speed_knots: 20, course_deg: 0, at: '2027-01-03T05:54:00Z' };
    const fix = locate(departure(), pacific, report, at('2027-01-03T06:00:00Z'));
    // 20 knots for 6 minutes are 2 nautical miles, two minutes of latitude.
    expect(fix?.reported).toBe(true);
    expect(fix?.lat).toBeCloseTo(10 + 2 / 60, 3);
  });

  it('goes back to the schedule when the report is old, or of an earlier leg', () => {
    const old = { lat: 10, lon: 175, at: '2027-01-02T12:00:00Z' };
    expect(locate(departure(), pacific, old, at('2027-01-03T06:00:00Z'))).toMatchObject({ reported: false });
    const before = { lat: 10, lon: 175, at: '2027-01-02T05:00:00Z' };
    expect(locate(departure(), pacific, before, at('2027-01-02T07:00:00Z'))).toMatchObject({ reported: false });
  });
});
