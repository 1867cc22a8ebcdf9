import { Map as GLMap, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from 'maplibre-gl';
import './chart.css';
import worker from 'virtual:map-worker';
import type { FeatureCollection, GeoJSON, LineString, Point } from 'geojson';
import type { Picked } from '../ui/view.svelte';
import { fastest, type Fleet, type Spot } from './fleet';
import { icons, movers as strip } from './icons';
import { coast } from './land';
import { Movers, type Time } from './movers';
import { bounds, type LaneState } from './scene';
import { clickable, layers, style, type Look, type SourceName } from './style';
import type { Colours } from './theme';
import { latOf, lonOf, mercator } from './track';

setWorkerUrl(new URL(worker, location.href).href);

const togetherMs = 1000; // what events change on the map itself is drawn so often at most

// The whole world with the Pacific in one piece: the Atlantic is at the edges, the Antarctic mostly out of sight.
const home = { lon: 147, lat: 30, degrees: 344 };

/** Chart is the map itself: it takes GeoJSON and a look, and says what was clicked. */
export class Chart {
  onpick: (picked: Picked | null) => void = () => {};
  onmove: () => void = () => {};
  #map: GLMap;
  #fleet: Fleet;
  #time: Time;
  #movers: Movers;
  #loaded: Promise<void>;
  #touched = false;
  #seen: Seen = { at: NaN, zoom: 0, version: -1, slots: [], xy: new Float64Array() };
  #version = 0;
  #states = new Map<string, LaneState>();
  #changes = new Map<SourceName | '', () => void>(); // the newest of each, not made yet
  #together: ReturnType<typeof setTimeout> | undefined;
  #changed = -Infinity; // when changes were last made

  /** The constructor throws where there is no WebGL. What moves is drawn from the fleet, as it is at the time that time tells. */
  constructor(container: HTMLElement, look: Look, label: string, fleet: Fleet, time: Time) {
    this.#fleet = fleet;
    this.#time = time;
    this.#map = new GLMap({
      container,
      style: style(look),
      center: [home.lon, home.lat],
      zoom: 1,
      minZoom: -1,
      maxZoom: 11,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0, // no frames spent on fading labels
      localIdeographFontFamily: '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif',
      canvasContextAttributes: { antialias: false, powerPreference: 'low-power' }, // lines are smoothed by their own shader
    });
    this.#movers = new Movers(this.#map, fleet, time, strip(look.colours));
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.label(label);
    this.#draw(look.colours);
    this.home(false);
    this.#map.on('movestart', (e) => {
      if ((e as { originalEvent?: unknown }).originalEvent) this.#touched = true;
    });
    this.#map.on('resize', () => {
      if (!this.#touched) this.home(false);
    });
    this.#map.on('click', (e) => this.#click(e));
    this.#map.on('mousemove', (e) => {
      this.#map.getCanvas().style.cursor = this.#at(e) ? 'pointer' : '';
    });
    this.#map.on('moveend', () => this.onmove());
    this.#loaded = new Promise((resolve) => this.#map.once('style.load', () => resolve()));
    const sail = () => {
      if (!this.#map.getLayer(this.#movers.id)) this.#map.addLayer(this.#movers);
    };
    void this.#loaded.then(sail);
    this.#map.on('webglcontextrestored', () => this.#map.once('styledata', sail)); // a restored style has no layers of ours
    void this.#coast();
  }

  get zoom(): number {
    return this.#map.getZoom();
  }

  /** set has a source show data, and states says how lanes are drawn; those that are not named are not seen. */
  set(name: SourceName, data: GeoJSON): void {
    this.#put(name, () => (this.#map.getSource(name) as GeoJSONSource | undefined)?.setData(data));
  }

  states(now: Map<string, LaneState>): void {
    this.#put('', () => {
      const was = this.#states;
      for (const [id, s] of now) {
        const old = was.get(id);
        if (old && old.weight === s.weight && old.red === s.red && old.load === s.load && old.heat === s.heat) continue;
        this.#map.setFeatureState({ source: 'lanes', id }, { ...s });
      }
      for (const id of was.keys()) if (!now.has(id)) this.#map.removeFeatureState({ source: 'lanes', id });
      this.#states = now;
    });
  }

  // Each change has the map drawn anew, some of them three times, so they go in together: at once after a quiet second. What is
  // chosen is what a person waits for.
  #put(name: SourceName | '', change: () => void): void {
    if (name === 'chosen') return void this.#loaded.then(change);
    this.#changes.set(name, change);
    this.#together ||= setTimeout(() => {
      this.#together = undefined;
      this.#changed = performance.now();
      const all = [...this.#changes.values()];
      this.#changes.clear();
      void this.#loaded.then(() => all.forEach((f) => f()));
    }, this.#changed + togetherMs - performance.now());
  }

  /** look changes colours, language and dimming in place: no source is sent again. */
  look(look: Look): void {
    void this.#loaded.then(() => {
      this.#draw(look.colours);
      this.#movers.strip = strip(look.colours);
      this.#movers.opacity = look.dimmed ? 0.5 : 1;
      this.#movers.ask();
      for (const layer of layers(look)) {
        for (const [name, value] of Object.entries(layer.paint ?? {})) this.#map.setPaintProperty(layer.id, name as never, value as never);
        const text = (layer.layout as Record<string, unknown> | undefined)?.['text-field'];
        if (text) this.#map.setLayoutProperty(layer.id, 'text-field', text as never);
      }
    });
  }

  label(text: string): void {
    this.#map.getCanvas().setAttribute('aria-label', text);
  }

  home(animate = true): void {
    this.#touched = false;
    const { clientWidth: w, clientHeight: h } = this.#map.getContainer();
    // As wide as the world; on a tall narrow map nearer, or there would be more edge than map.
    const zoom = Math.max(Math.log2((Math.max(w, 1) * 360) / home.degrees / 512), Math.log2(Math.max(h, 1) / 512));
    this.#map[animate ? 'easeTo' : 'jumpTo']({ center: [home.lon, home.lat], zoom });
  }

  /** fit shows features whole, between the card on the left and the edges. */
  fit(data: FeatureCollection<LineString | Point>): void {
    const box = bounds(data);
    if (!box) return;
    this.#touched = true;
    const { clientWidth: w, clientHeight: h } = this.#map.getContainer();
    const pad = Math.min(80, w / 8, h / 8);
    void this.#loaded.then(() => this.#map.fitBounds(box, { padding: pad, maxZoom: 6, duration: reduced() ? 0 : 600 }));
  }

  /** see moves to a point if it is not in sight. */
  see(lon: number, lat: number): void {
    void this.#loaded.then(() => {
      const seen = this.#map.getBounds();
      if (![lon, lon + 360, lon - 360].some((x) => seen.contains([x, lat]))) {
        this.#touched = true;
        this.#map.easeTo({ center: [lon, lat], duration: reduced() ? 0 : 500 });
      }
    });
  }

  zoomBy(steps: number): void {
    this.#touched = true;
    this.#map.easeTo({ zoom: this.#map.getZoom() + steps, duration: reduced() ? 0 : 250 });
  }

  /** sail draws what moves anew, because rows of the fleet or the time have changed. */
  sail(): void {
    this.#version++;
    this.#movers.ask();
  }

  /** pixelsPerWorld is how wide the whole world is on the screen now. */
  get pixelsPerWorld(): number {
    return 512 * 2 ** this.#map.getZoom();
  }

  /** project chooses the flat map or the globe. */
  project(globe: boolean): void {
    void this.#loaded.then(() => this.#map.setProjection({ type: globe ? 'globe' : 'mercator' }));
  }

  /** inSight lists the slots of the fleet that are on the screen, at most so many, and where. */
  inSight(most: number): { slot: number; lon: number; lat: number }[] {
    const sight = this.#map.getBounds();
    const [west, north] = mercator(sight.getWest(), sight.getNorth());
    const [east, south] = mercator(sight.getEast(), sight.getSouth());
    const list: { slot: number; lon: number; lat: number }[] = [];
    const { slots, xy } = this.#spots();
    for (let i = 0; i < slots.length && list.length < most; i++) {
      const y = xy[2 * i + 1]!;
      if (y < north || y > south) continue;
      const x = xy[2 * i]! + Math.ceil(west - xy[2 * i]!);
      if (x <= east) list.push({ slot: slots[i]!, lon: lonOf(x), lat: latOf(y) });
    }
    return list;
  }

  remove(): void {
    clearTimeout(this.#together);
    this.#movers.remove();
    this.#map.remove();
  }

  async #coast(): Promise<void> {
    const { land, shore } = await coast();
    this.set('land', land);
    this.set('shore', shore);
  }

  #draw(k: Colours): void {
    const set = icons(k);
    for (const [name, image] of Object.entries(set.images)) {
      if (this.#map.hasImage(name)) this.#map.updateImage(name, image);
      else this.#map.addImage(name, image, { pixelRatio: set.pixelRatio });
    }
  }

  #click(e: MapMouseEvent): void {
    this.onpick(this.#at(e));
  }

  #at(e: MapMouseEvent): Picked | null {
    if (!this.#map.getLayer(this.#movers.id)) return null;
    const near = 5;
    const { x, y } = e.point;
    const hits = this.#map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: ['worth', ...Object.keys(clickable)] });
    const shut = hits.find((f) => f.layer.id === 'passages-shut');
    if (shut) return { kind: 'passage', id: String(shut.properties.id) };
    const mover = this.#moverAt(e);
    if (mover) return { kind: 'departure', id: mover };
    const worth = hits.find((f) => f.layer.id === 'worth');
    if (worth) {
      const [kind, id] = split(String(worth.properties.key));
      return { kind: kind as Picked['kind'], id };
    }
    for (const [layer, kind] of Object.entries(clickable)) {
      const hit = hits.find((f) => f.layer.id === layer && (layer !== 'lanes' || this.#states.has(String(f.properties.id))));
      if (hit) return { kind, id: String(hit.properties.id) };
    }
    return null;
  }

  /** The mover whose icon is under the pointer, the nearest if several are. */
  #moverAt(e: MapMouseEvent): string | null {
    const [x, y] = mercator(e.lngLat.lng, e.lngLat.lat);
    const { slots, xy } = this.#spots();
    // On the globe a step in the square is as long as on the flat map only in the middle: what counts there is the screen.
    const reach = Math.min(Math.max(this.#map.getZoom(), 1), 5) * 1.2 + 6;
    const wide = (reach * 3) / this.pixelsPerWorld;
    let best = reach;
    let found = -1;
    for (let i = 0; i < slots.length; i++) {
      const dx = Math.abs(xy[2 * i]! - x + 0.5 - Math.floor(xy[2 * i]! - x + 0.5) - 0.5);
      const dy = Math.abs(xy[2 * i + 1]! - y);
      if (dx > wide || dy > wide) continue;
      const lon = lonOf(xy[2 * i]!);
      const p = this.#map.project([lon + 360 * Math.round((e.lngLat.lng - lon) / 360), latOf(xy[2 * i + 1]!)]);
      const off = Math.hypot(p.x - e.point.x, p.y - e.point.y);
      if (off < best) [best, found] = [off, slots[i]!];
    }
    return found < 0 ? null : (this.#fleet.idAt(found) ?? null);
  }

  // Where all movers are, worked out anew only when one may have gone more than two pixels: the pointer asks often.
  #spots(): Seen {
    const [now, zoom] = [this.#time(), this.#map.getZoom()];
    const moved = (Math.abs(now - this.#seen.at) / 1000) * fastest * this.pixelsPerWorld;
    if (this.#seen.version === this.#version && this.#seen.zoom === zoom && moved < 2) return this.#seen;
    const slots: number[] = [];
    const xy = this.#seen.xy.length >= this.#fleet.size * 2 ? this.#seen.xy : new Float64Array(this.#fleet.rows.length);
    for (let slot = 0; slot < this.#fleet.size; slot++) {
      const spot: Spot | null = this.#fleet.at(slot, now);
      if (!spot) continue;
      xy[2 * slots.length] = spot.x;
      xy[2 * slots.length + 1] = spot.y;
      slots.push(slot);
    }
    return (this.#seen = { at: now, zoom, version: this.#version, slots, xy });
  }
}

const split = (key: string): [string, string] => [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];

interface Seen {
  at: number;
  zoom: number;
  version: number;
  slots: number[];
  xy: Float64Array; // of each slot, in Mercator's square
}

const reduced = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
