import { describe, expect, it } from 'vitest';
import type { Lane } from '../live/protocol';
import { latOf, lonOf, mercator, nearest, trackOf } from './track';

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

describe('nearest', () => {
  it('is on the line where the place is on it, whichever copy of the world it is told in', () => {
    for (const lon of [175, 535, -185]) {
      expect(nearest(pacific, lon, 0)).toMatchObject({ share: expect.closeTo(0.25, 9), dx: expect.closeTo(0, 9), dy: expect.closeTo(0, 9) });
    }
    expect(nearest(pacific, -175, 0)?.share).toBeCloseTo(0.75, 9);
  });

  it('says how far off a place beside the line is, and no more than the ends for one beyond them', () => {
    const north = nearest(pacific, 180, 3);
    expect(north?.share).toBeCloseTo(0.5, 9);
    expect(latOf(mercator(0, 0)[1] + north!.dy)).toBeCloseTo(3, 9);
    expect(nearest(pacific, 160, 0)).toMatchObject({ share: 0, dx: expect.closeTo(-10 / 360, 9) });
    expect(nearest(pacific, -160, 0)).toMatchObject({ share: 1, dx: expect.closeTo(10 / 360, 9) });
  });

  it('is nowhere on a line of one point', () => {
    expect(nearest(trackOf(lane([[[3, 4]]])), 3, 4)).toBeNull();
  });
});

describe('mercator', () => {
  it('goes there and back', () => {
    for (const [lon, lat] of [[0, 0], [117.7, 38.98], [-179.9, -60], [185, 70]] as const) {
      const [x, y] = mercator(lon, lat);
      expect(lonOf(x)).toBeCloseTo(lon, 9);
      expect(latOf(y)).toBeCloseTo(lat, 9);
    }
  });
});
