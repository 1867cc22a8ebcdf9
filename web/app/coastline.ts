import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { quantize } from 'topojson-client';
import type { Objects, Topology } from 'topojson-specification';
import type { Plugin } from 'vite';
import { encode } from './src/map/coastfile';

// Steps of 0.012° by 0.006°: the package has finer ones, for half as many bytes again.
const steps = 30_000;

/** coastlineFile is the land of the package world-atlas (Natural Earth, 1:50 m), as src/map/coastfile.ts has it. */
export function coastlineFile(): Uint8Array<ArrayBuffer> {
  const t = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('world-atlas/land-50m.json'), 'utf8')) as Topology;
  const { scale, translate } = t.transform!;
  const arcs = t.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map((p) => [(x += p[0]!) * scale[0] + translate[0], (y += p[1]!) * scale[1] + translate[1]]);
  });
  const { transform: _, ...whole } = t;
  return encode(quantize({ ...whole, arcs } as Topology<Objects<object>>, steps));
}

/** coastline makes the module virtual:coastline, whose default is the address of that file. */
export function coastline(): Plugin {
  const id = '\0virtual:coastline';
  let serving = false;
  return {
    name: 'haihe-coastline',
    configResolved(config) {
      serving = config.command === 'serve';
    },
    resolveId: (source) => (source === 'virtual:coastline' ? id : undefined),
    load(source) {
      if (source !== id) return undefined;
      const file = coastlineFile();
      if (serving) return `export default 'data:application/octet-stream;base64,${Buffer.from(file).toString('base64')}'`;
      return `export default import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: 'coastline.bin', source: file })}`;
    },
  };
}
