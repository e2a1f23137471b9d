/**
 * Random models over all operators, float32 and quantized: ONNX Runtime, the graph, the integer network, the program
 * simulator and the Verilog. SEED and RUNS vary them; fast-check gives the smallest model that differs.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/arch/machine.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { SystoleError } from '../../src/base/error.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { calibrate } from '../../src/quant/calibrate.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes } from '../../src/quant/numerics.js';
import { arrivesQuantized, toIntegerNetwork } from '../../src/quant/to-integer-network.js';
import { compareLevels } from '../support/compare-levels.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { integerOutputs, relativeNoise } from '../support/noise.js';
import {
  floatModel,
  quantizedModel,
  type RandomModel,
  type RandomModelRecipe,
  randomModelArbitrary,
} from '../support/random-model/random-model.js';
import { compareVerilog, coreSimulator } from './levels.js';

const SEED = Number(process.env.SEED ?? 1);
const RUNS = Number(process.env.RUNS ?? 30);
/** Networks in Verilog on each machine. */
const SIMULATED = 5;
/** Of the largest value: float32 sums in another order. */
const ROUNDING = 1e-5;
/** Of the output's spread, of 8-bit networks of up to a dozen layers, calibrated on what they are run on. */
const NOISE = 0.5;
/** Most models that may be refused, as a part of all. */
const REFUSED = 0.1;

/** What is no limit of an operator: the machine is too small, or the model leaves nothing to compute. */
const UNFIT: readonly string[] = ['memory-too-small', 'accumulator-range', 'requantize-range', 'network-unsupported'];

/** Runs the check on random models; refusals are counted, and are to be few. */
async function onRandomModels(check: (recipe: RandomModelRecipe) => Promise<void>, runs = RUNS): Promise<void> {
  const refusals: string[] = [];
  const seen = async (recipe: RandomModelRecipe) => {
    try {
      await check(recipe);
    } catch (error) {
      if (!(error instanceof SystoleError) || !REFUSALS.includes(error.code)) throw error;
      if (!UNFIT.includes(error.code)) refusals.push(`${error.message} (${error.where})`);
    }
  };
  await fc.assert(fc.asyncProperty(randomModelArbitrary, seen), { numRuns: runs, seed: SEED });
  expect(refusals.length, refusals.join('\n')).toBeLessThanOrEqual(REFUSED * runs);
}

const REFUSALS: readonly string[] = ['graph-limit', 'operator-limit', 'shape-mismatch', ...UNFIT];

/** Every output by name, of a model as it stands in its file; the names are those of its inputs, in its order. */
async function outputsOf(
  bytes: Uint8Array,
  { samples }: RandomModel,
  names?: readonly string[],
): Promise<Map<string, Float32Array>[]> {
  const model = await openFloatModel(bytes, { asWritten: true });
  const inputs = names ?? model.inputs.map(({ name }) => name);
  const results: Map<string, Float32Array>[] = [];
  for (const sample of samples) results.push(await model.run(inputs.map((name) => sample[name]!)));
  await model.close();
  return results;
}

/** Largest difference, as a part of the largest value. */
function difference(
  graph: Graph,
  expected: readonly ReadonlyMap<string, Float32Array>[],
  found: readonly ReadonlyMap<string, Float32Array>[],
): number {
  let [difference, largest] = [0, 1e-6];
  for (const [i, outputs] of expected.entries()) {
    for (const { name } of graph.modelOutputs) {
      const values = found[i]!.get(name)!;
      expect(values.length).toBe(outputs.get(name)!.length);
      outputs.get(name)!.forEach((x, k) => {
        difference = Math.max(difference, Math.abs(values[k]! - x));
        largest = Math.max(largest, Math.abs(x));
      });
    }
  }
  return difference / largest;
}

async function integerNetwork(graph: Graph, { samples }: RandomModel, machine: Machine): Promise<IntegerNetwork> {
  const { mBits, bBits, nBits } = machine;
  const calibration = arrivesQuantized(graph) ? null : await calibrate(graph, samples);
  const options = { weights: 8, activations: 8, ends: 8, widths: { mBits, bBits, nBits } } as const;
  return toIntegerNetwork(graph, { calibration, input: null }, options);
}

const isExact = ({ layers }: IntegerNetwork) => layers.every(({ exactness }) => exactness.kind !== 'approximate');

/** The machine is a matter of the recipe, so that a replay meets the same one. */
const machineFor = ({ seed }: RandomModelRecipe) => VARIED_MACHINES[seed % VARIED_MACHINES.length]!;

describe.each([
  ['float', async (recipe: RandomModelRecipe) => floatModel(recipe)],
  ['quantized', quantizedModel],
] as const)('random %s models', (kind, make) => {
  it('have graphs that compute what ONNX Runtime computes', async () => {
    await onRandomModels(async (recipe) => {
      const model = await make(recipe);
      const graph = importOnnx(model.bytes);
      const expected = await outputsOf(model.bytes, model);
      const names = graph.inputs.map(({ name }) => name);
      expect(difference(graph, expected, await outputsOf(graphToOnnx(graph), model, names))).toBeLessThan(ROUNDING);
    });
  });

  it('have integer networks near ONNX Runtime, the same codes where they say so, that the program simulator agrees with', async () => {
    let exact = 0;
    await onRandomModels(async (recipe) => {
      const model = await make(recipe);
      const graph = importOnnx(model.bytes);
      const machine = machineFor(recipe);
      const network = await integerNetwork(graph, model, machine);
      if (kind === 'float') {
        const noise = (await relativeNoise(graph, network, model.samples)).filter(Number.isFinite);
        expect(Math.max(0, ...noise)).toBeLessThan(NOISE);
      } else if (isExact(network)) {
        const found = model.samples.map((sample) => integerOutputs(network, sample));
        expect(difference(graph, await outputsOf(model.bytes, model), found)).toBeLessThan(ROUNDING);
        exact++;
      }
      for (const sample of model.samples) {
        expect(compareLevels(network, machine, inputCodes(network, sample)).divergence).toBeNull();
      }
    });
    if (kind === 'quantized') expect(exact).toBeGreaterThan(RUNS / 2);
  });

  it.each(['a8w3', 'a4w2'])('are the same in Verilog on %s', async (name) => {
    const machine = VARIED_MACHINES.find((varied) => varied.name === name)!;
    const binary = await coreSimulator(machine);
    await onRandomModels(async (recipe) => {
      const model = await make(recipe);
      const network = await integerNetwork(importOnnx(model.bytes), model, machine);
      const frames = model.samples.map((sample) => inputCodes(network, sample));
      const { difference: found } = await compareVerilog(planNetwork(network, machine), frames, binary);
      expect(found).toBeNull();
    }, SIMULATED);
  });
});
