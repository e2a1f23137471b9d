/**
 * What every memory of the hardware text is meant to become, and whether it did: a memory that a synthesizer turns into
 * flip-flops costs a hundred times as much, silently.
 */
import { cellKind } from './cells.js';
import { type Netlist, type NetModule, plainName } from './netlist.js';
import { TARGET_FACTS, type Target } from './targets.js';

export type MemoryForm = 'block RAM' | 'LUT RAM' | 'registers';

interface MemoryText {
  readonly words: (parameters: Readonly<Record<string, number>>) => number;
  readonly width: (parameters: Readonly<Record<string, number>>) => number;
  /** Read without a clock: no block RAM. */
  readonly asynchronous?: true;
}

/** systole_ram.v: from so many bits and words on a block RAM everywhere. */
const BLOCK_BITS = 4096;
const BLOCK_WORDS = 128;
/** Registers are no loss up to so many bits, where a device has no LUT RAM. */
const FEW_BITS = 4096;

/** Module -> its memory. */
const MEMORIES: Readonly<Record<string, MemoryText>> = {
  systole_ram: { words: (p) => p.WORDS!, width: (p) => p.WIDTH! },
  systole_pool: {
    words: (p) => 2 ** (p.POOL_BITS! + (p.ROWS! > 1 ? Math.ceil(Math.log2(p.ROWS!)) : 1)),
    width: (p) => 16 * p.PW!,
    asynchronous: true,
  },
};

export interface MemoryFinding {
  readonly module: string;
  readonly words: number;
  readonly width: number;
  readonly wanted: readonly MemoryForm[];
  readonly found: MemoryForm;
  readonly ok: boolean;
}

/** One finding for each different memory. */
export function memoryFindings(netlist: Netlist, target: Target): readonly MemoryFinding[] {
  return [...netlist.values()].flatMap((module) => {
    const text = MEMORIES[plainName(module.name)];
    if (text === undefined) return [];
    const [words, width] = [text.words(module.parameters), text.width(module.parameters)];
    const wanted = wantedForms(words, width, text.asynchronous === true, target);
    const found = foundForm(module);
    return [{ module: plainName(module.name), words, width, wanted, found, ok: wanted.includes(found) }];
  });
}

function wantedForms(words: number, width: number, asynchronous: boolean, target: Target): readonly MemoryForm[] {
  const { hasLutRam } = TARGET_FACTS[target];
  if (asynchronous) return [hasLutRam ? 'LUT RAM' : 'registers'];
  if (words * width >= BLOCK_BITS && words >= BLOCK_WORDS) return ['block RAM'];
  if (target === 'xc7') return ['LUT RAM'];
  if (hasLutRam) return ['LUT RAM', 'block RAM'];
  return words * width <= FEW_BITS ? ['block RAM', 'registers'] : ['block RAM'];
}

function foundForm(module: NetModule): MemoryForm {
  const kinds = new Set([...module.cells.values()].map(({ type }) => cellKind(type)));
  return kinds.has('bram') ? 'block RAM' : kinds.has('lutram') ? 'LUT RAM' : 'registers';
}
