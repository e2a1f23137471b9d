/** Any graph -> integer network: quantized here after calibration, or with the precision that the model carries. */
import { SystoleError } from '../base/error.js';
import type { Graph } from '../frontend/graph.js';
import { inputRange } from './activations.js';
import type { Calibration } from './calibrate.js';
import { importQuantized, quantizesInput } from './import-quantized/import-quantized.js';
import { completeQuantizers } from './mixed/complete-quantizers.js';
import { openPlaces } from './mixed/open-places.js';
import type { CodeTensor, IntegerNetwork } from './network.js';
import { bitsOfTables, END_BITS, type QuantizeOptions } from './options.js';
import { quantizeGraph } from './quantize-graph.js';

/** The codes of an input that the model does not quantize itself. */
export type InputCodes = Pick<CodeTensor, 'bits' | 'scale' | 'zero'>;

/** The model says itself how its tensors are quantized. */
export function arrivesQuantized(graph: Graph): boolean {
  return graph.nodes.some((node) => node.kind === 'quant');
}

/**
 * What is missing to choose scales: calibration for a float model, or for the parts of a model that it does not quantize; codes of
 * the input for a model that leaves them alone open.
 */
export function whatIsOpen(graph: Graph): 'everything' | 'parts' | 'input' | 'nothing' {
  if (!arrivesQuantized(graph)) return 'everything';
  const { tensors, weights } = openPlaces(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  if (weights || [...tensors].some((name) => !inputs.has(name))) return 'parts';
  return quantizesInput(graph) ? 'nothing' : 'input';
}

/**
 * Codes that hold all samples, in whatever order of their values.
 * @throws SystoleError data-type for NaN or infinity
 */
export function codesOfSamples(samples: readonly Float32Array[]): InputCodes {
  let [min, max, integers] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const [i, sample] of samples.entries()) {
    for (const x of sample) {
      if (!Number.isFinite(x)) {
        throw new SystoleError('data-type', 'a sample holds NaN or infinity', {
          where: `sample ${i}`,
          expected: 'finite numbers',
        });
      }
      if (x < min) min = x;
      if (x > max) max = x;
      if (!Number.isInteger(x)) integers = false;
    }
  }
  return { bits: END_BITS, ...inputRange({ min, max, integers, values: new Float32Array() }, END_BITS) };
}

/**
 * @param calibration of a model that is float, or in parts, else null
 * @param input where the model leaves its input open, else null
 * @throws SystoleError calibration-needed where one of them is missing; those of quantizeGraph and importQuantized
 */
export function toIntegerNetwork(
  graph: Graph,
  { calibration, input }: { readonly calibration: Calibration | null; readonly input: InputCodes | null },
  options: QuantizeOptions,
): IntegerNetwork {
  const open = whatIsOpen(graph);
  if (open === 'everything') {
    if (calibration === null) throw missing(graph, 'the model is not quantized: calibration is needed');
    return quantizeGraph(graph, calibration, options);
  }
  const limits = { widths: options.widths, tableBits: bitsOfTables(1, options) };
  if (open === 'parts' && calibration !== null) {
    return importQuantized(completeQuantizers(graph, calibration, options), limits);
  }
  if (open !== 'input') return importQuantized(graph, limits);
  if (input === null) throw missing(graph, 'the model does not quantize its input: its codes are needed');
  return importQuantized(graph, { ...limits, input });
}

function missing({ inputs }: Graph, message: string): SystoleError {
  return new SystoleError('calibration-needed', message, { where: inputs.map(({ name }) => name).join(', ') });
}
