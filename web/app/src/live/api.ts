import { calls } from './calls';
import type { Assignment, Me, Mode, RequestBody } from './protocol';

/** Problem is an RFC 9457 answer. Errors name the place in the body, e.g. "body.volume_m3". */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly fields: ReadonlyMap<string, string>;

  constructor(status: number, body: { title?: string; detail?: string; errors?: { message?: string; location?: string }[] | null }) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.title = body.title ?? '';
    const fields = new Map<string, string>();
    for (const error of body.errors ?? []) {
      const field = (error.location ?? '').replace(/^body\.?/, '');
      if (!fields.has(field)) fields.set(field, error.message ?? '');
    }
    this.fields = fields;
  }
}

/** key makes an Idempotency-Key: a command sent twice with one key happens once. */
export function key(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

// What a proxy, or a service that stops or cannot say what became of a command, answers: the same again may do.
const passing: readonly number[] = [502, 503, 504];

/**
 * call asks the API. A command that happens once however often it is sent (one with an Idempotency-Key, or one that
 * sets a fact) outlives a lost connection: it is sent again until it is answered, or dropped by the person.
 */
async function call<T>(method: string, path: string, body?: unknown, idempotency?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (idempotency) headers['Idempotency-Key'] = idempotency;
  const request: RequestInit = { method, headers, credentials: 'same-origin', ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const once = method === 'PUT' || method === 'PATCH' || method === 'DELETE' || idempotency !== undefined;
  const under = calls.begin();
  try {
    for (let n = 0; ; n++) {
      const answer = await fetch(path, request).catch(() => null);
      if (once && (!answer || passing.includes(answer.status)) && (await calls.again(under, n))) continue;
      if (!answer) throw new Problem(0, {});
      return await read<T>(answer);
    }
  } finally {
    calls.end(under);
  }
}

async function read<T>(answer: Response): Promise<T> {
  let json: unknown;
  try {
    const text = await answer.text();
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    json = {};
  }
  if (!answer.ok) throw new Problem(answer.status, json as ConstructorParameters<typeof Problem>[1]);
  return json as T;
}

const path = encodeURIComponent;

export interface Quote extends Pick<Assignment, 'departures' | 'gateway' | 'warehouse' | 'arrive'> {
  cost: number;
  items?: { kind: string; name: string; amount: number }[] | null;
  room_price?: number;
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
  gateways: { place: string; hours: number; rate_m3: number }[];
  markets: { id: string; hours: number; rate_m3: number }[];
}

export type DeparturePatch =
  | { delay_hours: number; reason?: string }
  | { cancelled: boolean; reason?: string }
  | { capacity_m3: number; capacity_kg: number };

export const api = {
  me: () => call<Me>('GET', '/api/me'),
  quote: (r: RequestBody) => call<{ quotes?: Quote[] | null }>('POST', '/api/quotes', r),
  submit: (r: RequestBody, k: string) => call<{ id: string }>('POST', '/api/requests', r, k),
  withdraw: (id: string) => call<unknown>('DELETE', `/api/requests/${path(id)}`),
  book: (id: string, status: 'HELD' | 'CONFIRMED', k: string) => call<{ booking: string }>('POST', `/api/requests/${path(id)}/bookings`, { status }, k),
  hold: (id: string, k: string) => call<unknown>('POST', `/api/bookings/${path(id)}/hold`, undefined, k),
  confirm: (id: string, k: string) => call<unknown>('POST', `/api/bookings/${path(id)}/confirm`, undefined, k),
  unbook: (id: string, k: string) => call<unknown>('DELETE', `/api/bookings/${path(id)}`, undefined, k),
  alternatives: (id: string) => call<{ quotes?: Quote[] | null }>('GET', `/api/bookings/${path(id)}/alternatives`),
  rebook: (id: string, q: Quote, k: string) =>
    call<unknown>('POST', `/api/bookings/${path(id)}/rebook`, { departures: q.departures, gateway: q.gateway, warehouse: q.warehouse, cost: q.cost }, k),
  publishDeparture: (d: NewDeparture, k: string) => call<{ id: string }>('POST', '/api/departures', d, k),
  changeDeparture: (id: string, p: DeparturePatch) => call<unknown>('PATCH', `/api/departures/${path(id)}`, p),
  closePassage: (id: string, reason: string, until: string | null) =>
    call<unknown>('POST', `/api/passages/${path(id)}/close`, { reason, ...(until ? { until } : {}) }),
  reopenPassage: (id: string) => call<unknown>('POST', `/api/passages/${path(id)}/reopen`),
  publishWarehouse: (w: NewWarehouse, k: string) => call<{ id: string }>('POST', '/api/warehouses', w, k),
  setOccupancy: (id: string, free_m3: number) =>
    call<unknown>('PUT', `/api/warehouses/${path(id)}/occupancy`, { free_m3 }),
};

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
