import { calls } from './calls';
import type { Assignment, BookingState, Me, Mode, Relaxation, RequestBody } from './protocol';

const typed = 'urn:haihe:problem:';

/** What is wrong with a field: in the service's English, and by its kind, or "", with what that is filled with. */
export interface Fault {
  message: string;
  code: string;
  params: Readonly<Record<string, string>>;
}

/** Problem is an RFC 9457 answer. Errors name the place in the body, e.g. "body.volume_m3"; code, or "", says which of the problems that the page words itself. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly fields: ReadonlyMap<string, Fault>;
  /** Of a quote that cannot be had any more. */
  readonly changed: Obstacle | undefined;
  readonly quotes: Quote[] | undefined;

  constructor(status: number, body: { type?: string; changed?: Obstacle; quotes?: Quote[]; title?: string; detail?: string; errors?: (Partial<Fault> & { location?: string })[] | null }) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.title = body.title ?? '';
    this.code = body.type?.startsWith(typed) ? body.type.slice(typed.length) : '';
    this.changed = body.changed;
    this.quotes = body.quotes;
    const fields = new Map<string, Fault>();
    for (const { location = '', message = '', code = '', params = {} } of body.errors ?? []) {
      // What is missing is told of the object that lacks it.
      const field = [location.replace(/^body\.?/, ''), (code === 'required' && params.field) || ''].filter((x) => x !== '').join('.');
      if (!fields.has(field)) fields.set(field, { message, code, params });
    }
    this.fields = fields;
  }
}

/** key makes an Idempotency-Key: a command sent twice with one key happens once. */
export function key(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

interface Extra {
  match?: string | undefined; // the revision that a change is made from
  signal?: AbortSignal | undefined;
  /** The caller sees to a lost connection itself. */
  once?: boolean;
  /** A POST that may be sent twice: it says how a thing is to be, or only reads. */
  sets?: boolean;
}

// What a proxy, or a service that stops or cannot say what became of a command, answers: the same again may do.
const passing: readonly number[] = [502, 503, 504];

/**
 * send asks the API. A command that happens once however often it is sent (one with an Idempotency-Key, or one that
 * sets a fact) outlives a lost connection: it is sent again until it is answered, or dropped by the person.
 */
async function send(method: string, path: string, body?: unknown, idempotency?: string, x: Extra = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const file = body instanceof Blob;
  if (body !== undefined) headers['Content-Type'] = file ? 'application/octet-stream' : 'application/json';
  if (idempotency) headers['Idempotency-Key'] = idempotency;
  if (x.match) headers['If-Match'] = `"${x.match}"`;
  const request: RequestInit = { method, headers, credentials: 'same-origin' };
  if (x.signal) request.signal = x.signal;
  if (body !== undefined) request.body = file ? body : JSON.stringify(body);
  const again = !x.once && (method === 'PUT' || method === 'PATCH' || method === 'DELETE' || x.sets || idempotency !== undefined);
  const under = calls.begin();
  try {
    for (let n = 0; ; n++) {
      // An answer counts once it is here whole: a connection can break off in the middle of it.
      const answer = await fetch(path, request).then(async (a) => new Response(a.status === 204 ? null : await a.arrayBuffer(), a)).catch((e: unknown) => {
        if (x.signal?.aborted) throw e;
        return null;
      });
      if (again && (!answer || passing.includes(answer.status)) && (await calls.again(under, n))) continue;
      // Whoever gives up a command knows not what became of it.
      if (!answer) throw new Problem(0, again ? { type: `${typed}unknown` } : {});
      return answer;
    }
  } finally {
    calls.end(under);
  }
}

export async function call<T>(method: string, path: string, body?: unknown, idempotency?: string, extra: Extra = {}): Promise<T> {
  const answer = await send(method, path, body, idempotency, extra);
  const text = await answer.text();
  let json: unknown;
  try {
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    json = {};
  }
  if (!answer.ok) throw new Problem(answer.status, json as ConstructorParameters<typeof Problem>[1]);
  return json as T;
}

const path = encodeURIComponent;

export interface Quote extends Pick<Assignment, 'departures' | 'gateway' | 'warehouse' | 'arrive'> {
  id?: string; // to take it by, where all of it can go this way
  expires?: string;
  share: number; // of the request that there is room for
  cost: number;
  items?: { kind: string; name: string; amount: number }[] | null;
  room_price?: number;
  co2e_kg?: number;
  /** How likely it arrives in time, by how many departures gone by. */
  on_time?: { share: number; observed: number; spare_hours: number };
}

/** Why a way cannot be had any more. */
export interface Obstacle {
  kind: 'gone' | 'cutoff' | 'connection' | 'late' | 'room' | 'closed' | 'storage' | 'request';
  departure?: string;
  warehouse?: string;
  day?: string;
  left_m3?: number;
  need_m3?: number;
  arrive?: string;
}

export interface Offers {
  quotes: Quote[];
  helps: Relaxation[];
  plan_epoch: number;
  plan_version: number;
  as_of: string;
}

/** What became of one row of a batch: its id, or what is wrong. */
export interface RowOutcome {
  row: string;
  id?: string;
  status: number;
  detail?: string;
  errors?: (Partial<Fault> & { field: string })[] | null;
}

/** By which a request is asked again: it stands in the newest that it made. */
export interface Rule {
  request: string;
  every: 'week' | 'month';
  paused: boolean;
  made: number;
  goods?: string;
  market: string;
  volume_m3: number;
  asked: string;
  next_ready?: string;
  next_asked?: string;
}

export interface NewDeparture {
  mode: Mode;
  voyage?: string;
  vessel?: string;
  from: string;
  to: string;
  cutoff: string;
  depart: string;
  arrive: string;
  capacity_m3: number;
  capacity_kg: number;
  rate: { per: 'm3' | 'kg'; amount: number; kg_per_m3: number };
  classes: string[];
}

/** A change of a warehouse; what is left out stays. */
export type WarehousePatch = Partial<Omit<NewWarehouse, 'country' | 'lat' | 'lon' | 'capacity_m3'>> & { free_m3?: number; closed?: boolean };

/** What is held or booked on something of a firm's. */
export interface Booked {
  booking: string;
  status: BookingState;
  market?: string;
  class?: string;
  m3: number;
  kg: number;
  arrive?: string;
  days?: number;
}

export interface NewWarehouse {
  name: string;
  country: string;
  lat: number;
  lon: number;
  area_m2: number;
  public: boolean;
  capacity_m3: number;
  classes: string[];
  inbound_m3: number;
  storage_m3_day: number;
  free_days?: number;
  storage_tiers?: { from_day: number; m3_day: number }[];
  gateways: { place: string; hours: number; rate_m3: number }[];
  markets: { id: string; hours: number; rate_m3: number }[];
}

export type DeparturePatch =
  | { delay_hours: number; reason?: string }
  | { cancelled: boolean; reason?: string }
  | { capacity_m3?: number; capacity_kg?: number; rate?: NewDeparture['rate']; delay_hours?: number; cancelled?: boolean };

export const api = {
  me: () => call<Me>('GET', '/api/me'),
  quote: (r: RequestBody, signal?: AbortSignal) => call<Offers>('POST', '/api/quotes', r, undefined, { signal }),
  quotesOf: (id: string) => call<Offers>('GET', `/api/requests/${path(id)}/quotes`),
  /** take holds or books the way of a quote, with the request that was quoted where that is not there yet. Of one quote it happens once. */
  take: (quote: string, status: 'HELD' | 'CONFIRMED', request?: RequestBody) =>
    call<{ status: { request: string } }>('POST', '/api/bookings', { quote, status, request }, status + quote.slice(-43)),
  submitRows: (rows: { row: string; request: RequestBody }[], k: string) => call<{ rows: RowOutcome[] }>('POST', '/api/requests/batch', { rows }, k, { once: true }),
  readTable: (file: Blob) => call<{ rows: string[][] }>('POST', '/api/tables/read', file, undefined, { sets: true }),
  submit: (r: RequestBody, k: string) => call<{ id: string }>('POST', '/api/requests', r, k),
  amend: (id: string, r: RequestBody) => call<unknown>('PUT', `/api/requests/${path(id)}`, r),
  withdraw: (id: string) => call<unknown>('DELETE', `/api/requests/${path(id)}`),
  rules: () => call<Rule[]>('GET', '/api/repeats'),
  setRule: (id: string, every: Rule['every'], paused: boolean) => call<unknown>('PUT', `/api/requests/${path(id)}/repeat`, { every, paused }),
  endRule: (id: string) => call<unknown>('DELETE', `/api/requests/${path(id)}/repeat`),
  book: (id: string, status: 'HELD' | 'CONFIRMED', k: string) => call<{ booking: string }>('POST', `/api/requests/${path(id)}/bookings`, { status }, k),
  hold: (id: string, k: string) => call<unknown>('POST', `/api/bookings/${path(id)}/hold`, undefined, k),
  confirm: (id: string, k: string) => call<unknown>('POST', `/api/bookings/${path(id)}/confirm`, undefined, k),
  unbook: (id: string, k: string) => call<unknown>('DELETE', `/api/bookings/${path(id)}`, undefined, k),
  alternatives: (id: string) => call<{ quotes?: Quote[] | null }>('GET', `/api/bookings/${path(id)}/alternatives`),
  rebook: (id: string, q: Quote, k: string) =>
    call<unknown>('POST', `/api/bookings/${path(id)}/rebook`, { departures: q.departures, gateway: q.gateway, warehouse: q.warehouse, cost: q.cost }, k),
  publishDeparture: (d: NewDeparture, k: string) => call<{ id: string }>('POST', '/api/departures', d, k),
  changeDeparture: (id: string, p: DeparturePatch, revision?: string) => call<unknown>('PATCH', `/api/departures/${path(id)}`, p, undefined, { match: revision }),
  closePassage: (id: string, reason: string, until: string | null) =>
    call<unknown>('POST', `/api/passages/${path(id)}/close`, { reason, ...(until ? { until } : {}) }, undefined, { sets: true }),
  reopenPassage: (id: string) => call<unknown>('POST', `/api/passages/${path(id)}/reopen`, undefined, undefined, { sets: true }),
  publishWarehouse: (w: NewWarehouse, k: string) => call<{ id: string }>('POST', '/api/warehouses', w, k),
  changeWarehouse: (id: string, p: WarehousePatch, revision?: string) => call<unknown>('PATCH', `/api/warehouses/${path(id)}`, p, undefined, { match: revision }),
  booked: (of: 'departures' | 'warehouses', id: string) => call<Booked[]>('GET', `/api/${of}/${path(id)}/bookings`),
  freeDays: (id: string) => call<{ date: string; room_m3: number; free_m3: number }[]>('GET', `/api/warehouses/${path(id)}/history`),
  setOccupancy: (id: string, free_m3: number) =>
    call<unknown>('PUT', `/api/warehouses/${path(id)}/occupancy`, { free_m3 }),
};

/** tableFile makes a file of cells, for saving. */
export async function tableFile(rows: string[][], format: 'xlsx' | 'csv'): Promise<Blob> {
  const answer = await send('POST', `/api/tables/write?format=${format}`, { rows });
  if (!answer.ok) throw new Problem(answer.status, (await answer.json().catch(() => ({}))) as ConstructorParameters<typeof Problem>[1]);
  return answer.blob();
}
/** What stands in warehouses day by day from start, by the plan and by bookings, m3; null where fewer than three owners make a figure up. */
export interface Occupancy {
  start: string;
  warehouses: { id: string; m3: (number | null)[] }[];
  m3?: (number | null)[]; // of all warehouses, to the commission
  room_m3?: number[];
}
/** What is asked for to a market, by the week in which it is due; null is withheld. */
export interface Demand {
  market: string;
  weeks: { week: string; asked_m3: number | null; unserved_m3: number | null }[];
}
export const demand = () => call<Demand[]>('GET', '/api/demand');
export const occupancy = () => call<Occupancy>('GET', '/api/occupancy');

export interface LaneLoad {
  lane: string;
  week: string; // its Monday
  room_m3: number;
  m3: number | null;
}
export const laneLoads = () => call<LaneLoad[]>('GET', '/api/lane-loads');

/** What the log tells of a departure, oldest first. */
export interface Happened {
  at: string;
  what: 'scheduled' | 'delayed' | 'cancelled' | 'reinstated' | 'capacity' | 'rate';
  hours?: number;
  reason?: string;
  capacity_m3?: number;
}
export const happened = (departure: string) => call<Happened[]>('GET', `/api/departures/${path(departure)}/history`);

export interface Overlay {
  approval_number: string;
  geojson: GeoJSON.FeatureCollection | GeoJSON.Feature | GeoJSON.Geometry;
}

/** overlay is the approved border layer, or null while none is set. */
export async function overlay(): Promise<Overlay | null> {
  try {
    const answer = await fetch('/overlay/borders.json', { credentials: 'same-origin' });
    if (!answer.ok) return null;
    const body = (await answer.json()) as Partial<Overlay>;
    return body.approval_number && body.geojson ? (body as Overlay) : null;
  } catch {
    return null;
  }
}
