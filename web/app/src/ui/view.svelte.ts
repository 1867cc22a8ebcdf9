import type { RequestBody } from '../live/protocol';

export type Picked = { kind: 'departure' | 'warehouse' | 'place' | 'lane' | 'passage'; id: string };
export type Tab = 'requests' | 'ask' | 'departures' | 'warehouses' | 'publish' | 'overview' | 'bottlenecks' | 'passages' | 'whatif' | 'events';

/** View is what the viewer looks at: nothing of it comes from the service. */
class View {
  tab = $state<Tab | null>(null);
  /** What the card on the map shows. */
  picked = $state<Picked | null>(null);
  /** The request whose itinerary is open, in the panel and on the map. */
  request = $state<string | null>(null);
  /** What a new request starts from, if it is made like an older one. */
  draft = $state<Partial<RequestBody> | null>(null);
  /** False once it is known that this browser cannot draw the map. */
  webgl = $state(true);

  pick(kind: Picked['kind'], id: string): void {
    this.picked = { kind, id };
  }

  open(request: string | null): void {
    this.request = request;
    if (request) this.picked = null;
  }
}

export const view = new View();
