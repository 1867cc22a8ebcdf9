import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Colour } from './lens.svelte';
import type { LaneState } from './scene';
import type { Colours } from './theme';

export interface Look {
  colours: Colours;
  locale: 'zh' | 'en';
  dimmed: boolean; // all but what is chosen stands back
  lanes: Colour;
}

const empty = { type: 'FeatureCollection' as const, features: [] };
const sources = ['land', 'shore', 'borders', 'lanes', 'places', 'warehouses', 'passages', 'names', 'worth', 'chosen'] as const;
export type SourceName = (typeof sources)[number];

/** Layers that answer a click, the first to be asked first. */
export const clickable: Record<string, 'warehouse' | 'place' | 'lane' | 'passage'> = {
  'passages-shut': 'passage',
  warehouses: 'warehouse',
  places: 'place',
  passages: 'passage',
  lanes: 'lane',
};

function graticule() {
  const lines: [number, number][][] = [];
  for (let lon = -180; lon < 180; lon += 30) lines.push([[lon, -80], [lon, 84]]);
  for (let lat = -60; lat <= 60; lat += 30) lines.push([[-180, lat], [180, lat]]);
  return { type: 'Feature' as const, properties: {}, geometry: { type: 'MultiLineString' as const, coordinates: lines } };
}

/** style is the whole map: sources start empty, text comes from the browser's own fonts, no request is made. */
export function style(look: Look): StyleSpecification {
  return {
    version: 8,
    sources: {
      grid: { type: 'geojson', data: graticule() },
      ...Object.fromEntries(sources.map((name) => [name, { type: 'geojson' as const, data: empty, tolerance: name === 'land' ? 0.375 : 0.2, promoteId: 'id' }])),
    },
    layers: layers(look),
  };
}

// What is told of a lane is state of its line, which changes without the line being laid out again.
const state = (name: keyof LaneState, otherwise: number): ExpressionSpecification => ['number', ['feature-state', name], otherwise];
const red: ExpressionSpecification = ['boolean', ['feature-state', 'red'], false];

// What tells lanes apart: how one travels on them, how full they are, or what one more m3 is worth.
function laneColour(k: Colours, lanes: Look['lanes']): ExpressionSpecification {
  switch (lanes) {
    case 'load':
      return ['step', state('load', -1), k.faint, 0, k.good, 0.7, k.late, 0.95, k.bad];
    case 'worth':
      return ['step', state('heat', 0), k.faint, 0.001, k.good, 0.25, k.late, 0.6, k.bad];
    default:
      return ['match', ['get', 'mode'], 'air', k.air, 'rail', k.rail, 'road', k.rail, k.sea];
  }
}

export function layers({ colours: k, locale, dimmed, lanes }: Look): LayerSpecification[] {
  const font = { 'text-font': ['sans'], 'text-padding': 3 };
  const line = { 'line-cap': 'round' as const, 'line-join': 'round' as const };
  const far = dimmed ? 0.28 : 1;
  return [
    { id: 'water', type: 'background', paint: { 'background-color': k.water } },
    { id: 'grid', type: 'line', source: 'grid', paint: { 'line-color': k.grid, 'line-width': 1 } },
    { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': k.land, 'fill-antialias': false } },
    { id: 'shore', type: 'line', source: 'shore', paint: { 'line-color': k.shore, 'line-width': ['interpolate', ['linear'], ['zoom'], 1, 0.5, 6, 1.2] } },
    { id: 'borders', type: 'line', source: 'borders', paint: { 'line-color': k.border, 'line-width': 0.8 } },
    {
      id: 'lanes', type: 'line', source: 'lanes', layout: line,
      paint: {
        'line-color': ['case', red, k.bad, laneColour(k, lanes)],
        'line-opacity': ['case', red, 0.95 * far, ['*', far, ['interpolate', ['linear'], state('weight', 0), 0, 0, 1, 0.34, 6, 0.72]]],
        'line-width': ['interpolate', ['linear'], ['zoom'],
          1, ['interpolate', ['linear'], state('weight', 0), 1, 0.8, 6, 2.6],
          5, ['interpolate', ['linear'], state('weight', 0), 1, 1.4, 6, 4.5]],
      },
    },
    { id: 'chosen-case', type: 'line', source: 'chosen', filter: ['==', ['geometry-type'], 'LineString'], layout: line, paint: { 'line-color': k.halo, 'line-width': 8, 'line-opacity': 0.85 } },
    { id: 'chosen', type: 'line', source: 'chosen', filter: ['all', ['==', ['geometry-type'], 'LineString'], ['!=', ['get', 'mode'], 'haul']], layout: line, paint: { 'line-color': k.accent, 'line-width': 3.4 } },
    { id: 'chosen-haul', type: 'line', source: 'chosen', filter: ['==', ['get', 'mode'], 'haul'], paint: { 'line-color': k.accent, 'line-width': 2.6, 'line-dasharray': [1.6, 1.2] } },
    {
      id: 'places', type: 'circle', source: 'places',
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 1, ['case', ['get', 'home'], 4.5, 2.2], 6, ['case', ['get', 'home'], 7, 5]],
        'circle-color': ['case', ['get', 'home'], k.accent, k.land],
        'circle-stroke-color': ['case', ['get', 'home'], k.halo, ['case', ['get', 'air'], k.air, k.sea]],
        'circle-stroke-width': 1.4,
        'circle-opacity': dimmed ? 0.4 : 1,
        'circle-stroke-opacity': dimmed ? 0.4 : 1,
      },
    },
    {
      id: 'passages', type: 'symbol', source: 'passages', filter: ['!', ['get', 'shut']],
      layout: { 'icon-image': 'passage-open', 'icon-allow-overlap': true, 'icon-size': ['interpolate', ['linear'], ['zoom'], 1, 0.8, 6, 1.3] },
      paint: { 'icon-opacity': dimmed ? 0.4 : 0.9 },
    },
    {
      id: 'warehouses', type: 'symbol', source: 'warehouses',
      layout: {
        'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'symbol-sort-key': ['-', 0, ['get', 'size']],
        'icon-size': ['interpolate', ['linear'], ['zoom'],
          1, ['interpolate', ['linear'], ['get', 'size'], 30, 0.3, 130, 0.62],
          6, ['interpolate', ['linear'], ['get', 'size'], 30, 0.6, 130, 1.2]],
      },
      paint: { 'icon-opacity': dimmed ? 0.35 : 0.92 },
    },
    { id: 'chosen-stop', type: 'circle', source: 'chosen', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': k.halo, 'circle-stroke-color': k.accent, 'circle-stroke-width': 2.6 } },
    {
      id: 'place-labels', type: 'symbol', source: 'places', filter: ['<=', ['get', 'from'], ['zoom']],
      layout: {
        ...font, 'text-field': ['get', locale], 'text-size': ['interpolate', ['linear'], ['zoom'], 1, ['case', ['get', 'home'], 13, 11], 6, 14],
        'text-variable-anchor': ['left', 'right', 'top', 'bottom'], 'text-radial-offset': 0.6, 'text-justify': 'auto',
        'symbol-sort-key': ['case', ['get', 'home'], -1e6, ['-', 0, ['get', 'n']]], 'text-max-width': 12,
      },
      paint: { 'text-color': ['case', ['get', 'home'], k.text, k.faint], 'text-halo-color': k.halo, 'text-halo-width': 1.4, 'text-opacity': dimmed ? 0.6 : 1 },
    },
    {
      id: 'warehouse-labels', type: 'symbol', source: 'warehouses', minzoom: 5.2,
      layout: { ...font, 'text-field': ['get', locale], 'text-size': 11, 'text-anchor': 'top', 'text-offset': [0, 1.1], 'text-max-width': 11 },
      paint: { 'text-color': k.faint, 'text-halo-color': k.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'passage-labels', type: 'symbol', source: 'passages', minzoom: 3.6, filter: ['!', ['get', 'shut']],
      layout: { ...font, 'text-field': ['get', locale], 'text-size': 11, 'text-anchor': 'top', 'text-offset': [0, 0.7], 'text-max-width': 11 },
      paint: { 'text-color': k.faint, 'text-halo-color': k.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'passages-shut', type: 'symbol', source: 'passages', filter: ['get', 'shut'],
      layout: {
        ...font, 'icon-image': 'passage-shut', 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-size': ['interpolate', ['linear'], ['zoom'], 1, 0.8, 6, 1.2],
        'text-field': ['get', locale], 'text-size': ['interpolate', ['linear'], ['zoom'], 1, 12, 6, 14], 'text-variable-anchor': ['left', 'right', 'top', 'bottom'], 'text-radial-offset': 1, 'text-optional': true,
      },
      paint: { 'text-color': k.bad, 'text-halo-color': k.halo, 'text-halo-width': 1.6 },
    },
    {
      id: 'mover-names', type: 'symbol', source: 'names',
      layout: { ...font, 'text-field': ['get', 'name'], 'text-size': 11, 'text-anchor': 'left', 'text-offset': [1.1, 0] },
      paint: { 'text-color': k.text, 'text-halo-color': k.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'worth', type: 'symbol', source: 'worth',
      layout: {
        ...font, 'text-field': ['get', 'text'], 'text-size': 12, 'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'], 'text-radial-offset': 0.4,
        'symbol-sort-key': ['-', 0, ['get', 'worth']], 'text-padding': 4,
      },
      paint: { 'text-color': k.bad, 'text-halo-color': k.halo, 'text-halo-width': 2.2, 'text-opacity': dimmed ? 0.4 : 1 },
    },
  ];
}
