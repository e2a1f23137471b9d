/** One random case: a network, its frames and its stalls, held against all three levels on one machine. */
import fc from 'fast-check';
import type { Machine } from '../../src/arch/machine.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { SystoleError } from '../../src/base/error.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { compareLevels } from '../support/compare-levels.js';
import { randomCodes } from '../support/network-builder.js';
import { type NetworkRecipe, networkFromRecipe, recipeArbitrary } from '../support/random-network.js';
import { compareVerilog } from './levels.js';

export interface RandomCase {
  readonly recipe: NetworkRecipe;
  readonly frames: FrameRecipe;
  /** Probabilities, in tenths, that a beat is not offered or not taken in a cycle. */
  readonly stallInput: number;
  readonly stallOutput: number;
  /** Four frames queue at the door; otherwise two come one by one. */
  readonly pipelined: boolean;
}

interface FrameRecipe {
  readonly seed: number;
  readonly values: 'any' | 'least' | 'largest';
}

export const caseArbitrary: fc.Arbitrary<RandomCase> = fc.record({
  recipe: recipeArbitrary,
  frames: fc.record({
    seed: fc.nat(9999),
    values: fc.constantFrom('any', 'any', 'any', 'any', 'any', 'any', 'least', 'largest'),
  }),
  stallInput: fc.constantFrom(0, 1, 5, 9),
  stallOutput: fc.constantFrom(0, 1, 5, 9),
  pipelined: fc.boolean(),
});

/** All levels agree, or what differs. */
export type CaseResult = { readonly difference: null; readonly plan: Plan } | { readonly difference: string };

/** Far more cycles than a random network takes under the hardest stalls. */
const HANG_LIMIT = 400_000;

/** @param binary the machine's simulator. A refusal or an exception of any level is a difference too. */
export async function runCase(random: RandomCase, machine: Machine, binary: string): Promise<CaseResult> {
  try {
    return await compareCase(random, machine, binary);
  } catch (error) {
    const refused = error instanceof SystoleError;
    const text = refused
      ? [error.code, error.message, error.actual].filter(Boolean).join(': ')
      : (error as Error).stack;
    return { difference: `${text}` };
  }
}

async function compareCase(random: RandomCase, machine: Machine, binary: string): Promise<CaseResult> {
  const network = networkFromRecipe(random.recipe, machine);
  const frames = [0, 1, 2, 3].map((i) => frameOf(network, random.frames, i));
  const { plan, divergence } = compareLevels(network, machine, frames[0]!);
  if (divergence !== null) {
    const { tensor, index, expected, actual } = divergence;
    return { difference: `program simulator: tensor ${tensor}[${index}] is ${actual}, golden ${expected}` };
  }
  const seed = random.frames.seed + 1;
  const free = await compareVerilog(plan, [frames[0]!], binary, { hangLimit: HANG_LIMIT, seed });
  if (free.difference !== null) return { difference: `unstalled, ${free.difference}` };
  const planned = countCycles(machine, plan.images).cycles;
  if (free.cycles[0] !== planned)
    return { difference: `the cycle model says ${planned} cycles, the machine took ${free.cycles[0]}` };
  const stalls = { input: random.stallInput / 10, output: random.stallOutput / 10, seed };
  const options = { stalls, pipelined: random.pipelined, hangLimit: HANG_LIMIT, seed };
  const stalled = await compareVerilog(plan, random.pipelined ? frames : frames.slice(0, 2), binary, options);
  return stalled.difference === null ? { difference: null, plan } : { difference: `stalled, ${stalled.difference}` };
}

function frameOf(network: IntegerNetwork, { seed, values }: FrameRecipe, index: number): Uint16Array {
  const frame = randomCodes(network, seed + index);
  if (values !== 'largest') return values === 'any' ? frame : frame.fill(0);
  const tops = network.inputs.flatMap(({ tensor }) => {
    const { height, width, channels, bits } = network.tensors[tensor]!;
    return Array.from({ length: height * width * channels }, () => 2 ** bits - 1);
  });
  return Uint16Array.from(tops);
}
