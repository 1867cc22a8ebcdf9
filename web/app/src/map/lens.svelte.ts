import type { Mode } from '../live/protocol';

/** Colour is what the lanes' colour tells: how one travels, how full the week's departures are, what one more m3 is worth. */
export type Colour = 'mode' | 'load' | 'worth';
export const colours: readonly Colour[] = ['mode', 'load', 'worth'];

const modes: readonly string[] = ['sea', 'air', 'rail', 'road', 'post'];
const ours = ['when', 'lanes', 'market', 'mode', 'firm', 'class', 'globe', 'table'] as const;

/** Shown is what a link to the map says. Empty strings filter nothing. */
export interface Shown {
  when: number | null; // ms; null is now
  lanes: Colour;
  market: string;
  mode: Mode | '';
  firm: string;
  cargo: string;
  globe: boolean;
  table: boolean;
}

/** read takes from a query what it understands, and leaves the rest at its default. */
export function read(query: string): Shown {
  const q = new URLSearchParams(query);
  const when = Date.parse(q.get('when') ?? '');
  const lanes = colours.find((c) => c === q.get('lanes'));
  const mode = q.get('mode') ?? '';
  return {
    when: Number.isNaN(when) ? null : when,
    lanes: lanes ?? 'mode',
    market: short(q.get('market')),
    mode: modes.includes(mode) ? (mode as Mode) : '',
    firm: short(q.get('firm')),
    cargo: short(q.get('class')),
    globe: q.get('globe') === '1',
    table: q.get('table') === '1',
  };
}

const short = (s: string | null) => (s ?? '').slice(0, 120);

/** write puts what is shown into a query beside what others keep there. */
export function write(query: string, s: Shown): string {
  const q = new URLSearchParams(query);
  for (const name of ours) q.delete(name);
  const set = (name: (typeof ours)[number], value: string) => value && q.set(name, value);
  set('when', s.when === null ? '' : new Date(s.when).toISOString().slice(0, 16) + 'Z');
  set('lanes', s.lanes === 'mode' ? '' : s.lanes);
  set('market', s.market);
  set('mode', s.mode);
  set('firm', s.firm);
  set('class', s.cargo);
  set('globe', s.globe ? '1' : '');
  set('table', s.table ? '1' : '');
  const text = q.toString();
  return text ? `?${text}` : '';
}

/** Lens is how one looks at the map: which time, which part, in what colours. Its state stands in the page's address. */
class Lens {
  when = $state<number | null>(null);
  playing = $state(false);
  lanes = $state<Colour>('mode');
  market = $state('');
  mode = $state<Mode | ''>('');
  firm = $state('');
  cargo = $state('');
  globe = $state(false);
  table = $state(false);
  filtered = $derived(this.market !== '' || this.mode !== '' || this.firm !== '' || this.cargo !== '');

  take(shown: Shown): void {
    Object.assign(this, shown);
  }

  shown(): Shown {
    const { when, lanes, market, mode, firm, cargo, globe, table } = this;
    return { when: this.playing ? null : when, lanes, market, mode, firm, cargo, globe, table };
  }

  clear(): void {
    this.market = this.mode = this.firm = this.cargo = '';
  }
}

export const lens = new Lens();
