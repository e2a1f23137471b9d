/** The files of a suite's model, read once: graph, calibration, frames; and its integer network in each precision. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.js';
import { preprocessFor } from '../../base/preprocess/steps.js';
import type { Graph } from '../../frontend/graph.js';
import { type Calibration, calibrate } from '../../quant/calibrate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { codesOfSamples, type InputCodes, toIntegerNetwork, whatIsOpen } from '../../quant/to-integer-network.js';
import { readPreprocess } from '../data/preprocess-file.js';
import { preprocessGrid } from '../data/preprocess-grid.js';
import { realSamples } from '../data/samples.js';
import { readTensorFile, splitKey } from '../data/tensor-file.js';
import { importModel, modelInputShape, readModelFile } from '../model/float-graph.js';
import type { QuantizeLimits } from '../model/machine-options.js';
import { calibrationNeeded, inputNeeded, precisionOf, refusePrecision } from '../model/precision-options.js';
import type { SuiteModel, SuitePrecision } from './suite.js';

export interface ModelPaths {
  readonly model: string;
  /** null: the model is quantized, and its input too. */
  readonly calibration: string | null;
  readonly inputs: string;
  readonly preprocess: string | null;
}

export interface ModelSource {
  /** Files that compile and verify take; those of a random network are written for it. */
  readonly paths: () => Promise<ModelPaths>;
  /** Chosen by nobody: it need not fit every machine. */
  readonly random: boolean;
  /** SHA-256 of every file, and what else decides the network. */
  readonly content: object;
  /** The first images, as real values of the model's input. */
  readonly images: (count: number) => Promise<readonly Float32Array[]>;
  readonly network: (precision: SuitePrecision, limits: QuantizeLimits) => Promise<IntegerNetwork>;
}

/** Paths of a suite are relative to its file. */
export function modelPaths({ file, calibration, inputs, preprocess }: SuiteModel, suite: string): ModelPaths {
  const from = (path: string) => join(dirname(suite), path);
  return {
    model: from(file),
    calibration: calibration === undefined ? null : from(calibration),
    inputs: from((inputs ?? calibration)!),
    preprocess: preprocess === undefined ? null : from(preprocess),
  };
}

/** The first of the files that is missing; undefined when all are there. */
export function missingFile({ model, calibration, inputs, preprocess }: ModelPaths): string | undefined {
  const files = [
    model,
    ...(calibration === null ? [] : [splitKey(calibration).path]),
    splitKey(inputs).path,
    ...(preprocess === null ? [] : [preprocess]),
  ];
  return files.find((path) => !existsSync(path));
}

/** @throws SystoleError of the files and of the import */
export async function openModelSource(model: SuiteModel, paths: ModelPaths): Promise<ModelSource> {
  const file = await readModelFile(paths.model);
  const graph = importModel(file, model.inputShape);
  const preprocess = paths.preprocess === null ? null : await readPreprocess(paths.preprocess);
  const calibrationFile = paths.calibration === null ? null : await readTensorFile(paths.calibration);
  const inputFile = await readTensorFile(paths.inputs);
  const steps = preprocess && preprocessFor(preprocess.steps, graph.inputs[0]!.name);
  const kept = preprocess && steps && { steps, where: preprocess.where };
  const form = { shape: modelInputShape(graph), preprocess: kept };
  const samples =
    calibrationFile === null ? null : () => realSamples(calibrationFile, { ...form, limit: model.calibrationLimit });
  return {
    paths: async () => paths,
    random: false,
    content: {
      model: file.sha256,
      calibration: [calibrationFile?.sha256 ?? null, keyOf(paths.calibration), model.calibrationLimit ?? null],
      inputs: [inputFile.sha256, keyOf(paths.inputs)],
      preprocess: preprocess?.sha256 ?? null,
      inputShape: model.inputShape ?? null,
    },
    images: async (count) => realSamples(inputFile, { ...form, limit: count }),
    network: networksOf({
      graph,
      samples,
      grid: steps && preprocessGrid(steps),
      path: paths.model,
    }),
  };
}

const keyOf = (path: string | null) => (path === null ? null : (splitKey(path).key ?? null));

export interface NetworkSource {
  readonly graph: Graph;
  /** To calibrate on; null: there are none. */
  readonly samples: (() => readonly Float32Array[]) | null;
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
    return { calibration: await calibrate(graph, samples()), input: null };
  }
  const input = samples === null ? grid : codesOfSamples(samples());
  if (input === null) throw inputNeeded(path);
  return { calibration: null, input };
}

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
