import type { Departure, Lane, Position } from '../live/protocol';

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

/** Fix is a place on the map with a heading in degrees clockwise from north. */
export interface Fix {
  lon: number;
  lat: number;
  course: number;
}

/** along is the point a fraction of the way along a track. The heading is that of the line as Mercator draws it. */
export function along(track: Track, fraction: number): Fix | null {
  const { points, km } = track;
  const end = points.length - 1;
  if (end < 1) return null;
  const at = Math.min(Math.max(fraction, 0), 1) * km[end]!;
  let lo = 0;
  let hi = end;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (km[mid]! <= at) lo = mid;
    else hi = mid;
  }
  const [a, b] = [points[lo]!, points[hi]!];
  const span = km[hi]! - km[lo]!;
  const t = span > 0 ? (at - km[lo]!) / span : 0;
  return { lon: a[0] + (b[0] - a[0]) * t, lat: a[1] + (b[1] - a[1]) * t, course: heading(a, b) };
}

const mercatorY = (lat: number) => Math.log(Math.tan(Math.PI / 4 + (lat * rad) / 2)) / rad;

function heading(a: readonly [number, number], b: readonly [number, number]): number {
  return (Math.atan2(b[0] - a[0], mercatorY(b[1]) - mercatorY(a[1])) / rad + 360) % 360;
}

// A report older than this says less than the schedule does.
const freshMs = { sea: 12 * 3_600_000, air: 1_800_000 };

/** run moves a reported position on along its course for the time since, so that it does not jump from report to report. */
function run(p: Position, seconds: number): Fix {
  const course = p.course_deg ?? 0;
  const km = ((p.speed_knots ?? 0) * 1.852 * seconds) / 3600;
  const lat = p.lat + (km / (earthKm * rad)) * Math.cos(course * rad);
  const lon = p.lon + ((km / (earthKm * rad)) * Math.sin(course * rad)) / Math.max(0.05, Math.cos(p.lat * rad));
  return { lon, lat, course };
}

/**
 * locate says where the ship or aircraft of a departure is at a time: where it was last reported if that is fresh,
 * else along its lane between the actual times; null while it is not under way.
 */
export function locate(departure: Departure, track: Track | undefined, reported: Position | null, now: number): (Fix & { reported: boolean }) | null {
  if (departure.cancelled || departure.diversion?.blocked) return null;
  const depart = Date.parse(departure.depart);
  const arrive = Date.parse(departure.arrive);
  if (!(now >= depart && now < arrive)) return null;
  if (reported) {
    const age = now - Date.parse(reported.at);
    if (age < (departure.mode === 'air' ? freshMs.air : freshMs.sea) && Date.parse(reported.at) >= depart) {
      return { ...run(reported, Math.min(Math.max(age / 1000, 0), 600)), reported: true };
    }
  }
  const fix = track && along(track, (now - depart) / (arrive - depart));
  return fix ? { ...fix, reported: false } : null;
}
