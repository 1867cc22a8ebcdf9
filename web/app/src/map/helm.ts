import type { FeatureCollection } from 'geojson';
import type { Departure } from '../live/protocol';
import type { Store, Touched } from '../live/store';
import type { Chart } from './chart';
import { fastest, type Fleet, type Spot } from './fleet';
import type { Time } from './movers';

const soonMs = 100; // what came is drawn so often at most
const namesFrom = 4.2; // zoom
const namesMost = 300;
const namesEveryMs = 1000;

/** Course is how the map's time runs: ms of it for each ms of the clock, 0 where it stands. */
export interface Course {
  rate: () => number;
  calm: () => boolean; // no more than one picture a second
  shown: (d: Departure) => boolean;
  name: (d: Departure) => string;
}

/**
 * Helm keeps the fleet level with the store and has the map drawn when something on it has moved by half a pixel: at once
 * after an event, else as often as the fastest needs at this zoom. Nothing is drawn while the page is hidden.
 */
export class Helm {
  #store: Store;
  #fleet: Fleet;
  #chart: Chart;
  #time: Time;
  #course: Course;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #sailed = 0; // performance.now() of the last picture asked for
  #named = 0;
  #names = '';
  #away: () => void;

  constructor(store: Store, fleet: Fleet, chart: Chart, time: Time, course: Course) {
    this.#store = store;
    this.#fleet = fleet;
    this.#chart = chart;
    this.#time = time;
    this.#course = course;
    const seen = () => (document.visibilityState === 'visible' ? this.sail() : this.#stop());
    document.addEventListener('visibilitychange', seen);
    const unsubscribe = store.subscribe((_, touched) => this.#touched(touched));
    chart.onmove = () => this.sail();
    this.#away = () => {
      unsubscribe();
      document.removeEventListener('visibilitychange', seen);
      this.#stop();
    };
    this.all();
  }

  /** all enters every departure anew: after a snapshot, or when the filter is another. */
  all(): void {
    this.#fleet.clear(Date.now());
    for (const d of this.#store.tables.departure.values()) this.#put(d);
    this.sail();
  }

  /** sail has the map drawn now, and plans the next picture. */
  sail(): void {
    this.#stop();
    if (document.visibilityState === 'hidden') return;
    this.#sailed = performance.now();
    this.#chart.sail();
    this.#name();
    const perMs = (fastest / 1000) * this.#chart.pixelsPerWorld * this.#course.rate();
    if (perMs > 0) this.#plan(Math.max(this.#course.calm() ? 1000 : 16, Math.min(0.5 / perMs, 60_000)));
  }

  close(): void {
    this.#away();
  }

  #plan(ms: number): void {
    const due = performance.now() + ms;
    if (due >= this.#due) return;
    this.#stop();
    this.#due = due;
    this.#timer = setTimeout(() => this.sail(), ms);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #touched(list: readonly Touched[] | null): void {
    if (!list || this.#fleet.wasteful || Math.abs(Date.now() - this.#fleet.base) > 2 * 86_400_000) return this.all();
    let moved = false;
    const lanes = new Set<string>();
    for (const { kind, id } of list) {
      if (kind === 'lane') lanes.add(id);
      if (kind === 'departure' || kind === 'position') moved = this.#again(id) || moved;
    }
    if (lanes.size > 0) {
      for (const d of this.#store.tables.departure.values()) if (lanes.has(d.lane)) moved = this.#again(d.id) || moved;
    }
    if (moved && document.visibilityState === 'visible') this.#plan(Math.max(0, soonMs - (performance.now() - this.#sailed)));
  }

  // #again reports whether a mover is seen elsewhere now, or otherwise.
  #again(id: string): boolean {
    const [now, fleet] = [this.#time(), this.#fleet];
    const look = () => {
      const slot = fleet.slotOf(id);
      return slot === undefined ? null : { at: fleet.at(slot, now), icon: fleet.iconAt(slot) };
    };
    const before = look();
    const d = this.#store.tables.departure.get(id);
    if (!(d ? this.#put(d) : fleet.drop(id))) return false;
    const after = look();
    if (!before?.at || !after?.at) return !!before?.at !== !!after?.at;
    return before.icon !== after.icon || apart(before.at, after.at) * this.#chart.pixelsPerWorld >= 0.5;
  }

  #put(d: Departure): boolean {
    if (!this.#course.shown(d)) return this.#fleet.drop(d.id);
    return this.#fleet.put(d, this.#store.tables.lane.get(d.lane), this.#store.position(d.id));
  }

  // Names stand beside movers where few are in sight. They follow once a second: a name need not be where its ship is to the pixel.
  #name(): void {
    const now = performance.now();
    if (this.#chart.zoom < namesFrom) {
      if (this.#names !== '') this.#write({ type: 'FeatureCollection', features: [] }, '');
      return;
    }
    if (now - this.#named < namesEveryMs) return;
    this.#named = now;
    const features = this.#chart.inSight(namesMost).flatMap(({ slot, lon, lat }) => {
      const d = this.#store.tables.departure.get(this.#fleet.idAt(slot) ?? '');
      if (!d) return [];
      return [{ type: 'Feature' as const, geometry: { type: 'Point' as const, coordinates: [lon, lat] }, properties: { name: this.#course.name(d) } }];
    });
    const data = { type: 'FeatureCollection' as const, features };
    this.#write(data, JSON.stringify(data));
  }

  #write(data: FeatureCollection, text: string): void {
    if (text === this.#names) return;
    this.#names = text;
    this.#chart.set('names', data);
  }
}

function apart(a: Spot, b: Spot): number {
  const dx = Math.abs(a.x - b.x);
  return Math.hypot(Math.min(dx, 1 - dx), a.y - b.y);
}
