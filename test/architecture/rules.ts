/** Who may import whom: design section 7 and ARCHITECTURE.md as a table. */
import { globalsUsed, type Reference, referencesOf } from './sources.js';

/** Folder -> folders it may import from beside itself; the longest folder that a path begins with decides. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/frontend': ['src/base'],
  'src/quant': ['src/base', 'src/frontend'],
  'src/arch': ['src/base', 'src/frontend', 'src/quant'],
  'src/hdlgen': ['src/base', 'src/frontend', 'src/quant', 'src/arch'],
  'src/runtime': ['src/base', 'src/frontend', 'src/quant', 'src/arch'],
  'src/report': ['src/base', 'src/frontend', 'src/quant', 'src/arch'],
  'src/cli': ['src/base', 'src/frontend', 'src/quant', 'src/arch', 'src/hdlgen', 'src/runtime', 'src/report'],
  // The program simulator and the cycle model see command words, memories and registers, never the network.
  'src/arch/simulator': ['src/base', 'src/arch/machine', 'src/arch/program'],
  'src/arch/timing': ['src/base', 'src/arch/machine', 'src/arch/program'],
  'src/quant/golden': ['src/quant/network'],
  sim: ['src/base', 'src/arch/registers', 'src/arch/register-values'],
  scripts: ['examples', 'src'],
  examples: [],
  bin: [],
};

/** Imports beyond the table, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // The one door to the simulator's process.
  'src/runtime/links/verilated': ['sim'],
  // The network's epilogue steps are types of the graph.
  'src/quant/network': ['src/frontend/graph'],
};

/** The launcher imports the built command by its place on disk. */
const MAY_COMPUTE_IMPORTS = ['bin/systole.js'];

/** Files, processes and clocks. */
const OUTSIDE_PACKAGES = [
  'execa',
  ...['fs', 'fs/promises', 'child_process', 'os', 'timers/promises', 'module', 'net', 'http', 'https'].map(
    (name) => `node:${name}`,
  ),
];
const OUTSIDE_GLOBALS = ['process', 'Date', 'performance', 'setTimeout', 'setInterval', 'console'];
/** Who may touch them (design section 3 and 7). */
const MAY_TOUCH_OUTSIDE = [
  'src/cli/',
  'sim/',
  'scripts/',
  'examples/',
  'bin/',
  'src/runtime/links/',
  'src/runtime/project.ts',
  'src/hdlgen/templates.ts',
];

/** Every breach of the rules in these files, one sentence each. */
export function breaches(files: ReadonlyMap<string, string>): readonly string[] {
  return [...files].flatMap(([path, text]) => [
    ...referencesOf(path, text).flatMap((reference) => checkReference(path, reference)),
    ...(mayTouchOutside(path) ? [] : globalsUsed(path, text, OUTSIDE_GLOBALS)),
  ]);
}

function checkReference(path: string, reference: Reference): readonly string[] {
  const at = `${path}:${reference.line}`;
  if (reference.kind === 'computed')
    return MAY_COMPUTE_IMPORTS.includes(path) ? [] : [`${at} imports what no reader can see`];
  // What is built is ruled as what it is built from.
  const target = reference.target!.replace(/^dist\//, '');
  if (reference.kind === 'package') {
    const outside = OUTSIDE_PACKAGES.includes(target) && !mayTouchOutside(path);
    return outside ? [`${at} imports ${target}, which only the command line and the links may`] : [];
  }
  const from = path.replace(/\.[mc]?[jt]s$/, '');
  const folder = folderOf(from);
  if (folder === undefined) return [`${at} lies in a folder without a rule`];
  const exceptions = Object.entries(EXCEPTIONS).flatMap(([file, targets]) => (within(from, file) ? targets : []));
  const allowed = [folder, ...MAY_IMPORT[folder]!, ...exceptions];
  if (allowed.some((place) => within(target, place))) return [];
  return [`${at} imports ${target}, which ${folder} may not`];
}

function folderOf(path: string): string | undefined {
  const folders = Object.keys(MAY_IMPORT).filter((folder) => within(path, folder));
  return folders.sort((a, b) => b.length - a.length)[0];
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function mayTouchOutside(path: string): boolean {
  return MAY_TOUCH_OUTSIDE.some((place) => path === place || path.startsWith(place));
}
