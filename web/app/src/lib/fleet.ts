import type { DeparturePatch, NewDeparture } from '../live/api';
import type { Departure, Mode } from '../live/protocol';
import * as cells from './cells';
import type { Cells } from './sheet';

// The columns of a firm's timetable, how its cells are read, and what a changed row asks of the service.

export const fleetColumns = ['mode', 'vessel', 'voyage', 'from', 'to', 'cutoff', 'depart', 'arrive', 'capacity_m3', 'capacity_kg', 'per', 'amount', 'kg_per_m3', 'classes', 'delay_hours', 'cancelled'] as const;
export type FleetColumn = (typeof fleetColumns)[number];

/** What a published departure lets its carrier change; all else is laid down. */
export const changeable: ReadonlySet<string> = new Set<FleetColumn>(['capacity_m3', 'capacity_kg', 'per', 'amount', 'kg_per_m3', 'delay_hours', 'cancelled']);

const aliases: Partial<Record<FleetColumn, readonly string[]>> = {
  mode: ['运输方式', 'transport'], vessel: ['船名', '航班号', 'ship', 'flight'], voyage: ['航次', '航次号', 'voyage no'], from: ['起运港', '起运地', 'pol', 'origin'], to: ['目的港', '目的地', 'pod', 'destination'],
  cutoff: ['截单', '截关', 'cut off', 'closing'], depart: ['离港', '开航', 'etd', 'departure'], arrive: ['到港', '抵港', 'eta', 'arrival'], capacity_m3: ['舱位', 'm3', 'cbm', 'capacity'], capacity_kg: ['载重', 'kg', 'payload'],
  per: ['计费单位', 'charged by'], amount: ['运价', 'rate', 'price'], kg_per_m3: ['换算', 'density'], classes: ['货类', 'cargo classes'], delay_hours: ['延误', '延误小时', 'delay', 'hours late'], cancelled: ['取消', 'blank'],
};

export const fleetColumnsOf = (heads: readonly string[], names: (c: FleetColumn | 'id') => readonly string[]) =>
  cells.columnsOf(heads, (['id', ...fleetColumns] as const).map((c) => [c, ...(c === 'id' ? [] : (aliases[c] ?? [])), ...names(c)] as const));

/** How choices are read, and written so that they can be read again. */
export interface FleetWords {
  modes: cells.Choices;
  pers: cells.Choices;
  classes: cells.Choices;
  places: cells.Choices;
  yes: string;
}

/** The cells of a departure as the service has it. */
export function cellsOf(d: Departure, w: FleetWords): Record<FleetColumn, string> {
  return {
    mode: w.modes.name(d.mode), vessel: d.vessel ?? '', voyage: d.voyage ?? '', from: d.from, to: d.to,
    cutoff: cells.stamp(d.planned_cutoff), depart: cells.stamp(d.planned_depart), arrive: cells.stamp(d.planned_arrive),
    capacity_m3: String(d.capacity_m3), capacity_kg: String(d.capacity_kg), per: d.rate ? w.pers.name(d.rate.per) : '', amount: String(d.rate?.amount ?? ''), kg_per_m3: String(d.rate?.kg_per_m3 ?? ''),
    classes: (d.classes ?? []).map((c) => w.classes.name(c)).join(', '), delay_hours: String(d.delay_hours), cancelled: d.cancelled ? w.yes : '',
  };
}

export type FleetFault = 'required' | 'number' | 'nonneg' | 'positive' | 'large' | 'time' | 'times' | 'unknown' | 'yesno' | 'differ';
type Faults = Partial<Record<FleetColumn, FleetFault>>;

function amount(row: Cells, c: FleetColumn, least: number, top: number, faults: Faults, usual: number | null = null): number {
  const s = (row[c] ?? '').trim();
  const x = s === '' ? usual : cells.number(s);
  if (x === null) faults[c] = s === '' ? 'required' : 'number';
  else if (x < least) faults[c] = least === 0 ? 'nonneg' : 'number';
  else if (x > top) faults[c] = 'large';
  return x ?? 0;
}

function choice(row: Cells, c: FleetColumn, of: cells.Choices, usual: string | null, faults: Faults): string {
  const s = (row[c] ?? '').trim();
  const found = s === '' ? usual : of.find(s);
  if (found === null) faults[c] = s === '' ? 'required' : 'unknown';
  return found ?? '';
}

function rate(row: Cells, w: FleetWords, air: boolean, faults: Faults): NewDeparture['rate'] {
  const per = choice(row, 'per', w.pers, air ? 'kg' : 'm3', faults) as 'm3' | 'kg';
  const kg = amount(row, 'kg_per_m3', 0, 1e6, faults, air ? 166.67 : 1000);
  if (!faults.kg_per_m3 && kg === 0) faults.kg_per_m3 = 'positive';
  return { per, amount: amount(row, 'amount', 0, 1e9, faults), kg_per_m3: kg };
}

/** readNew makes a departure of a row, or says what is wrong with it. */
export function readNew(row: Cells, w: FleetWords): { body: NewDeparture; faults: null } | { body: null; faults: Faults } {
  const faults: Faults = {};
  const mode = choice(row, 'mode', w.modes, 'sea', faults) as Mode;
  const moment = (c: 'cutoff' | 'depart' | 'arrive', usual: string | null) => {
    const s = (row[c] ?? '').trim();
    const at = s === '' ? usual : cells.time(s);
    if (at === null) faults[c] = s === '' ? 'required' : 'time';
    return at ?? '';
  };
  const depart = moment('depart', null);
  // What is usual: cargo is there a day before a ship sails, six hours before an aircraft leaves.
  const cutoff = moment('cutoff', depart ? new Date(Date.parse(depart) - (mode === 'air' ? 6 : 24) * 3_600_000).toISOString() : '');
  const arrive = moment('arrive', null);
  if (depart && cutoff > depart) faults.cutoff = 'times';
  if (depart && arrive && arrive <= depart) faults.arrive = 'times';
  const from = choice(row, 'from', w.places, null, faults);
  const to = choice(row, 'to', w.places, null, faults);
  if (from && from === to) faults.to = 'differ';
  const found = w.classes.findAll(row.classes ?? '');
  if (found.includes(null)) faults.classes = 'unknown';
  const classes = found.filter((c) => c !== null);
  const body: NewDeparture = {
    mode, ...(row.vessel?.trim() ? { vessel: row.vessel.trim() } : {}), ...(row.voyage?.trim() ? { voyage: row.voyage.trim() } : {}),
    from, to, cutoff, depart, arrive, capacity_m3: amount(row, 'capacity_m3', 0, 1e9, faults), capacity_kg: amount(row, 'capacity_kg', 0, 1e12, faults),
    rate: rate(row, w, mode === 'air', faults), classes: classes.length > 0 ? classes : ['general'],
  };
  return Object.keys(faults).length > 0 ? { body: null, faults } : { body, faults: null };
}

/** readChange makes of a row and its edited columns what is to be changed, or says what is wrong. */
export function readChange(row: Cells, edited: ReadonlySet<string>, mode: Mode, w: FleetWords): { patch: DeparturePatch; faults: null } | { patch: null; faults: Faults } {
  const faults: Faults = {};
  const patch: DeparturePatch = {};
  if (edited.has('capacity_m3') || edited.has('capacity_kg')) {
    patch.capacity_m3 = amount(row, 'capacity_m3', 0, 1e9, faults);
    patch.capacity_kg = amount(row, 'capacity_kg', 0, 1e12, faults);
  }
  if (edited.has('per') || edited.has('amount') || edited.has('kg_per_m3')) patch.rate = rate(row, w, mode === 'air', faults);
  if (edited.has('delay_hours')) patch.delay_hours = amount(row, 'delay_hours', -744, 744, faults, 0);
  if (edited.has('cancelled')) {
    const x = cells.bool(row.cancelled ?? '');
    if (x === null) faults.cancelled = 'yesno';
    else patch.cancelled = x;
  }
  return Object.keys(faults).length > 0 ? { patch: null, faults } : { patch, faults: null };
}
