/** One mutation of a model, and what the reader says to it. */

import { SystoleError } from '../../src/base/error.js';
import { type RandomSource, randomSource } from '../../src/base/random.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { inspectOnnx } from '../../src/frontend/inspect-onnx.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateModel } from './mutate-model.js';

export interface FuzzModel {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface FuzzCase {
  readonly model: string;
  readonly kind: 'bytes' | 'structure' | 'both';
  readonly bytes: Uint8Array;
  /** Read as `inspect` does too, which takes as long again. */
  readonly inspected: boolean;
}

/** Defects of Systole, whatever the file holds. */
const DEFECTS: readonly string[] = ['internal', 'plan-invalid', 'certificate-wrong'];

/** The case of this number: the same seed, number and models give the same bytes. */
export function fuzzCase(models: readonly FuzzModel[], seed: number, index: number): FuzzCase {
  const random = randomSource(Math.imul(seed, 0x9e3779b1) + index);
  const model = pickModel(models, random);
  const kind = (['bytes', 'structure', 'structure', 'structure', 'both'] as const)[random.integer(0, 4)]!;
  const structured = kind === 'bytes' ? model.bytes : mutateModel(model.bytes, random);
  const bytes = kind === 'structure' ? structured : mutateBytes(structured, random);
  return { model: model.name, kind, bytes, inspected: random.integer(0, 3) === 0 };
}

/** Each as often as it is small: as much time is spent on each. */
function pickModel(models: readonly FuzzModel[], random: RandomSource): FuzzModel {
  const shares = models.map(({ bytes }) => 1 / bytes.length);
  let left = random.uniform() * shares.reduce((a, b) => a + b, 0);
  for (const [i, model] of models.entries()) {
    left -= shares[i]!;
    if (left <= 0) return model;
  }
  return models.at(-1)!;
}

/** A graph that breaks its own rules after a pass is ours, not the file's. */
function isDefect({ code, message }: SystoleError): boolean {
  return DEFECTS.includes(code) || message.startsWith('the graph breaks a rule after');
}

/** Code of the refusal, or 'graph'; a crash says what was thrown. */
export type Verdict = { readonly answer: string } | { readonly crash: string };

/** Reads the file as `compile` does, and as `inspect` does. */
export function verdictOn({ bytes, inspected }: Pick<FuzzCase, 'bytes' | 'inspected'>): Verdict {
  try {
    if (inspected) inspectOnnx(bytes);
    importOnnx(bytes);
    return { answer: 'graph' };
  } catch (error) {
    if (error instanceof SystoleError && !isDefect(error)) return { answer: error.code };
    return { crash: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
