/** The files of a suite's model, read once: graph, calibration, frames; and its integer network in each precision. */
import { canonicalJson } from '../../base/canonical-json.js';
import { preprocessFor } from '../../base/preprocess/steps.js';
import type { Graph } from '../../frontend/graph.js';
import { type Calibration, calibrate } from '../../quant/calibrate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import type { ModelInputs } from '../../quant/numerics.js';
import { codesOfSamples, type InputCodes, toIntegerNetwork, whatIsOpen } from '../../quant/to-integer-network.js';
import { readNamedSamples } from '../data/named-files.js';
import { readPreprocess } from '../data/preprocess-file.js';
import { preprocessGrid } from '../data/preprocess-grid.js';
import { readTensorFile, splitKey } from '../data/tensor-file.js';
import { importModel, modelShapeOf, readModelFile } from '../model/float-graph.js';
import type { QuantizeLimits } from '../model/machine-options.js';
import { calibrationNeeded, inputNeeded, precisionOf, refusePrecision } from '../model/precision-options.js';
import { fileText, type InputFile, type ModelPaths } from './model-paths.js';
import type { SuiteModel, SuitePrecision } from './suite.js';

export interface ModelSource {
  /** Files that compile and verify take; those of a random network are written for it. */
  readonly paths: () => Promise<ModelPaths>;
  /** Chosen by nobody: it need not fit every machine. */
  readonly random: boolean;
  /** SHA-256 of every file, and what else decides the network. */
  readonly content: object;
  /** The first images, as real values of the model's inputs. */
  readonly images: (count: number) => Promise<readonly ModelInputs[]>;
  readonly network: (precision: SuitePrecision, limits: QuantizeLimits) => Promise<IntegerNetwork>;
}

/** @throws SystoleError of the files and of the import */
export async function openModelSource(model: SuiteModel, paths: ModelPaths): Promise<ModelSource> {
  const file = await readModelFile(paths.model);
  const graph = importModel(file, model.inputShape);
  const preprocess = paths.preprocess === null ? null : await readPreprocess(paths.preprocess);
  const inputs = graph.inputs.map((input) => ({ name: input.name, shape: modelShapeOf(input) }));
  const read = async (files: readonly InputFile[], option: string, limit: number | undefined) =>
    (await readNamedSamples(inputs, files.map(fileText), { option, preprocess, limit })).samples;
  const { calibration } = paths;
  const samples = calibration === null ? null : () => read(calibration, 'calibration', model.calibrationLimit);
  const steps = preprocess && preprocessFor(preprocess.steps, inputs[0]!.name);
  return {
    paths: async () => paths,
    random: false,
    content: {
      model: file.sha256,
      calibration: [await contentOf(calibration ?? []), model.calibrationLimit ?? null],
      inputs: await contentOf(paths.inputs),
      preprocess: preprocess?.sha256 ?? null,
      inputShape: model.inputShape ?? null,
    },
    images: (count) => read(paths.inputs, 'inputs', count),
    network: networksOf({ graph, samples, grid: steps && preprocessGrid(steps), path: paths.model }),
  };
}

/** Hash and key of each file. */
function contentOf(files: readonly InputFile[]): Promise<object[]> {
  return Promise.all(
    files.map(async ({ name, file }) => ({
      name,
      sha256: (await readTensorFile(file)).sha256,
      key: splitKey(file).key ?? null,
    })),
  );
}

export interface NetworkSource {
  readonly graph: Graph;
  /** To calibrate on; null: there are none. */
  readonly samples: (() => Promise<readonly ModelInputs[]>) | null;
  /** Codes that the preprocess steps make of bytes. */
  readonly grid: InputCodes | null;
  /** Of the model, for messages. */
  readonly path: string;
}

/** Each network is made once. */
export function networksOf(source: NetworkSource): ModelSource['network'] {
  const networks = new Map<string, Promise<IntegerNetwork>>();
  const open = onFirstUse(() => whatIsMissing(source));
  return (precision, limits) => {
    const key = canonicalJson([precision, limits]);
    const made = networks.get(key) ?? quantized(source, open(), precision, limits);
    networks.set(key, made);
    return made;
  };
}

interface Missing {
  readonly calibration: Calibration | null;
  readonly input: InputCodes | null;
}

/** @throws SystoleError calibration-needed */
async function whatIsMissing({ graph, samples, grid, path }: NetworkSource): Promise<Missing> {
  const open = whatIsOpen(graph);
  if (open === 'nothing') return { calibration: null, input: null };
  if (open === 'parts' && samples === null) return { calibration: null, input: null };
  if (open === 'everything' || open === 'parts') {
    if (samples === null) throw calibrationNeeded(path);
    return { calibration: await calibrate(graph, await samples()), input: null };
  }
  const input = samples === null ? grid : codesOfSamples((await samples()).flatMap(valuesOf));
  if (input === null) throw inputNeeded(path);
  return { calibration: null, input };
}

const valuesOf = (sample: ModelInputs) => (sample instanceof Float32Array ? [sample] : Object.values(sample));

async function quantized(
  { graph, path }: NetworkSource,
  missing: Promise<Missing>,
  precision: SuitePrecision,
  limits: QuantizeLimits,
): Promise<IntegerNetwork> {
  const chosen = precision === 'own' ? {} : precision;
  if (!['everything', 'parts'].includes(whatIsOpen(graph))) refusePrecision(chosen, path);
  return toIntegerNetwork(graph, await missing, { ...precisionOf(chosen), ...limits });
}

export function onFirstUse<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
