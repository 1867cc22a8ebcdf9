import type { Departure, Lane, Position } from '../live/protocol';
import { late, runs } from '../ui/standing';
import { mercator, nearest, trackOf, type Track } from './track';

/*
 * The fleet is all that moves, laid out as the graphics card takes it, so that a frame costs the page the same whatever
 * the number of ships: the vertex shader (movers.ts) works out where each is from a row that changes only when an event
 * does, the points of its lane, and the time. at() here does the same sum for picking, labels and tables.
 *
 * A row says that the ship has none of its way behind it when it departs, a share of it where it was last reported, and
 * all of it when it arrives; between these it goes evenly. Reported beside its lane, it comes back to it by its arrival.
 */

/** Floats of a row: first point, points, depart, arrive; reported at, share then, dx, dy; icon, scale. */
export const stride = 10;
/** Texels in a row of the texture of points: x, y, share of the way, 0. */
export const texelsWide = 1024;

const [FIRST, COUNT, DEPART, ARRIVE, FIXED, SHARE, DX, DY, ICON, SCALE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

export const iconOf = { ship: 0, lateShip: 1, plane: 2, latePlane: 3 } as const;

/** fastest is how far an aircraft goes in a second, as a share of the world's width, at a latitude of 60° where the map stretches it twofold. */
export const fastest = (2 * 0.27) / 40_075;

/** Spot is where a mover is: x and y in Mercator's square, x in [0, 1); angle clockwise from north as the flat map draws it, degrees. */
export interface Spot {
  x: number;
  y: number;
  angle: number;
}

interface LanePoints {
  lane: Lane;
  track: Track;
  first: number;
  count: number;
}

interface Times {
  depart: number;
  arrive: number;
}
const parsed = new WeakMap<Departure, Times>();

/** timesOf is when a departure leaves and comes, in ms. An event brings a new object, so an old one is read once. */
export function timesOf(d: Departure): Times {
  let t = parsed.get(d);
  if (!t) parsed.set(d, (t = { depart: Date.parse(d.depart), arrive: Date.parse(d.arrive) }));
  return t;
}

export class Fleet {
  /** Rows of all movers, stride floats each. Times in s from base. A row of zeros moves nowhere. */
  rows = new Float32Array(stride * 256);
  /** Rows in use end here. */
  size = 0;
  /** Points of all lanes, 4 floats each. */
  points = new Float32Array(4 * texelsWide * 4);
  pointsUsed = 0;
  /** What the card lacks: rows from and to, and points from and to, in floats. */
  staleRows: [number, number] = [0, 0];
  stalePoints: [number, number] = [0, 0];
  /** ms; times in rows count from here, so that what moves now is told to the second and finer. */
  base: number;

  #slots = new Map<string, number>();
  #ids: (string | undefined)[] = [];
  #free: number[] = [];
  #lanes = new Map<string, LanePoints>();
  #waste = 0;
  #chosen = -1;

  constructor(base: number) {
    this.base = base;
  }

  idAt(slot: number): string | undefined {
    return this.#ids[slot];
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** clear forgets all movers and lanes. */
  clear(base: number): void {
    this.base = base;
    this.rows.fill(0);
    this.size = 0;
    this.pointsUsed = 0;
    this.#waste = 0;
    this.#slots.clear();
    this.#ids = [];
    this.#free = [];
    this.#lanes.clear();
    this.#chosen = -1;
    this.staleRows = [0, 0];
    this.stalePoints = [0, 0];
  }

  /**
   * put enters a departure, or enters it anew; it leaves where it does not run, is no ship or aircraft, or has no lane
   * yet. It reports whether the row is another one now.
   */
  put(d: Departure, lane: Lane | undefined, reported: Position | null): boolean {
    if ((d.mode !== 'sea' && d.mode !== 'air') || !runs(d) || !lane) return this.drop(d.id);
    const way = this.#way(lane);
    const { depart, arrive } = timesOf(d);
    if (!way || !(arrive > depart)) return this.drop(d.id);
    const row = new Float32Array(stride);
    row[FIRST] = way.first;
    row[COUNT] = way.count;
    row[DEPART] = (depart - this.base) / 1000;
    row[ARRIVE] = (arrive - this.base) / 1000;
    row[FIXED] = row[DEPART]!;
    if (reported) {
      const at = Date.parse(reported.at);
      const near = at > depart && at < arrive ? nearest(way.track, reported.lon, reported.lat) : null;
      if (near) row.set([(at - this.base) / 1000, near.share, near.dx, near.dy], FIXED);
    }
    const tardy = late(d) > 0;
    row[ICON] = d.mode === 'air' ? (tardy ? iconOf.latePlane : iconOf.plane) : tardy ? iconOf.lateShip : iconOf.ship;
    row[SCALE] = 1;
    return this.#write(d.id, row);
  }

  drop(id: string): boolean {
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    this.#slots.delete(id);
    this.#ids[slot] = undefined;
    this.#free.push(slot);
    this.rows.fill(0, slot * stride, (slot + 1) * stride);
    this.#touch(slot);
    if (this.#chosen === slot) this.#chosen = -1;
    return true;
  }

  /** choose draws one mover larger than the others, or none. */
  choose(id: string | null): boolean {
    const slot = id ? (this.#slots.get(id) ?? -1) : -1;
    if (slot === this.#chosen) return false;
    for (const [at, scale] of [[this.#chosen, 1], [slot, 1.45]] as const) {
      if (at < 0) continue;
      this.rows[at * stride + SCALE] = scale;
      this.#touch(at);
    }
    this.#chosen = slot;
    return true;
  }

  /** at is where the mover of a row is at a time in ms, or null while it is not under way. movers.ts has the same in GLSL. */
  at(slot: number, now: number): Spot | null {
    const r = slot * stride;
    const { rows, points } = this;
    const t = (now - this.base) / 1000;
    const [depart, arrive, fixed, share] = [rows[r + DEPART]!, rows[r + ARRIVE]!, rows[r + FIXED]!, rows[r + SHARE]!];
    if (!(t >= depart && t < arrive)) return null;
    let done: number;
    let off: number;
    if (t < fixed) {
      off = (t - depart) / (fixed - depart);
      done = share * off;
    } else {
      const k = (t - fixed) / Math.max(arrive - fixed, 1);
      done = share + (1 - share) * k;
      off = 1 - k;
    }
    const first = rows[r + FIRST]!;
    let lo = 0;
    let hi = rows[r + COUNT]! - 1;
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (points[(first + mid) * 4 + 2]! <= done) lo = mid;
      else hi = mid;
    }
    const [a, b] = [(first + lo) * 4, (first + hi) * 4];
    const span = points[b + 2]! - points[a + 2]!;
    const k = span > 0 ? Math.min(Math.max((done - points[a + 2]!) / span, 0), 1) : 0;
    const [ux, uy] = [points[b]! - points[a]!, points[b + 1]! - points[a + 1]!];
    const x = points[a]! + ux * k + rows[r + DX]! * off;
    const y = points[a + 1]! + uy * k + rows[r + DY]! * off;
    return { x: x - Math.floor(x), y, angle: ((Math.atan2(ux, -uy) * 180) / Math.PI + 360) % 360 };
  }

  /** underWay counts ships and aircraft at sea and in the air. */
  underWay(now: number): { ships: number; planes: number } {
    const t = (now - this.base) / 1000;
    let [ships, planes] = [0, 0];
    for (let r = 0, end = this.size * stride; r < end; r += stride) {
      if (!(t >= this.rows[r + DEPART]! && t < this.rows[r + ARRIVE]!)) continue;
      if (this.rows[r + ICON]! >= iconOf.plane) planes++;
      else ships++;
    }
    return { ships, planes };
  }

  /** iconAt is a value of iconOf. */
  iconAt(slot: number): number {
    return this.rows[slot * stride + ICON]!;
  }

  /** wasteful says that more room holds points of lanes that are gone than of those that are there: clear, and enter all anew. */
  get wasteful(): boolean {
    return this.#waste > 64 * texelsWide && this.#waste > this.pointsUsed / 2;
  }

  #write(id: string, row: Float32Array): boolean {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.size++;
      this.#slots.set(id, slot);
      this.#ids[slot] = id;
      if (this.size * stride > this.rows.length) this.rows = grown(this.rows, this.size * stride);
    } else {
      if (slot === this.#chosen) row[SCALE] = this.rows[slot * stride + SCALE]!;
      let same = true;
      for (let i = 0; i < stride && same; i++) same = this.rows[slot * stride + i] === row[i];
      if (same) return false;
    }
    this.rows.set(row, slot * stride);
    this.#touch(slot);
    return true;
  }

  #touch(slot: number): void {
    widen(this.staleRows, slot * stride, (slot + 1) * stride);
  }

  // A lane that an event drew anew is another object, and gets points of its own.
  #way(lane: Lane): LanePoints | null {
    const known = this.#lanes.get(lane.id);
    if (known?.lane === lane) return known;
    if (known) this.#waste += known.count;
    const track = trackOf(lane);
    const count = track.points.length;
    const whole = track.km.at(-1) ?? 0;
    if (count < 2 || !(whole > 0)) return null;
    const first = this.pointsUsed;
    this.pointsUsed += count;
    if (this.pointsUsed * 4 > this.points.length) this.points = grown(this.points, this.pointsUsed * 4);
    // Of a line far past ±180 the copy that begins in the square: floats are finest there.
    const shift = Math.floor(mercator(track.points[0]![0], 0)[0]);
    track.points.forEach(([lon, lat], i) => {
      const [x, y] = mercator(lon, lat);
      this.points.set([x - shift, y, track.km[i]! / whole, 0], (first + i) * 4);
    });
    widen(this.stalePoints, first * 4, this.pointsUsed * 4);
    const made = { lane, track, first, count };
    this.#lanes.set(lane.id, made);
    return made;
  }
}

function grown(old: Float32Array<ArrayBuffer>, need: number): Float32Array<ArrayBuffer> {
  let length = old.length;
  while (length < need) length *= 2;
  const next = new Float32Array(length);
  next.set(old);
  return next;
}

function widen(range: [number, number], from: number, to: number): void {
  if (range[0] === range[1]) [range[0], range[1]] = [from, to];
  else [range[0], range[1]] = [Math.min(range[0], from), Math.max(range[1], to)];
}
