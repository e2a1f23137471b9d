/** The files of a suite's model, read once: graph, calibration, frames; and its integer network in each precision. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.js';
import type { Graph } from '../../frontend/graph.js';
import { type Calibration, calibrate } from '../../quant/calibrate.js';
import type { RequantizeWidths } from '../../quant/certificate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { quantizeGraph } from '../../quant/quantize-graph.js';
import { readPreprocess } from '../data/preprocess-file.js';
import { realSamples } from '../data/samples.js';
import { readTensorFile, splitKey } from '../data/tensor-file.js';
import { importModel, modelInputShape, readModelFile } from '../model/float-graph.js';
import type { SuiteModel, SuitePrecision } from './suite.js';

export interface ModelPaths {
  readonly model: string;
  readonly calibration: string;
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
  readonly network: (precision: SuitePrecision, widths: RequantizeWidths) => Promise<IntegerNetwork>;
}

/** Paths of a suite are relative to its file. */
export function modelPaths({ file, calibration, inputs, preprocess }: SuiteModel, suite: string): ModelPaths {
  const from = (path: string) => join(dirname(suite), path);
  return {
    model: from(file),
    calibration: from(calibration),
    inputs: from(inputs ?? calibration),
    preprocess: preprocess === undefined ? null : from(preprocess),
  };
}

/** The first of the files that is missing; undefined when all are there. */
export function missingFile({ model, calibration, inputs, preprocess }: ModelPaths): string | undefined {
  const files = [
    model,
    splitKey(calibration).path,
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
  const calibrationFile = await readTensorFile(paths.calibration);
  const inputFile = await readTensorFile(paths.inputs);
  const form = { shape: modelInputShape(graph), preprocess };
  const calibration = onFirstUse(() =>
    calibrate(graph, realSamples(calibrationFile, { ...form, limit: model.calibrationLimit })),
  );
  return {
    paths: async () => paths,
    random: false,
    content: {
      model: file.sha256,
      calibration: [calibrationFile.sha256, splitKey(paths.calibration).key ?? null, model.calibrationLimit ?? null],
      inputs: [inputFile.sha256, splitKey(paths.inputs).key ?? null],
      preprocess: preprocess?.sha256 ?? null,
      inputShape: model.inputShape ?? null,
    },
    images: async (count) => realSamples(inputFile, { ...form, limit: count }),
    network: networksOf(graph, calibration),
  };
}

/** Each network is made once. */
export function networksOf(graph: Graph, calibration: () => Promise<Calibration>): ModelSource['network'] {
  const networks = new Map<string, Promise<IntegerNetwork>>();
  return (precision, widths) => {
    const key = canonicalJson([precision, widths]);
    const made = networks.get(key) ?? quantized(graph, calibration(), precision, widths);
    networks.set(key, made);
    return made;
  };
}

async function quantized(
  graph: Graph,
  calibration: Promise<Calibration>,
  { weights, activations, ends }: SuitePrecision,
  widths: RequantizeWidths,
): Promise<IntegerNetwork> {
  return quantizeGraph(graph, await calibration, { weights, activations, ends, widths });
}

export function onFirstUse<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
