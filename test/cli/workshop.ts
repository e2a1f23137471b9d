/** A folder of small models and data for command lines that must fail. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { type NumericArray, writeNpy } from '../../src/base/npy.js';
import { buildOnnx, type ModelRecipe, node, randomFloats } from '../support/onnx-builder.js';
import { cli, cliJson } from './cli.js';

export interface Workshop {
  readonly folder: string;
  /** Writes a file; its path. */
  readonly file: (name: string, content: string | Uint8Array) => string;
  readonly path: (name: string) => string;
  /** What lies in the folder. */
  readonly entries: () => string[];
  readonly close: () => void;
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'systole-refusals-'));
  const path = (name: string) => join(folder, name);
  return {
    folder,
    path,
    file: (name, content) => {
      writeFileSync(path(name), content);
      return path(name);
    },
    entries: () => readdirSync(folder).sort(),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Input [1, 2, 6, 6], one convolution with ReLU, one dense layer of 3 classes. */
export const SMALL: ModelRecipe = {
  shape: [1, 2, 6, 6],
  nodes: [
    node('Conv', 'x w', 'a', { kernel_shape: [3, 3] }, { name: 'conv' }),
    node('Relu', 'a', 'b', {}, { name: 'relu' }),
    node('Flatten', 'b', 'c', {}, { name: 'flatten' }),
    node('Gemm', 'c v', 'y', {}, { name: 'dense' }),
  ],
  initializers: { w: randomFloats([4, 2, 3, 3], 1), v: randomFloats([64, 3], 2) },
};

export const smallModel = (change: Partial<ModelRecipe> = {}) => buildOnnx({ ...SMALL, ...change });

/** Images for it, values 0 to 1. */
export function smallImages(count = 4, shape: readonly number[] = [count, 2, 6, 6]): NumericArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 100) };
}

export const npz = (arrays: Readonly<Record<string, NumericArray>>) =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])));

export interface Refused {
  readonly exit: number;
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly hint: string | null;
}

/**
 * Types the command twice, for people and for programs: both refuse, neither shows a stack, and the words for people are on
 * stderr alone and hold what the JSON says.
 */
export async function refused(...args: string[]): Promise<Refused> {
  const people = await cli(...args);
  const { code: exit, json } = await cliJson(...args);
  const { error } = json;
  if (error === undefined) throw new Error(`not refused: systole ${args.join(' ')}`);
  const problems = [
    people.out !== '' && `stdout is not empty: ${people.out}`,
    people.code !== exit && `exit ${people.code} for people, ${exit} with --json`,
    !people.err.startsWith(`error: ${error.message} [${error.code}]\n`) && `stderr begins otherwise: ${people.err}`,
    /^ +at .*:\d+:\d+/m.test(people.err) && `a stack is shown: ${people.err}`,
  ].filter(Boolean);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { exit, ...error };
}
