/** Kinds of goods that Tianjin exports, with the mass of one m3 as packed, for a first guess at the weight. */
export interface Goods {
  id: 'hardware' | 'furniture' | 'sofa' | 'carpet' | 'bicycle' | 'cabinet' | 'other';
  kgPerM3: number;
}

// Hardware, sofas and cabinets: middles of the ranges that freight-class guides give (560–800, 80–96, 128–144).
// Carpets, bicycles and flat-pack furniture: middles of what packers state (200–400, 70–110, 200–350).
export const goods: readonly Goods[] = [
  { id: 'hardware', kgPerM3: 680 },
  { id: 'furniture', kgPerM3: 275 },
  { id: 'carpet', kgPerM3: 300 },
  { id: 'bicycle', kgPerM3: 90 },
  { id: 'cabinet', kgPerM3: 136 },
  { id: 'sofa', kgPerM3: 88 },
  { id: 'other', kgPerM3: 250 },
];
