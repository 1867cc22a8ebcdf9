import type { Feature, FeatureCollection, MultiLineString, MultiPolygon, Polygon, Position } from 'geojson';
import { feature } from 'topojson-client';
import type { GeometryCollection } from 'topojson-specification';
import url from 'virtual:coastline';
import { decode } from './coastfile';

export interface Coast {
  land: FeatureCollection;
  shore: Feature<MultiLineString>;
}

/** coast reads Natural Earth's land, 1:50 m, without any border, and its shore as lines. */
export async function coast(): Promise<Coast> {
  const topology = decode(await (await fetch(url)).arrayBuffer());
  return coastOf(feature(topology, topology.objects.land as GeometryCollection));
}

/**
 * coastOf makes land fit for a flat map. Its rings run on across the antimeridian without a cut, so longitudes are
 * made to run on too, a little past ±180; a ring around a pole is closed along the map's edge, which is no shore.
 */
export function coastOf(land: FeatureCollection): Coast {
  const shore: Position[][] = [];
  const polygons: Position[][][] = [];
  for (const f of land.features) {
    const g = f.geometry as Polygon | MultiPolygon;
    for (const rings of g.type === 'Polygon' ? [g.coordinates] : g.coordinates) {
      const outer = centred(unwrap(rings[0]!), 0);
      const holes = rings.slice(1).filter((r) => r.some((p) => Math.abs(p[1]!) < 89.9)); // the pole itself is no hole
      const lines = [outer, ...holes.map((r) => centred(unwrap(r), middle(outer)))];
      shore.push(...lines);
      polygons.push(lines.map(closed));
    }
  }
  return {
    land: { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry: { type: 'MultiPolygon', coordinates: polygons } }] },
    shore: { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: shore } },
  };
}

function unwrap(ring: Position[]): Position[] {
  let before = ring[0]?.[0] ?? 0;
  return ring.map(([lon, lat]) => {
    before = lon! + 360 * Math.round((before - lon!) / 360);
    return [before, lat!];
  });
}

function middle(ring: Position[]): number {
  let [low, high] = [Infinity, -Infinity];
  for (const [lon] of ring) {
    low = Math.min(low, lon!);
    high = Math.max(high, lon!);
  }
  return (low + high) / 2;
}

// centred moves a ring by whole turns until its middle is as near to a longitude as can be.
function centred(ring: Position[], to: number): Position[] {
  const turn = 360 * Math.round((middle(ring) - to) / 360);
  return turn === 0 ? ring : ring.map(([lon, lat]) => [lon! - turn, lat!]);
}

function closed(ring: Position[]): Position[] {
  const [first, last] = [ring[0]!, ring.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return ring;
  const pole = first[1]! < 0 ? -90 : 90;
  return [...ring, [last[0]!, pole], [first[0]!, pole], first];
}
