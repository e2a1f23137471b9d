import { basename } from 'node:path';
import { sha256 } from '../../base/sha256.js';
import type { Graph, GraphInput } from '../../frontend/graph.js';
import { importOnnx } from '../../frontend/import-onnx.js';
import { inFile, readBytes } from '../files.js';

export interface ModelFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readBytes(path);
  return { path, name: basename(path), bytes, sha256: sha256(bytes) };
}

/** @throws SystoleError those of importOnnx, the file in front of the place */
export function importModel({ path, bytes }: ModelFile, inputShape: readonly number[] | undefined): Graph {
  return inFile(path, () => importOnnx(bytes, inputShape === undefined ? {} : { inputShape }));
}

/** The shape of an input in the model, batch 1 first. */
export function modelShapeOf({ layout, shape }: GraphInput): readonly number[] {
  return layout?.modelShape ?? shape;
}

/** Of a model's only input. */
export function modelInputShape({ inputs }: Graph): readonly number[] {
  return modelShapeOf(inputs[0]!);
}
