import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { coastline } from './coastline';
import { mapLibrary } from './maplibrary';

const out = join(import.meta.dirname, '../dist/app');
const server = process.env.HAIHE_URL ?? 'http://127.0.0.1:8080';

// apiDocs puts a local Swagger UI beside the app, so that the service can serve /docs/ without a CDN.
function apiDocs(): Plugin {
  return {
    name: 'haihe-api-docs',
    apply: 'build',
    closeBundle() {
      const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
      const to = join(out, 'docs');
      mkdirSync(to, { recursive: true });
      for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']) {
        copyFileSync(join(from, file), join(to, file));
      }
      for (const file of ['index.html', 'docs.js', 'docs.css']) {
        copyFileSync(join(import.meta.dirname, 'docs', file), join(to, file));
      }
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [mapLibrary(), svelte(), coastline(), apiDocs()],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2023',
    // The map is one large library; splitting it further would only add round trips.
    chunkSizeWarningLimit: 1400,
    assetsInlineLimit: 0,
    // In files of its own, so that a profile tells its work from ours; what its worker needs too is apart from the rest.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'maplibre', test: /maplibre-gl/, entriesAware: true }] } } },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': { target: server, ws: true },
      '/signin': server,
      '/overlay': server,
    },
  },
});
