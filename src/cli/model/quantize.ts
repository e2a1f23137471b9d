/** A model's integer network: calibrated here, or with the precision that the model carries. */
import { SystoleError } from '../../base/error.js';
import { preprocessFor } from '../../base/preprocess/steps.js';
import type { Graph } from '../../frontend/graph.js';
import { calibrate } from '../../quant/calibrate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { codesOfSamples, type InputCodes, toIntegerNetwork, whatIsOpen } from '../../quant/to-integer-network.js';
import { readNamedSamples } from '../data/named-files.js';
import type { PreprocessFile } from '../data/preprocess-file.js';
import { preprocessGrid } from '../data/preprocess-grid.js';
import type { TensorFile } from '../data/tensor-file.js';
import type { Progress } from '../frame/progress.js';
import { modelShapeOf } from './float-graph.js';
import type { QuantizeLimits } from './machine-options.js';
import {
  calibrationNeeded,
  inputNeeded,
  type PrecisionOptions,
  precisionOf,
  refusePrecision,
} from './precision-options.js';

export interface QuantizeChoices extends PrecisionOptions {
  /** FILE, or NAME=FILE for each where the model has several inputs. */
  readonly calibration?: readonly string[];
  readonly limit?: number;
}

export interface QuantizedModel {
  readonly network: IntegerNetwork;
  /** Empty where none was needed. */
  readonly calibration: readonly TensorFile[];
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
      actual: choices.calibration.join(' '),
    });
  }
  return ofModel(sources, { input: null, calibration: [], samples: 0 }, progress);
}

/** Its input has no quantizer: the bytes that the preprocess steps start from are its codes, or the range of samples is. */
async function ownButInput(sources: Sources, choices: QuantizeChoices, progress: Progress): Promise<QuantizedModel> {
  if (choices.calibration !== undefined) {
    const { calibration, samples } = await readSamples(sources, choices, choices.calibration);
    return ofModel(
      sources,
      {
        input: codesOfSamples(samples.flatMap((sample) => Object.values(sample))),
        calibration,
        samples: samples.length,
      },
      progress,
    );
  }
  const steps = sources.preprocess && preprocessFor(sources.preprocess.steps, sources.graph.inputs[0]!.name);
  const input = steps && preprocessGrid(steps);
  if (input === null) throw inputNeeded(sources.path);
  return ofModel(sources, { input, calibration: [], samples: 0 }, progress);
}

function ofModel(
  { graph, widths, tableEntries }: Sources,
  {
    input,
    ...rest
  }: { readonly input: InputCodes | null; readonly calibration: readonly TensorFile[]; readonly samples: number },
  progress: Progress,
): QuantizedModel {
  progress.stage('quantizing');
  const network = toIntegerNetwork(graph, { calibration: null, input }, { ...precisionOf({}), widths, tableEntries });
  return { network, precision: null, ...rest };
}

async function readSamples({ graph, preprocess }: Sources, { limit }: QuantizeChoices, texts: readonly string[]) {
  const inputs = graph.inputs.map((input) => ({ name: input.name, shape: modelShapeOf(input) }));
  const choices = { option: '--calibration', preprocess, limit };
  const { samples, files } = await readNamedSamples(inputs, texts, choices);
  return { calibration: files, samples };
}
