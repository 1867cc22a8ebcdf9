import { view, type Tab } from '../ui/view.svelte';
import { nowhere, read, stepped, write, type Place } from './address';

// The address bar follows the view, and the view follows back, forward and links.

const goalKey = 'haihe.goal';
const goalMs = 30 * 60_000;

let shown: Place = nowhere;

function show(place: Place): void {
  shown = place;
  view.tab = place.tab;
  view.request = place.request;
  view.picked = place.picked;
  const tab = place.tab ?? fallback();
  if (tab) view.lists[tab] = place.list;
}

// The tab that is shown where the address names none; the panel knows it.
let fallback: () => Tab | null = () => null;

const here = (): Place => {
  const tab = view.tab ?? fallback();
  return { tab: view.tab, request: view.request, picked: view.picked && { ...view.picked }, list: (tab && { ...view.lists[tab] }) || {} };
};

/** setOut remembers where a link led, for after the sign-in, even in another tab of the browser. */
export function setOut(): void {
  const place = read(location.search);
  if (write(place) === '') return;
  try {
    localStorage.setItem(goalKey, JSON.stringify({ search: location.search, at: Date.now() }));
  } catch {
    // Where nothing is stored, the link has to be opened again.
  }
}

/** goal is where a link led before the sign-in, told once, or "". */
function goal(): string {
  try {
    const saved = JSON.parse(localStorage.getItem(goalKey) ?? '{}') as { search?: unknown; at?: unknown };
    localStorage.removeItem(goalKey);
    return typeof saved.search === 'string' && typeof saved.at === 'number' && Date.now() - saved.at < goalMs ? saved.search : '';
  } catch {
    return '';
  }
}

/** follow begins to keep address and view together, in a component; first is the tab where none is named. */
export function follow(first: () => Tab | null): void {
  fallback = first;
  const bare = write(read(location.search)) === '';
  const wanted = goal();
  if (bare && wanted) history.replaceState(null, '', location.pathname + wanted);
  show(read(location.search));

  $effect(() => {
    const now = here();
    const query = write(now, location.search);
    if (query === location.search || (query === '' && location.search === '')) {
      shown = now;
      return;
    }
    const url = location.pathname + query + location.hash;
    if (stepped(shown, now)) history.pushState(null, '', url);
    else history.replaceState(null, '', url);
    shown = now;
  });
  $effect(() => {
    const back = () => show(read(location.search));
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  });
}
