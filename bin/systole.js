#!/usr/bin/env node
/** The systole command: runs the compiled dist/. In a clone it says when that is missing or older than the sources. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = `${root}dist/src/cli/main.js`;

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return path.endsWith('.ts') ? found.mtimeMs : 0;
  return Math.max(0, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

if (!existsSync(built)) {
  process.stderr.write(`systole is not built: run npm run build in ${root}\n`);
  process.exit(1);
}
const sources = ['src', 'sim'].map((folder) => root + folder).filter((folder) => existsSync(folder));
if (Math.max(...sources.map(newest)) > statSync(built).mtimeMs) {
  process.stderr.write(`systole: the sources are newer than dist/: run npm run build in ${root}\n`);
}
const { main } = await import(new URL('../dist/src/cli/main.js', import.meta.url).href);
await main();
