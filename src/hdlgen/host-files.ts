/** The C host program of one compiled network, and what builds its simulator: everything below host/. */
import type { Plan } from '../arch/plan/plan.js';
import { HARDWARE, MEMORIES } from '../base/project-layout.js';
import { wordArray } from './c-text.js';
import { verilogFiles } from './hardware.js';
import { networkView } from './host-network.js';
import { renderTemplate, type View } from './render.js';
import { type TemplateSource, templateText } from './templates.js';
import type { TestVectors } from './test-vectors.js';

export interface HostInput {
  readonly plan: Plan;
  readonly planCycles: number;
  readonly templates: TemplateSource;
  /** Frames of randomFrames(plan, n, seed) with their golden results: what `make check` runs. */
  readonly vectors: TestVectors;
  readonly vectorSeed: number;
}

/**
 * host/: the driver, the link to the Verilated machine and the demo, byte for byte the package's own; the network's
 * description and memory images as C; scripts; the simulator's harness; the golden outputs of the check.
 */
export function hostFiles(input: HostInput): Map<string, string | Uint8Array> {
  const { plan, templates, vectors } = input;
  const view = hostView(input);
  const files = new Map<string, string | Uint8Array>();
  for (const [path, text] of templates) {
    if (!path.startsWith('host/')) continue;
    if (path.endsWith('.hbs')) files.set(path.slice(0, -'.hbs'.length), renderTemplate(path, text, view));
    else files.set(path, text);
  }
  files.set('host/systole_images.c', imagesSource(plan));
  for (const name of ['harness.cpp', 'protocol.md']) {
    files.set(`host/simulator/${name}`, templateText(templates, `sim/${name}`));
  }
  return files.set('host/expected.bin', Buffer.concat(vectors.results));
}

function hostView({ plan, planCycles, templates, vectors, vectorSeed }: HostInput): View {
  const sources = [...verilogFiles(plan.machine, templates).keys()].filter((name) => name.endsWith('.v'));
  return {
    ...networkView(plan, planCycles),
    ...HARDWARE,
    sources: sources.map((name) => ({ path: `rtl/${name}` })),
    vectors: vectors.results.length,
    vectorSeed,
  };
}

/**
 * The memories as constant arrays, so that the driver needs no file system. What lies in DRAM may be far larger: an array that
 * the host fills.
 */
function imagesSource({ images }: Plan): string {
  const arrays = MEMORIES.map((name) => wordArray(`systole_${name}`, images[name]));
  const head = '/* The memories of the accelerator in 32-bit pieces, in loading order. Printed from the project. */\n';
  if (images.dram.length > 0) arrays.push('uint32_t systole_dram[SYSTOLE_DRAM_PIECES];\n');
  return [head, '#include "systole_network.h"\n', ...arrays.map((array) => `\n${array}`)].join('');
}
