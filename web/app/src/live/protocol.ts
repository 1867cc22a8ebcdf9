// What the service and the page say to each other. Volumes are m3, masses kg, distances km, money in the plan's
// currency, times RFC 3339 in UTC. A field that the service may leave out is optional here.

export type Role = 'firm' | 'exporter' | 'commission';
export type Mode = 'sea' | 'air' | 'rail' | 'road' | 'post';

export interface Me {
  role: Role;
  org: string;
  name: string;
  user?: string;
  level?: 'reader' | 'editor' | 'admin';
}

export interface Place {
  id: string;
  name?: string;
  name_zh?: string;
  name_en?: string;
  kind?: string;
  country?: string;
  lat: number;
  lon: number;
}

/** A strait or canal. Where closed, ships find it shut from since until until, or for an unknown time. */
export interface Passage {
  id: string;
  name_zh: string;
  name_en: string;
  lat: number;
  lon: number;
  closed: boolean;
  reason?: string;
  since?: string;
  until?: string;
}

export interface Lane {
  id: string;
  from: string;
  to: string;
  mode: Mode;
  distance_km: number;
  passages: string[];
  line: { type: 'MultiLineString'; coordinates: [number, number][][] };
}

export interface Rate {
  per: 'm3' | 'kg';
  amount: number;
  kg_per_m3: number;
}

export interface Position {
  lat: number;
  lon: number;
  speed_knots?: number;
  course_deg?: number;
  at: string;
}

/** What shut passages do to a departure: hours later at its end, and carried_hours later from its cutoff on by earlier legs. */
export interface Diversion {
  passages: string[];
  reason?: string;
  km: number;
  hours: number;
  carried_hours: number;
  blocked: boolean; // no way is left: it does not run
  turned?: string;
}

export interface Departure {
  id: string;
  lane: string;
  mode: Mode;
  carrier?: string;
  voyage?: string;
  vessel?: string;
  from: string;
  to: string;
  cutoff: string;
  depart: string;
  arrive: string;
  planned_cutoff: string;
  planned_depart: string;
  planned_arrive: string;
  capacity_m3: number;
  capacity_kg: number;
  rate?: Rate; // to its carrier and to exporters
  co2e_kg_per_t?: number;
  classes?: string[] | null;
  delay_hours: number;
  delay_reason?: string;
  cancelled: boolean;
  cancel_reason?: string;
  revision?: string; // of what its carrier says of it
  diversion?: Diversion;
  booked_m3?: number;
  booked_kg?: number;
  position?: Position | null;
}

export interface Warehouse {
  id: string;
  name?: string;
  operator?: string;
  country?: string;
  lat: number;
  lon: number;
  area_m2: number;
  public: boolean;
  capacity_m3: number | number[];
  capacity_from?: string;
  classes?: string[] | null;
  inbound_m3?: number; // this and the other rates: to its operator and to exporters
  storage_m3_day?: number;
  free_days?: number;
  storage_tiers?: { from_day: number; m3_day: number }[];
  revision?: string; // of what its operator says of it
  gateways?: { place: string; hours: number; rate_m3?: number }[] | null;
  markets?: { id: string; hours: number; rate_m3?: number }[] | null;
  closed: boolean;
  close_reason?: string;
}

/** What an exporter asks for; also the body of POST /api/requests and /api/quotes. */
export interface RequestBody {
  origin: string;
  market: string;
  class: string;
  goods?: string;
  hs_code?: string;
  volume_m3: number;
  weight_kg: number;
  ready: string;
  due: string;
  storage_days: number;
  drawdown: 'none' | 'linear';
  modes?: Mode[];
  whole: boolean;
  value: number;
  time_cost_m3_day?: number;
  co2e_price_t?: number;
  repeat?: { every: 'week' | 'month'; paused?: boolean; series?: string; n?: number };
}

export interface Request extends Partial<Omit<RequestBody, 'market' | 'class' | 'volume_m3'>> {
  id: string;
  exporter?: string;
  market: string;
  class: string;
  volume_m3: number;
  submitted_at?: string;
  withdrawn?: boolean;
  booked_share?: number;
}

export interface Assignment {
  request: string;
  fraction: number;
  departures: string[];
  gateway: string;
  warehouse: string;
  arrive: string;
  cost?: number; // of the fraction; left out where it is not the viewer's
}

export interface Relaxation {
  kind: 'due' | 'ready' | 'modes' | 'value' | 'split' | 'm3';
  hours?: number;
  modes?: Mode[];
  value?: number;
  m3?: number;
  part?: number; // of the request, in all; left out: all of it
  smallest?: boolean;
}

export interface Reason {
  code: string;
  message?: string;
  departure?: string;
  warehouse?: string;
  day?: number;
  place?: string;
  relaxation?: Relaxation | null;
}

export interface Match {
  request: string;
  parts: Assignment[] | null;
  unmatched: number;
  reason?: Reason | null;
}

/** Where a booking is in its life. */
export type BookingState = 'QUOTED' | 'HELD' | 'CONFIRMED' | 'PENDING_AMENDMENT' | 'IN_TRANSIT' | 'STORED' | 'COMPLETED' | 'CANCELLED' | 'EXPIRED';

export interface Booking {
  booking: string;
  request: string;
  exporter?: string;
  volume_m3: number;
  weight_kg: number;
  parts: Assignment[] | null;
  status: BookingState;
  price: number;
  expires?: string | null; // of a quote or a hold
  cancelled: boolean; // it is CANCELLED or EXPIRED
  disruptions?: string[] | null;
  history?: { status: BookingState; at: string; reasons?: string[] | null }[] | null;
}

/** One market in figures; null where fewer than three exporters make the figure up. */
export interface Market {
  id: string;
  requests: number | null;
  exporters: number | null;
  asked_m3: number | null;
  matched_m3: number | null;
  cost: number | null;
}

export interface Load {
  id: string;
  m3: number | null;
  kg?: number | null;
  owners: number | null;
  booked_m3?: number | null; // of a departure: held and booked
}

export interface Plan {
  epoch: number | string;
  version: number;
  solved_at: string;
  status: string;
  objective: number | null; // this and the other sums: null while fewer than three exporters make them up
  bound: number | null;
  gap: number;
  seconds: number;
  currency: string;
  start: string;
  days: number;
  requests: number | null;
  matched: number | null;
  asked_m3: number | null;
  matched_m3: number | null;
  departure_prices?: { id: string; m3: number; kg: number }[] | null;
  warehouse_prices?: { id: string; day: number; m3: number }[] | null;
  steep?: { id: string; since: string }[]; // to the commission: bottlenecks
}

/** The kinds of entity that come in numbers, and the type of each. */
export interface Entities {
  place: Place;
  passage: Passage;
  lane: Lane;
  departure: Departure;
  warehouse: Warehouse;
  request: Request;
  match: Match;
  booking: Booking;
  market: Market;
  departure_load: Load;
  warehouse_load: Load;
}
export type Kind = keyof Entities;
export const kinds: readonly Kind[] = [
  'place', 'passage', 'lane', 'departure', 'warehouse', 'request', 'match', 'booking', 'market', 'departure_load', 'warehouse_load',
];

export interface Snapshot {
  type: 'snapshot';
  epoch: string;
  seq: number;
  entities: { [K in Kind]?: Entities[K][] | null } & { plan?: Plan | null };
}

export interface Change {
  kind: Kind | 'plan';
  id: string;
  value: unknown;
}

export interface Changes {
  type: 'changes';
  epoch: string;
  prev: number;
  seq: number;
  trace?: string; // traceparent of a batch that is traced
  changes: Change[];
}

export interface Positions {
  type: 'positions';
  at: string;
  positions: ({ id: string } & Position)[];
}

export interface Heartbeat {
  type: 'heartbeat';
  at: string;
}

export type ServerMessage = Snapshot | Changes | Positions | Heartbeat;

/** keyOf says under which id an entity of a kind is kept. */
export function keyOf<K extends Kind>(kind: K, value: Entities[K]): string {
  switch (kind) {
    case 'match':
      return (value as Match).request;
    case 'booking':
      return (value as Booking).booking;
    default:
      return (value as { id: string }).id;
  }
}
