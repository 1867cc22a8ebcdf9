import { feature } from 'topojson-client';
import type { GeometryCollection } from 'topojson-specification';
import { describe, expect, it } from 'vitest';
import { coastlineFile } from '../../coastline';
import { decode } from './coastfile';
import { coastOf } from './land';

const topology = decode(coastlineFile().buffer);
const { land, shore } = coastOf(feature(topology, topology.objects.land as GeometryCollection));

// The coast has some 10⁵ points: one expectation on the worst of them, not one on each.
describe('coastOf', () => {
  it('has no shore across the map', () => {
    let longest = 0;
    for (const line of shore.geometry.coordinates) {
      for (let i = 1; i < line.length; i++) longest = Math.max(longest, Math.abs(line[i]![0]! - line[i - 1]![0]!));
    }
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(20);
  });

  it('closes every ring and keeps it near the middle world', () => {
    const rings = (land.features[0]!.geometry as GeoJSON.MultiPolygon).coordinates.flat();
    expect(rings.length).toBeGreaterThan(1000);
    expect(rings.filter((r) => r[0]!.join() !== r.at(-1)!.join())).toEqual([]);
    expect(rings.flat().reduce((far, p) => Math.max(far, Math.abs(p[0]!)), 0)).toBeLessThan(215);
  });
});
