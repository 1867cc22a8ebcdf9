import { i18n, t } from '../i18n/index.svelte';
import { Choices } from '../lib/cells';
import { goods } from '../lib/goods';
import type { Words } from '../lib/orders';
import * as format from '../lib/format';
import type { Mode } from '../live/protocol';
import { live } from './live.svelte';
import { cargoClass, place, region } from './words';

export const modes: readonly Mode[] = ['sea', 'air', 'rail', 'road', 'post'];

/** Network is what forms and grids offer to choose from: where departures leave home from, and what they lead to. */
class Network {
  #departures = $derived.by(() => {
    const origins = new Map<string, number>();
    const offered = new Set<Mode>();
    const classes = new Set<string>(['general']);
    for (const d of live.departures.values()) {
      offered.add(d.mode);
      for (const c of d.classes ?? []) classes.add(c);
      if (live.place(d.from)?.country === 'CN') origins.set(d.from, (origins.get(d.from) ?? 0) + 1);
    }
    return {
      // Most cargo goes by sea: seaports first, then the busiest.
      origins: [...origins].sort((a, b) => port(b[0]) - port(a[0]) || b[1] - a[1]).map(([id]) => id),
      classes: [...classes].sort(),
      modes: modes.filter((m) => offered.has(m)),
    };
  });
  origins = $derived(this.#departures.origins);
  classes = $derived(this.#departures.classes);
  modes = $derived(this.#departures.modes);
  markets = $derived(
    [...new Set([...live.warehouses.values()].flatMap((w) => (w.markets ?? []).map((m) => m.id)))]
      .map((id) => ({ id, name: region(id) }))
      .sort((a, b) => a.name.localeCompare(b.name, i18n.tag)),
  );

  /** words reads the cells of an order book, in either language. */
  words = $derived.by((): Omit<Words, 'now'> => {
    const both = (id: string) => [live.place(id)?.name_zh, live.place(id)?.name_en, live.place(id)?.name];
    return {
      origins: new Choices(this.origins.map((id) => ({ id, name: place(id), more: both(id) }))),
      markets: new Choices(this.markets.map((m) => ({ ...m, more: [format.region(true, m.id), format.region(false, m.id)] }))),
      classes: new Choices(this.classes.map((id) => ({ id, name: cargoClass(id) }))),
      modes: new Choices(this.modes.map((id) => ({ id, name: t(`map.${id}`), more: modeNames[id] }))),
      drawdowns: new Choices([{ id: 'linear', name: t('ask.drawdown.linear'), more: ['逐日均匀售出', '逐日', 'evenly'] }, { id: 'none', name: t('ask.drawdown.none'), more: ['到期一次出清', '一次', 'at the end'] }]),
      density: (name) => goods.find((g) => name !== '' && name === t(`goods.${g.id}`))?.kgPerM3 ?? 250,
    };
  });
}

const modeNames: Record<Mode, string[]> = { sea: ['海运', '海', 'ocean', 'ship'], air: ['空运', '空', 'flight'], rail: ['铁路', '班列', 'train'], road: ['公路', '卡车', 'truck'], post: ['邮政', '邮'] };

const port = (id: string) => (id === 'CNTXG' ? 2 : live.place(id)?.kind === 'seaport' ? 1 : 0);

export const network = new Network();
