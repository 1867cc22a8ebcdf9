import { Map as GLMap, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { FeatureCollection, GeoJSON, LineString, Point } from 'geojson';
import type { Picked } from '../ui/view.svelte';
import { icons } from './icons';
import { coast } from './land';
import { bounds } from './scene';
import { clickable, layers, style, type SourceName } from './style';
import type { Colours } from './theme';

setWorkerUrl(new URL(worker, location.href).href);

export interface Look {
  colours: Colours;
  locale: 'zh' | 'en';
  dimmed: boolean;
}

// The whole world with the Pacific in one piece: the Atlantic is at the edges, the Antarctic mostly out of sight.
const home = { lon: 147, lat: 30, degrees: 344 };

/** Chart is the map itself: it takes GeoJSON and a look, and says what was clicked. */
export class Chart {
  onpick: (picked: Picked | null) => void = () => {};
  #map: GLMap;
  #loaded: Promise<void>;
  #touched = false;

  /** The constructor throws where there is no WebGL. */
  constructor(container: HTMLElement, look: Look, label: string) {
    this.#map = new GLMap({
      container,
      style: style(look.colours, look.locale, look.dimmed),
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
    this.#loaded = new Promise((resolve) => this.#map.once('style.load', () => resolve()));
    void this.#coast();
  }

  get zoom(): number {
    return this.#map.getZoom();
  }

  set(name: SourceName, data: GeoJSON): void {
    void this.#loaded.then(() => (this.#map.getSource(name) as GeoJSONSource | undefined)?.setData(data));
  }

  /** look changes colours, language and dimming in place: no source is sent again. */
  look(look: Look): void {
    void this.#loaded.then(() => {
      this.#draw(look.colours);
      for (const layer of layers(look.colours, look.locale, look.dimmed)) {
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

  /** pixels is how far apart two points are on the screen now. */
  pixels(a: readonly number[], b: readonly number[]): number {
    const [p, q] = [this.#map.project([a[0]!, a[1]!]), this.#map.project([b[0]!, b[1]!])];
    return Math.hypot(p.x - q.x, p.y - q.y);
  }

  remove(): void {
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
    if (!this.#map.isStyleLoaded() && !this.#map.getLayer('moving')) return null;
    const near = 5;
    const { x, y } = e.point;
    const hits = this.#map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: Object.keys(clickable) });
    for (const [layer, kind] of Object.entries(clickable)) {
      const hit = hits.find((f) => f.layer.id === layer);
      if (hit) return { kind, id: String(hit.properties.id) };
    }
    return null;
  }
}

const reduced = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
