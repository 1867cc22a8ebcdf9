import type { NewWarehouse, WarehousePatch } from '../live/api';
import type { Place, Warehouse } from '../live/protocol';
import * as cells from './cells';
import type { FleetWords } from './fleet';
import type { Cells } from './sheet';

// The columns of a firm's warehouses, how their cells are read, and what a changed row asks of the service. A reach is written as
// "USLAX 12/6": hours and rate; several are parted by semicolons, as are rates by age, "30: 0.5; 60: 1".

export const storeColumns = ['name', 'public', 'area_m2', 'free_m3', 'inbound_m3', 'storage_m3_day', 'free_days', 'storage_tiers', 'classes', 'gateways', 'markets', 'closed', 'lat', 'lon'] as const;
export type StoreColumn = (typeof storeColumns)[number];
export const numbers: ReadonlySet<string> = new Set<StoreColumn>(['area_m2', 'free_m3', 'inbound_m3', 'storage_m3_day', 'free_days', 'lat', 'lon']);
export const changeable: ReadonlySet<string> = new Set<StoreColumn>(storeColumns.filter((c) => c !== 'lat' && c !== 'lon'));

export const storeColumnsOf = (heads: readonly string[], names: (c: StoreColumn | 'id') => readonly string[]) => cells.columnsOf(heads, (['id', ...storeColumns] as const).map((c) => [c, ...names(c)] as const));

type Words = Pick<FleetWords, 'classes' | 'places' | 'yes'>;

/** The cells of a warehouse as the service has it; room is what it shares today. */
export function cellsOf(w: Warehouse, room: number, words: Words): Record<StoreColumn, string> {
  return {
    name: w.name ?? '', public: w.public ? words.yes : '', area_m2: String(w.area_m2), free_m3: String(room), inbound_m3: String(w.inbound_m3 ?? ''), storage_m3_day: String(w.storage_m3_day ?? ''),
    free_days: String(w.free_days ?? 0), storage_tiers: (w.storage_tiers ?? []).map((x) => `${x.from_day}: ${x.m3_day}`).join('; '), classes: (w.classes ?? []).map((c) => words.classes.name(c)).join(', '),
    gateways: (w.gateways ?? []).map((g) => `${g.place} ${g.hours}/${g.rate_m3}`).join('; '), markets: (w.markets ?? []).map((m) => `${m.id} ${m.hours}/${m.rate_m3}`).join('; '),
    closed: w.closed ? words.yes : '', lat: String(w.lat), lon: String(w.lon),
  };
}

export type Faults = Partial<Record<StoreColumn, string>>;
const parts = (s: string) => s.split(/[;；\n]+/).map((x) => x.trim()).filter((x) => x !== '');

/** read makes of a row, or of its edited columns alone, what is said to the service, or tells what is wrong. */
export function read(row: Cells, edited: ReadonlySet<string> | null, words: Words, markets: cells.Choices): { patch: WarehousePatch & { lat?: number; lon?: number }; faults: null } | { patch: null; faults: Faults } {
  const faults: Faults = {};
  const patch: WarehousePatch & { lat?: number; lon?: number } = {};
  const has = (c: StoreColumn) => (edited ? edited.has(c) : true);
  const text = (c: StoreColumn) => (row[c] ?? '').trim();
  if (has('name')) {
    if (text('name') === '') faults.name = 'required';
    else patch.name = text('name').slice(0, 200);
  }
  for (const c of ['public', 'closed'] as const) {
    if (!has(c) || (!edited && c === 'closed')) continue;
    const x = text(c) === '' && !edited ? true : cells.bool(text(c)); // a new one is public
    if (x === null) faults[c] = 'yesno';
    else patch[c] = x;
  }
  for (const c of ['area_m2', 'free_m3', 'inbound_m3', 'storage_m3_day', 'free_days', 'lat', 'lon'] as const) {
    if (!has(c) || (text(c) === '' && (c === 'lat' || c === 'lon'))) continue; // where its gateway is
    const x = text(c) === '' && c === 'free_days' ? 0 : cells.number(text(c));
    if (x === null) faults[c] = text(c) === '' ? 'required' : 'number';
    else if (x < 0 && c !== 'lat' && c !== 'lon') faults[c] = 'nonneg';
    else if (Math.abs(x) > (c === 'lat' ? 90 : c === 'lon' ? 180 : c === 'free_days' ? 3660 : 1e9)) faults[c] = 'large';
    else if (c === 'free_days' && !Number.isInteger(x)) faults[c] = 'wholenumber';
    else patch[c] = x;
  }
  if (has('storage_tiers')) {
    patch.storage_tiers = [];
    for (const s of parts(text('storage_tiers'))) {
      const m = /^(\d{1,4})\s*[:：]\s*(.+)$/.exec(s);
      const rate = m && cells.number(m[2]!);
      const last = patch.storage_tiers.at(-1)?.from_day ?? 0;
      if (!m || rate === null || rate < 0 || Number(m[1]) <= last) faults.storage_tiers = 'tiers';
      else patch.storage_tiers.push({ from_day: Number(m[1]), m3_day: rate });
    }
  }
  if (has('classes')) {
    const found = words.classes.findAll(text('classes'));
    if (found.includes(null)) faults.classes = 'unknown';
    patch.classes = found.filter((c) => c !== null);
    if (patch.classes.length === 0) patch.classes = ['general'];
  }
  const reaches = (c: 'gateways' | 'markets', of: cells.Choices) => {
    const list = parts(text(c)).map((s) => {
      const m = /^(.+?)\s+([\d.]+)\s*\/\s*([\d.]+)$/.exec(s.normalize('NFKC'));
      const [id, hours, rate_m3] = [m && (of.find(m[1]!) ?? (c === 'markets' && /^[A-Z]{2}(-\w+)?$/.test(m[1]!) ? m[1]! : null)), cells.number(m?.[2] ?? ''), cells.number(m?.[3] ?? '')];
      if (!m || hours === null || rate_m3 === null) faults[c] = 'reach';
      else if (!id) faults[c] = 'unknown';
      return { id: id ?? '', hours: hours ?? 0, rate_m3: rate_m3 ?? 0 };
    });
    if (list.length === 0) faults[c] = 'required';
    return list;
  };
  if (has('gateways')) patch.gateways = reaches('gateways', words.places).map(({ id, ...x }) => ({ place: id, ...x }));
  if (has('markets')) patch.markets = reaches('markets', markets);
  return Object.keys(faults).length > 0 ? { patch: null, faults } : { patch, faults: null };
}

/** complete makes a warehouse of a whole row; it stands where its first gateway is, if the row does not say. */
export function complete(p: WarehousePatch & { lat?: number; lon?: number }, gate: Place | null | undefined): NewWarehouse {
  const { free_m3, closed: _, ...rest } = p;
  return { ...rest, country: gate?.country ?? '', lat: p.lat ?? gate?.lat ?? 0, lon: p.lon ?? gate?.lon ?? 0, capacity_m3: free_m3 ?? 0 } as NewWarehouse;
}
