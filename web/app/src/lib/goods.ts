/** Kinds of goods that Tianjin exports, with the mass of one m3 as packed, for a first guess at the weight. */
export interface Goods {
  id: 'hardware' | 'furniture' | 'sofa' | 'carpet' | 'bicycle' | 'cabinet' | 'other';
  kgPerM3: number;
  hs: string; // the six digits that such goods most often come under, for a first guess
}

// Hardware, sofas and cabinets: middles of the ranges that freight-class guides give (560–800, 80–96, 128–144).
// Carpets, bicycles and flat-pack furniture: middles of what packers state (200–400, 70–110, 200–350).
export const goods: readonly Goods[] = [
  { id: 'hardware', kgPerM3: 680, hs: '732690' },
  { id: 'furniture', kgPerM3: 275, hs: '940360' },
  { id: 'carpet', kgPerM3: 300, hs: '570500' },
  { id: 'bicycle', kgPerM3: 90, hs: '871200' },
  { id: 'cabinet', kgPerM3: 136, hs: '940340' },
  { id: 'sofa', kgPerM3: 88, hs: '940161' },
  { id: 'other', kgPerM3: 250, hs: '' },
];
