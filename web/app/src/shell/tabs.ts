import type { Key } from '../i18n/index.svelte';
import type { Role } from '../live/protocol';
import type { Tab } from '../ui/view.svelte';

/** tabsOf lists the tabs of a role, with the keys of their names; the first is where one begins. */
export function tabsOf(role: Role | undefined): readonly { id: Tab; name: Key }[] {
  const firm = role === 'firm';
  const shared = [
    { id: 'departures', name: firm ? 'tab.mine' : 'tab.departures' },
    { id: 'warehouses', name: firm ? 'tab.mywarehouses' : 'tab.warehouses' },
  ] as const;
  const events = { id: 'events', name: 'tab.events' } as const;
  switch (role) {
    case 'exporter':
      return [{ id: 'requests', name: 'tab.requests' }, { id: 'ask', name: 'tab.ask' }, { id: 'orders', name: 'tab.orders' }, ...shared, events];
    case 'firm':
      return [...shared, { id: 'fleet', name: 'tab.fleet' }, { id: 'publish', name: 'tab.publish' }, events];
    default:
      return [{ id: 'overview', name: 'tab.overview' }, { id: 'bottlenecks', name: 'tab.bottlenecks' }, { id: 'passages', name: 'tab.passages' }, { id: 'whatif', name: 'tab.whatif' }, ...shared, events];
  }
}
