import { call } from '../live/api';

// What-ifs as the service has them. Figures are m3, days, hours, tonnes of CO2e and the plan's currency; null where fewer
// than three owners make them up.

export interface Pair {
  before: number;
  after: number;
}

export type ChangeKind = 'passage_shut' | 'passage_open' | 'service_added' | 'warehouse_changed' | 'port_strike' | 'demand_changed';

export interface Change {
  kind: ChangeKind;
  passage?: string;
  place?: string;
  warehouse?: string;
  market?: string;
  from?: string;
  until?: string;
  days?: number;
  factor?: number;
  public?: boolean;
  service?: { mode: 'sea' | 'air' | 'rail' | 'road'; calls: string[]; every_days?: number; capacity_m3?: number; capacity_kg?: number };
}

export interface Row {
  id: string;
  owners: number | null;
  asked_m3?: Pair | null;
  matched_m3: Pair | null;
  cost: Pair | null;
  days?: Pair | null;
  co2e_t?: Pair | null;
}

export interface LaneRow {
  from: string;
  to: string;
  mode: 'sea' | 'air' | 'rail' | 'road' | 'post';
  departures: Pair;
  room_m3: Pair;
  hours: Pair;
  price: Pair;
  owners: number | null;
  m3: Pair | null;
  co2e_t: Pair | null;
}

export interface Bottleneck {
  kind: 'departure' | 'warehouse';
  id: string;
  from?: string;
  to?: string;
  depart?: string;
  price: Pair;
}

export interface Sides {
  market?: string;
  gain: number | null;
  lose: number | null;
  same: number | null;
  gained: number | null;
  lost: number | null;
}

export type Total = 'objective' | 'cost' | 'unmatched' | 'asked_m3' | 'matched_m3' | 'requests' | 'matched' | 'days' | 'co2e_t' | 'regret';
export type Totals = Record<Total, Pair> & { lost: number; won: number; rerouted: number };

export interface Difference {
  currency: string;
  totals: Totals;
  markets: Row[];
  lanes: LaneRow[];
  bottlenecks: Bottleneck[];
  carriers: Row[];
  operators: Row[];
  exporters: Sides[];
  network: { gone: number; added: number; later: number; earlier: number; late_hours: number };
  shut: string[];
}

export type Status = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'unsolved';

export interface Summary {
  id: string;
  name: string;
  by: string;
  created_at: string;
  changes: Change[];
  status: Status;
  progress?: { step: number; steps: number; stage: string; phase?: string; regret: number; seconds: number };
  base_at?: string;
  solved_at?: string;
  seconds?: number;
  problem?: string;
  totals?: Totals;
}

export interface Scenario extends Summary {
  difference?: Difference;
}

const at = (id: string, rest = '') => `/api/scenarios/${encodeURIComponent(id)}${rest}`;

export const whatif = {
  list: () => call<Summary[]>('GET', '/api/scenarios'),
  get: (id: string) => call<Scenario>('GET', at(id)),
  create: (name: string, changes: Change[], k: string) => call<Scenario>('POST', '/api/scenarios', { name, changes }, k),
  run: (id: string) => call<Scenario>('POST', at(id, '/run'), undefined, undefined, { sets: true }),
  cancel: (id: string) => call<unknown>('POST', at(id, '/cancel'), undefined, undefined, { sets: true }),
  rename: (id: string, name: string) => call<unknown>('PATCH', at(id), { name }),
  remove: (id: string) => call<unknown>('DELETE', at(id)),
  file: (id: string, ext: 'csv' | 'xlsx' | 'geojson', lang: string) => `${at(id, `/difference.${ext}`)}?lang=${lang}`,
  lanes: (id: string, lang: string) => call<GeoJSON.FeatureCollection<GeoJSON.LineString | GeoJSON.MultiLineString>>('GET', `${at(id, '/difference.geojson')}?lang=${lang}`),
};

/** busy says whether a solve of it waits or runs. */
export const busy = (s: Summary) => s.status === 'waiting' || s.status === 'running';
export const by = (p: Pair) => p.after - p.before;
