import type { Feature, FeatureCollection, LineString, MultiLineString, MultiPolygon, Position } from 'geojson';
import { dark, light } from '../map/theme';

type Lines = FeatureCollection<LineString | MultiLineString>;

// The Pacific in one piece, as on the live map; plate carrée from south to north.
const middle = 147;
const south = -57;
const north = 76;
export const ratio = 360 / (north - south);

/** load is what a lane carries in both plans: planned m3 where that may be told, else the room it offers. */
function load(f: Feature): { before: number; after: number } {
  const p = f.properties ?? {};
  const by = (name: string) => ({ before: Number(p[`${name}_before`]), after: Number(p[`${name}_after`]) });
  return p.m3_after === undefined ? by('room_m3') : by('m3');
}

/** draw paints coast and lanes on a canvas of any size: lanes with more on them in one colour, with less in another. */
export function draw(canvas: HTMLCanvasElement, land: Feature<MultiPolygon> | undefined, lines: Lines, scheme: 'dark' | 'light', caption: string[]): void {
  const k = scheme === 'dark' ? dark : light;
  const { width, height } = canvas;
  const c = canvas.getContext('2d');
  if (!c) return;
  const unit = width / 720;
  const x = (lon: number) => ((lon - middle + 180) / 360) * width;
  const y = (lat: number) => ((north - lat) / (north - south)) * height;
  c.fillStyle = k.water;
  c.fillRect(0, 0, width, height);

  const trace = (line: Position[], turn: number) => {
    line.forEach(([lon, lat], i) => c[i ? 'lineTo' : 'moveTo'](x(lon! + turn), y(lat!)));
  };
  if (land) {
    c.fillStyle = k.land;
    c.strokeStyle = k.shore;
    c.lineWidth = 0.5 * unit;
    for (const turn of [0, 360]) {
      c.beginPath();
      for (const rings of land.geometry.coordinates) for (const ring of rings) trace(ring, turn);
      c.fill('evenodd');
      c.stroke();
    }
  }
  c.lineCap = c.lineJoin = 'round';
  const most = Math.max(1, ...lines.features.map((f) => Math.abs(load(f).after - load(f).before)));
  const rows = lines.features.map((f) => ({ f, more: load(f).after - load(f).before })).sort((a, b) => Math.abs(a.more) - Math.abs(b.more));
  for (const { f, more } of rows) {
    const parts = f.geometry.type === 'LineString' ? [f.geometry.coordinates] : f.geometry.coordinates;
    const share = Math.sqrt(Math.abs(more) / most);
    c.strokeStyle = share < 0.03 ? k.faint : more > 0 ? k.good : k.bad;
    c.globalAlpha = share < 0.03 ? 0.35 : 0.55 + 0.4 * share;
    c.lineWidth = (0.6 + 4.5 * share) * unit;
    if (f.properties?.mode === 'air') c.setLineDash([3 * unit, 4 * unit]);
    for (const turn of [-360, 0, 360]) {
      c.beginPath();
      for (const part of parts) trace(part, turn);
      c.stroke();
    }
    c.setLineDash([]);
  }
  c.globalAlpha = 1;
  c.fillStyle = k.text;
  c.strokeStyle = k.halo;
  c.lineWidth = 3 * unit;
  c.font = `${11 * unit}px system-ui, "Noto Sans CJK SC", sans-serif`;
  c.textBaseline = 'bottom';
  caption.forEach((text, i) => {
    const at = height - (caption.length - i - 1) * 15 * unit - 6 * unit;
    c.strokeText(text, 8 * unit, at);
    c.fillText(text, 8 * unit, at);
  });
}
