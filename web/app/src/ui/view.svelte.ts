import type { Assignment, RequestBody } from '../live/protocol';

export type Picked = { kind: 'departure' | 'warehouse' | 'place' | 'lane' | 'passage'; id: string };
export type Tab = 'requests' | 'ask' | 'orders' | 'fleet' | 'departures' | 'warehouses' | 'publish' | 'overview' | 'bottlenecks' | 'passages' | 'whatif' | 'events';

/** View is what the viewer looks at: nothing of it comes from the service. */
class View {
  tab = $state<Tab | null>(null);
  /** What the card on the map shows. */
  picked = $state<Picked | null>(null);
  /** The request whose itinerary is open, in the panel and on the map. */
  request = $state<string | null>(null);
  /** What a new request starts from, if it is made like an older one. */
  draft = $state<Partial<RequestBody> | null>(null);
  /** A quote whose route is on the map. */
  way = $state<Pick<Assignment, 'departures' | 'gateway' | 'warehouse' | 'arrive'> | null>(null);
  /** Whether the list of commands is open. */
  palette = $state(false);
  /** False once it is known that this browser cannot draw the map. */
  webgl = $state(true);

  pick(kind: Picked['kind'], id: string): void {
    this.picked = { kind, id };
  }

  open(request: string | null): void {
    this.request = request;
    if (request) this.picked = null;
  }

  /** show goes to a tab, and leaves what is open on another. */
  show(tab: Tab): void {
    this.tab = tab;
    this.request = null;
  }

  /** The view as the address names it: #/tab, #/tab/request, ?kind=id for the card on the map. */
  get link(): string {
    const path = [this.tab ?? '', ...(this.request ? [this.request] : [])].map(encodeURIComponent).join('/');
    const card = this.picked ? `?${this.picked.kind}=${encodeURIComponent(this.picked.id)}` : '';
    return path || card ? `#/${path}${card}` : '';
  }

  follow(link: string): void {
    const [path = '', query = ''] = link.replace(/^#\/?/, '').split('?');
    try {
      const [tab, request] = path.split('/').map(decodeURIComponent);
      this.tab = (tab as Tab) || null;
      this.request = request || null;
      const [kind, id] = query.split('=').map(decodeURIComponent);
      this.picked = id && kinds.has(kind ?? '') ? { kind: kind as Picked['kind'], id } : null;
    } catch {
      // An address that somebody cut: it names nothing.
    }
  }
}

const kinds = new Set<string>(['departure', 'warehouse', 'place', 'lane', 'passage'] satisfies Picked['kind'][]);

export const view = new View();
