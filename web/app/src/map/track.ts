import type { Lane } from '../live/protocol';

const rad = Math.PI / 180;
const earthKm = 6371.0088;

/** Track is a lane as one line without a break at the antimeridian, with the km from its start to each point. */
export interface Track {
  points: [number, number][]; // longitudes may pass ±180
  km: number[];
}

function arcKm(a: readonly [number, number], b: readonly [number, number]): number {
  const dLat = (b[1] - a[1]) * rad;
  const dLon = (b[0] - a[0]) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** trackOf joins the parts of a lane's line, which is cut at the antimeridian, end to end. */
export function trackOf(lane: Lane): Track {
  const points: [number, number][] = [];
  const km: number[] = [];
  for (const part of lane.line.coordinates) {
    for (const [lon, lat] of part) {
      const last = points.at(-1);
      if (!last) {
        points.push([lon, lat]);
        km.push(0);
        continue;
      }
      const near = lon + 360 * Math.round((last[0] - lon) / 360);
      if (near === last[0] && lat === last[1]) continue;
      const point: [number, number] = [near, lat];
      km.push((km.at(-1) ?? 0) + arcKm(last, point));
      points.push(point);
    }
  }
  return { points, km };
}

/** Nearest is the point of a track that is nearest to a place: the share of the way there, and how far the place lies off it. */
export interface Nearest {
  share: number;
  dx: number; // in the square of Mercator, east and south, from the track to the place
  dy: number;
}

/** nearest says where on a track a reported place is. Lengths are those of Mercator's square, which is right enough so near the line. */
export function nearest(track: Track, lon: number, lat: number): Nearest | null {
  const { points, km } = track;
  const end = points.length - 1;
  if (end < 1 || !(km[end]! > 0)) return null;
  const y = mercator(0, lat)[1];
  let best = Infinity;
  let found: Nearest | null = null;
  let [bx, by] = mercator(points[0]![0], points[0]![1]);
  for (let i = 1; i <= end; i++) {
    const [ax, ay] = [bx, by];
    [bx, by] = mercator(points[i]![0], points[i]![1]);
    // The place in the copy of the world that this part of the track is in.
    const x0 = mercator(lon, 0)[0];
    const x = x0 + Math.round((ax + bx) / 2 - x0);
    const [ux, uy] = [bx - ax, by - ay];
    const square = ux * ux + uy * uy;
    const k = square > 0 ? Math.min(Math.max(((x - ax) * ux + (y - ay) * uy) / square, 0), 1) : 0;
    const [dx, dy] = [x - (ax + ux * k), y - (ay + uy * k)];
    const off = dx * dx + dy * dy;
    if (off < best) {
      best = off;
      found = { share: (km[i - 1]! + (km[i]! - km[i - 1]!) * k) / km[end]!, dx, dy };
    }
  }
  return found;
}

/** mercator maps degrees to the unit square that MapLibre draws in: x grows east, y south; longitudes past ±180 leave it. */
export function mercator(lon: number, lat: number): [number, number] {
  const sin = Math.sin(Math.min(Math.max(lat, -85.05), 85.05) * rad);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)];
}

export const lonOf = (x: number) => (x - 0.5) * 360;
export const latOf = (y: number) => (2 * Math.atan(Math.exp(Math.PI * (1 - 2 * y)))) / rad - 90;
