import { pickedKinds, tabIds, type Narrowing, type Picked, type Tab } from '../ui/view.svelte';

/** Place is what an address of the page names: where in the page one is. */
export interface Place {
  tab: Tab | null;
  request: string | null;
  picked: Picked | null;
  list: Narrowing;
}

export const nowhere: Place = { tab: null, request: null, picked: null, list: {} };

const narrowing = ['q', 'f', 's'] as const;
const ours: readonly string[] = ['tab', 'request', ...pickedKinds, ...narrowing];
const longest = 200; // of an id or a search, as in the API

/** read takes a place from the query of an address. What it does not know is left out, never an error. */
export function read(search: string): Place {
  const params = new URLSearchParams(search);
  const get = (name: string) => (params.get(name) ?? '').slice(0, longest);
  const kind = pickedKinds.find((k) => get(k) !== '');
  const list: Narrowing = {};
  for (const name of narrowing) if (get(name)) list[name] = get(name);
  return {
    tab: tabIds.find((t) => t === get('tab')) ?? null,
    request: get('request') || null,
    picked: kind ? { kind, id: get(kind) } : null,
    list,
  };
}

/** write is the query that names a place, or "". Parameters of others, as in search, are kept. */
export function write(place: Place, search = ''): string {
  const params = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(search)) if (!ours.includes(name)) params.append(name, value);
  if (place.tab) params.set('tab', place.tab);
  if (place.request) params.set('request', place.request);
  if (place.picked) params.set(place.picked.kind, place.picked.id);
  for (const name of narrowing) if (place.list[name]) params.set(name, place.list[name]);
  const query = params.toString();
  return query === '' ? '' : `?${query}`;
}

/** stepped says whether the way from a to b is one that the back button should undo; narrowing a list is not. */
export function stepped(a: Place, b: Place): boolean {
  return write({ ...a, list: {} }) !== write({ ...b, list: {} });
}
