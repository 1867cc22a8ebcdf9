import type { Feature, FeatureCollection, LineString, MultiLineString, Point } from 'geojson';
import { oneTongue } from '../lib/format';
import { roomOn } from '../live/news';
import type { Assignment, Departure, Lane, Load, Passage, Place, Warehouse } from '../live/protocol';
import type { Store } from '../live/store';
import { runs } from '../ui/standing';
import { shutNow, traffic } from '../lib/passages';
import { trackOf, type Track } from './track';
import type { Week } from './week';

// What the map draws, as GeoJSON made from the store's tables. Pure functions of tables and time.

export type Table<T> = ReadonlyMap<string, T>;

const collection = <G extends Point | LineString | MultiLineString>(features: Feature<G>[]): FeatureCollection<G> => ({
  type: 'FeatureCollection',
  features,
});

/** lanes has the line of every lane. How it is drawn changes with each event and with the time: laneStates. */
export const lanes = (list: Iterable<Lane>): FeatureCollection<MultiLineString> =>
  collection([...list].map((l) => ({ type: 'Feature', geometry: l.line, properties: { id: l.id, mode: l.mode } })));

/** LaneState is how a lane is drawn: the root of its departures to come or under way, how full (-1: not told), what room is worth as a share of the dearest. */
export interface LaneState {
  weight: number;
  red: boolean;
  load: number;
  heat: number;
}

/** laneStates is of the lanes that are seen; the others have no departures. */
export function laneStates(week: ReadonlyMap<string, Week>): Map<string, LaneState> {
  const states = new Map<string, LaneState>();
  let most = 0;
  for (const w of week.values()) most = Math.max(most, w.worth);
  for (const [id, w] of week) {
    if (w.coming === 0 && !w.red) continue;
    states.set(id, {
      weight: Math.sqrt(w.coming), red: w.red, load: w.load === null ? -1 : Math.round(w.load * 50) / 50, heat: most > 0 ? Math.round((w.worth / most) * 50) / 50 : 0,
    });
  }
  return states;
}

/** Worth is a bottleneck to be written on the map. */
export interface Worth {
  kind: 'lane' | 'warehouse';
  id: string;
  worth: number; // per m3
}

/** bottlenecks has the dearest of a week, where lanes are half-way and warehouses are, with what one more m3 is worth as text. */
export function bottlenecks(list: readonly Worth[], lanes: Table<Lane>, warehouses: Table<Warehouse>, tracks: Tracks, text: (worth: number) => string): FeatureCollection<Point> {
  const features: Feature<Point>[] = [];
  for (const { kind, id, worth } of list) {
    const w = warehouses.get(id);
    const at = kind === 'lane' ? middle(tracks.of(lanes.get(id))) : w && ([w.lon, w.lat] as [number, number]);
    if (at) features.push({ type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties: { key: `${kind}:${id}`, worth, text: text(worth) } });
  }
  return collection(features);
}

function middle(track: Track | undefined): [number, number] | null {
  if (!track) return null;
  const half = (track.km.at(-1) ?? 0) / 2;
  const i = track.km.findIndex((km) => km >= half);
  return i < 1 ? (track.points[0] ?? null) : track.points[i]!;
}

// Tianjin's own: the port under either of its codes, and the airport.
const home = new Set(['CNTXG', 'CNTSN', 'TSN']);

// Names of places are written from a zoom on, those with most calls first: no more would fit, and each that is tried costs every redraw.
const namedFrom = (rank: number) => (rank < 40 ? 0 : rank < 120 ? 2 : 3);

/**
 * places has the ports and airports that departures touch, whenever they run, so that time alone alters nothing; and about how many call
 * there: n goes by doubling, so that few events alter it.
 */
export function places(table: Table<Place>, departures: Iterable<Departure>): FeatureCollection<Point> {
  const calls = new Map<string, number>();
  for (const d of departures) {
    if (!runs(d)) continue;
    for (const id of [d.from, d.to]) calls.set(id, (calls.get(id) ?? 0) + 1);
  }
  const list = [...calls].map(([id, n]) => ({ id, n: Math.round(Math.log2(n)), home: home.has(id) }));
  list.sort((a, b) => Number(b.home) - Number(a.home) || b.n - a.n || (a.id < b.id ? -1 : 1));
  const features: Feature<Point>[] = [];
  for (const { id, n, home } of list) {
    const p = table.get(id);
    if (!p) continue;
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [p.lon, p.lat] },
      properties: { id, n, home, from: namedFrom(features.length), air: p.kind === 'airport', zh: p.name_zh || p.name || id, en: p.name_en || p.name || id },
    });
  }
  return collection(features);
}

/** passages has those that sailings meet, and all that are shut. */
export function passages(table: Table<Passage>, lanes: Table<Lane>, departures: Iterable<Departure>, now: number): FeatureCollection<Point> {
  const met = traffic(departures, lanes, now);
  const features: Feature<Point>[] = [];
  for (const p of table.values()) {
    const shut = shutNow(p, now);
    if (!shut && !met.get(p.id)) continue;
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [p.lon, p.lat] },
      properties: { id: p.id, shut, zh: p.name_zh, en: p.name_en },
    });
  }
  return collection(features);
}

/** fill says how full a warehouse is: of the room it shares today, less what the plan uses where that is known. */
export function fillOf(w: Warehouse, load: Load | undefined, now: number): 'room' | 'tight' | 'full' {
  const room = roomOn(w, now);
  if (w.closed || room <= 0) return 'full';
  const free = 1 - (load?.m3 ?? 0) / room;
  return free < 0.05 ? 'full' : free < 0.2 ? 'tight' : 'room';
}

/** Room is a warehouse's on a day: free is null where what is used may not be seen. */
export interface Room {
  room: number;
  free: number | null;
}

/** Level is how an icon shows it: house-0 is empty, house-4 nearly full, then full; house-x takes nothing in. */
export function level(w: Warehouse, { room, free }: Room): string {
  if (w.closed || room <= 0) return 'house-x';
  if (free === null) return 'house-q';
  const used = 1 - Math.max(free, 0) / room;
  return used > 0.95 ? 'house-5' : `house-${Math.min(4, Math.floor(used * 5))}`;
}

export function warehouses(list: Iterable<Warehouse>, roomOf: (w: Warehouse) => Room): FeatureCollection<Point> {
  const features: Feature<Point>[] = [];
  for (const w of list) {
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [w.lon, w.lat] },
      properties: { id: w.id, zh: oneTongue(true, w.name || w.id), en: oneTongue(false, w.name || w.id), size: Math.sqrt(Math.max(w.area_m2, 200)), icon: level(w, roomOf(w)) },
    });
  }
  return collection(features);
}

/** Tracks keeps the track of each lane, made when first asked for. */
export class Tracks {
  #tracks = new WeakMap<Lane, Track>(); // a lane drawn anew is another object
  of(lane: Lane | undefined): Track | undefined {
    if (!lane) return undefined;
    let track = this.#tracks.get(lane);
    if (!track) this.#tracks.set(lane, (track = trackOf(lane)));
    return track;
  }
}

/** itinerary has a part end to end: its legs, the way from the gateway to the warehouse, and the stops between. */
export function itinerary(store: Store, tracks: Tracks, parts: readonly Assignment[]): FeatureCollection<LineString | Point> {
  const features: Feature<LineString | Point>[] = [];
  for (const part of parts) {
    let end: [number, number] | null = null;
    const stop = (coordinates: [number, number]) =>
      features.push({ type: 'Feature', geometry: { type: 'Point', coordinates }, properties: {} });
    for (const id of part.departures) {
      const d = store.tables.departure.get(id);
      const track = d && tracks.of(store.tables.lane.get(d.lane));
      const first = track?.points[0];
      if (!d || !track || !first) continue;
      // Each leg starts in the copy of the world that the one before ended in.
      const shift: number = end ? 360 * Math.round((end[0] - first[0]) / 360) : 0;
      const line = track.points.map(([lon, lat]): [number, number] => [lon + shift, lat]);
      features.push({ type: 'Feature', geometry: { type: 'LineString', coordinates: line }, properties: { mode: d.mode } });
      if (!end) stop(line[0]!);
      end = line.at(-1)!;
      stop(end);
    }
    const w = store.tables.warehouse.get(part.warehouse);
    if (w) {
      const shift: number = end ? 360 * Math.round((end[0] - w.lon) / 360) : 0;
      const door: [number, number] = [w.lon + shift, w.lat];
      if (end) features.push({ type: 'Feature', geometry: { type: 'LineString', coordinates: [end, door] }, properties: { mode: 'haul' } });
      stop(door);
    }
  }
  return collection(features);
}

/** bounds is the box around features, or null around none. */
export function bounds(c: FeatureCollection<LineString | Point>): [number, number, number, number] | null {
  let box: [number, number, number, number] | null = null;
  for (const f of c.features) {
    const points = f.geometry.type === 'Point' ? [f.geometry.coordinates] : f.geometry.coordinates;
    for (const [lon, lat] of points as [number, number][]) {
      box = box ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)] : [lon, lat, lon, lat];
    }
  }
  return box;
}
