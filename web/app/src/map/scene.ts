import type { Feature, FeatureCollection, LineString, MultiLineString, Point } from 'geojson';
import { oneTongue } from '../lib/format';
import { roomOn } from '../live/news';
import type { Assignment, Departure, Lane, Load, Passage, Place, Warehouse } from '../live/protocol';
import type { Store } from '../live/store';
import { late, runs } from '../ui/standing';
import { shutNow, traffic } from '../lib/passages';
import { locate, trackOf, type Track } from './track';

// What the map draws, as GeoJSON made from the store's tables. Pure functions of tables and time.

export type Table<T> = ReadonlyMap<string, T>;

const collection = <G extends Point | LineString | MultiLineString>(features: Feature<G>[]): FeatureCollection<G> => ({
  type: 'FeatureCollection',
  features,
});

const redForMs = 120_000;

/** lanes has one line for each lane with departures to come or under way: how many, and whether one was just cancelled. */
export function lanes(table: Table<Lane>, departures: Table<Departure>, changedAt: ReadonlyMap<string, number>, now: number): FeatureCollection<MultiLineString> {
  const count = new Map<string, number>();
  const red = new Set<string>();
  for (const d of departures.values()) {
    if (d.cancelled) {
      if (now - (changedAt.get(`departure:${d.id}`) ?? -Infinity) < redForMs) red.add(d.lane);
    } else if (!d.diversion?.blocked && Date.parse(d.arrive) > now) {
      count.set(d.lane, (count.get(d.lane) ?? 0) + 1);
    }
  }
  const features: Feature<MultiLineString>[] = [];
  for (const lane of table.values()) {
    const n = count.get(lane.id) ?? 0;
    if (n === 0 && !red.has(lane.id)) continue;
    features.push({
      type: 'Feature',
      geometry: lane.line,
      properties: { id: lane.id, mode: lane.mode, n, weight: Math.sqrt(n), red: red.has(lane.id) },
    });
  }
  return collection(features);
}

/** signature changes when what lanes draws changes. */
export const signature = (c: FeatureCollection<MultiLineString>) =>
  c.features.map((f) => `${f.properties?.id}:${f.properties?.n}:${f.properties?.red}`).join();

// Tianjin's own: the port under either of its codes, and the airport.
const home = new Set(['CNTXG', 'CNTSN', 'TSN']);

/** places has the ports and airports that departures touch, with how many call there. */
export function places(table: Table<Place>, departures: Table<Departure>, now: number): FeatureCollection<Point> {
  const calls = new Map<string, number>();
  for (const d of departures.values()) {
    if (!runs(d) || Date.parse(d.arrive) <= now) continue;
    for (const id of [d.from, d.to]) calls.set(id, (calls.get(id) ?? 0) + 1);
  }
  const features: Feature<Point>[] = [];
  for (const [id, n] of calls) {
    const p = table.get(id);
    if (!p) continue;
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [p.lon, p.lat] },
      properties: {
        id, n, home: home.has(id), air: p.kind === 'airport', zh: p.name_zh || p.name || id, en: p.name_en || p.name || id,
      },
    });
  }
  return collection(features);
}

/** passages has those that sailings meet, and all that are shut. */
export function passages(table: Table<Passage>, lanes: Table<Lane>, departures: Table<Departure>, now: number): FeatureCollection<Point> {
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
  return free < 0.05 ? 'full' : free < 0.3 ? 'tight' : 'room';
}

export function warehouses(table: Table<Warehouse>, loads: Table<Load>, now: number): FeatureCollection<Point> {
  const features: Feature<Point>[] = [];
  for (const w of table.values()) {
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [w.lon, w.lat] },
      properties: { id: w.id, zh: oneTongue(true, w.name || w.id), en: oneTongue(false, w.name || w.id), size: Math.sqrt(Math.max(w.area_m2, 200)), icon: `house-${fillOf(w, loads.get(w.id), now)}` },
    });
  }
  return collection(features);
}

/** Tracks keeps the track of each lane, made when first asked for. */
export class Tracks {
  #tracks = new Map<Lane, Track>();
  of(lane: Lane | undefined): Track | undefined {
    if (!lane) return undefined;
    let track = this.#tracks.get(lane);
    if (!track) this.#tracks.set(lane, (track = trackOf(lane)));
    return track;
  }
}

/** moving has every ship and aircraft under way, with its heading. Trains and lorries are not shown. */
export function moving(store: Store, tracks: Tracks, now: number): FeatureCollection<Point> {
  const features: Feature<Point>[] = [];
  for (const d of store.tables.departure.values()) {
    if (d.mode !== 'sea' && d.mode !== 'air') continue;
    const fix = locate(d, tracks.of(store.tables.lane.get(d.lane)), store.position(d.id), now);
    if (!fix) continue;
    const shape = d.mode === 'air' ? 'plane' : 'ship';
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [fix.lon, fix.lat] },
      properties: {
        id: d.id, air: d.mode === 'air', course: Math.round(fix.course), name: d.vessel || d.voyage || d.id,
        icon: `${shape}-${late(d) > 0 ? 'late' : d.mode}`,
      },
    });
  }
  return collection(features);
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
