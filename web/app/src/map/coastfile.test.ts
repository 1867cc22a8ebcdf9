import type { Topology } from 'topojson-specification';
import { describe, expect, it } from 'vitest';
import { coastlineFile } from '../../coastline';
import { decode, encode } from './coastfile';

describe('the file of the coastline', () => {
  it('gives back what was put in', () => {
    const steps = [0, 1, -1, 63, -64, 64, 127, 128, -8192, 16384, 2 ** 31, -(2 ** 40)];
    const t: Topology = {
      type: 'Topology', transform: { scale: [0.5, 0.25], translate: [-180, -90] },
      objects: { land: { type: 'GeometryCollection', geometries: [{ type: 'Polygon', arcs: [[0], [~1]] }] } },
      arcs: [steps.map((n) => [n, 0 - n]), [], steps.map((n, i) => [i, n])],
    };
    expect(decode(encode(t).buffer)).toEqual(t);
  });

  it('is refused where it is cut short', () => {
    const whole = coastlineFile();
    expect(decode(whole.buffer).arcs.length).toBeGreaterThan(1000);
    expect(() => decode(whole.slice(0, whole.length - 1).buffer)).toThrow('cut short');
  });
});
