import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { transformWithOxc, type Plugin } from 'vite';

const root = dirname(createRequire(import.meta.url).resolve('maplibre-gl/package.json'));

/**
 * mapLibrary builds MapLibre from the sources in its package, where page and worker share one chunk; each of its two bundles holds
 * what they have in common once more. It makes the module virtual:map-worker, whose default is the address of the worker. In
 * development the bundles of the package serve.
 */
export function mapLibrary(): Plugin {
  const id = '\0virtual:map-worker';
  let serving = false;
  return {
    name: 'haihe-map-library',
    enforce: 'pre',
    configResolved(config) {
      serving = config.command === 'serve';
    },
    resolveId(source) {
      if (source === 'virtual:map-worker') return id;
      return source === 'maplibre-gl' && !serving ? join(root, 'src/index.ts') : undefined;
    },
    load(source) {
      if (source !== id) return undefined;
      if (serving) return `export { default } from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'`;
      const worker = this.emitFile({ type: 'chunk', id: join(root, 'src/source/worker.ts'), name: 'map-worker' });
      return `export default import.meta.ROLLUP_FILE_URL_${worker}`;
    },
    // Its classes declare again what the class above sets, which by the language's own rule would be undefined after that.
    transform(code, file) {
      if (!file.startsWith(root) || !file.endsWith('.ts')) return undefined;
      return transformWithOxc(code, file, { assumptions: { setPublicClassFields: true }, typescript: { removeClassFieldsWithoutInitializer: true } });
    },
    generateBundle(_, bundle) {
      const [notice] = /^\/\*[^]*?\*\/\n/.exec(readFileSync(join(root, 'dist/maplibre-gl.mjs'), 'utf8'))!;
      for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk' && chunk.moduleIds.some((m) => m.startsWith(root))) chunk.code = notice + chunk.code;
    },
  };
}
