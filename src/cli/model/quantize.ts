/** A model's integer network: calibrated here, or with the precision that the model carries. */
import { SystoleError } from '../../base/error.js';
import type { Graph } from '../../frontend/graph.js';
import { calibrate } from '../../quant/calibrate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { codesOfSamples, type InputCodes, toIntegerNetwork, whatIsOpen } from '../../quant/to-integer-network.js';
import type { PreprocessFile } from '../data/preprocess-file.js';
import { preprocessGrid } from '../data/preprocess-grid.js';
import { realSamples } from '../data/samples.js';
import { readTensorFile, type TensorFile } from '../data/tensor-file.js';
import type { Progress } from '../frame/progress.js';
import { modelInputShape } from './float-graph.js';
import type { QuantizeLimits } from './machine-options.js';
import {
  calibrationNeeded,
  inputNeeded,
  type PrecisionOptions,
  precisionOf,
  refusePrecision,
} from './precision-options.js';

export interface QuantizeChoices extends PrecisionOptions {
  readonly calibration?: string;
  readonly limit?: number;
}

export interface QuantizedModel {
  readonly network: IntegerNetwork;
  /** null: none was needed. */
  readonly calibration: TensorFile | null;
  readonly samples: number;
  /** null: the model's own. */
  readonly precision: Required<PrecisionOptions> | null;
}

interface Sources extends QuantizeLimits {
  readonly path: string;
  readonly graph: Graph;
  readonly preprocess: PreprocessFile | null;
}

/**
 * @throws SystoleError calibration-needed; option-invalid where options ask for what the model says itself; those of
 * the files and of the quantizer
 */
export async function quantizeModel(
  sources: Sources,
  choices: QuantizeChoices,
  progress: Progress,
): Promise<QuantizedModel> {
  const open = whatIsOpen(sources.graph);
  // Without samples a model that is quantized in parts is taken as it is, which names what it lacks.
  const own = open === 'parts' ? choices.calibration === undefined : open !== 'everything';
  if (own) refusePrecision(choices, sources.path);
  if (own && open !== 'input') return ownPrecision(sources, choices, progress);
  if (own) return ownButInput(sources, choices, progress);
  if (choices.calibration === undefined) throw calibrationNeeded(sources.path);
  const { graph, widths, tableEntries } = sources;
  const { calibration, samples } = await readSamples(sources, choices, choices.calibration);
  const statistics = await calibrate(graph, samples, (done, all) => progress.count('calibrating', done, all));
  progress.stage('quantizing');
  const precision = precisionOf(choices);
  const network = toIntegerNetwork(
    graph,
    { calibration: statistics, input: null },
    { ...precision, widths, tableEntries },
  );
  return { network, calibration, samples: samples.length, precision };
}

function ownPrecision(sources: Sources, choices: QuantizeChoices, progress: Progress): QuantizedModel {
  if (choices.calibration !== undefined) {
    throw new SystoleError('option-invalid', 'the model is quantized already: there is nothing to calibrate', {
      where: '--calibration',
      expected: 'no --calibration',
      actual: choices.calibration,
    });
  }
  return ofModel(sources, { input: null, calibration: null, samples: 0 }, progress);
}

/** Its input has no quantizer: the bytes that the preprocess steps start from are its codes, or the range of samples is. */
async function ownButInput(sources: Sources, choices: QuantizeChoices, progress: Progress): Promise<QuantizedModel> {
  if (choices.calibration !== undefined) {
    const { calibration, samples } = await readSamples(sources, choices, choices.calibration);
    return ofModel(sources, { input: codesOfSamples(samples), calibration, samples: samples.length }, progress);
  }
  const input = sources.preprocess === null ? null : preprocessGrid(sources.preprocess.steps);
  if (input === null) throw inputNeeded(sources.path);
  return ofModel(sources, { input, calibration: null, samples: 0 }, progress);
}

function ofModel(
  { graph, widths, tableEntries }: Sources,
  {
    input,
    ...rest
  }: { readonly input: InputCodes | null; readonly calibration: TensorFile | null; readonly samples: number },
  progress: Progress,
): QuantizedModel {
  progress.stage('quantizing');
  const network = toIntegerNetwork(graph, { calibration: null, input }, { ...precisionOf({}), widths, tableEntries });
  return { network, precision: null, ...rest };
}

async function readSamples({ graph, preprocess }: Sources, { limit }: QuantizeChoices, path: string) {
  const calibration = await readTensorFile(path);
  const samples = realSamples(calibration, { shape: modelInputShape(graph), preprocess, limit });
  return { calibration, samples };
}
