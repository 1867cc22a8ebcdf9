import type { Departure } from '../live/protocol';

/**
 * perM3 is what one more m3 on a departure is worth: of the price of its m3, or of its kg at the tariff's weight of a m3;
 * where that is withheld, at the usual one of the mode.
 */
export const perM3 = (p: { m3: number; kg: number }, d: Departure | undefined) =>
  Math.max(p.m3, p.kg * (d?.rate?.kg_per_m3 || (d?.mode === 'air' ? 167 : 1000)));
