/** Class scores in a network's output. */

import { argmax } from '../../quant/host/lines.js';
import type { IntegerNetwork } from '../../quant/network.js';

/** The end of a network. */
export type NetworkEnd = Pick<IntegerNetwork, 'host' | 'modelOutputs'>;

export interface Score {
  readonly class: number;
  readonly score: number;
}

/** The only output is one vector of scores, or the class itself. */
export function isClassifier(end: NetworkEnd): boolean {
  const [output, ...others] = end.modelOutputs;
  if (output === undefined || others.length > 0) return false;
  const size = product(output.shape);
  return givesClass(end) ? size === 1 : size > 1 && size === Math.max(...output.shape);
}

/** Of a classifier; null where it gives the class itself. */
export function classCount(end: NetworkEnd): number | null {
  return givesClass(end) ? null : product(end.modelOutputs[0]!.shape);
}

/** Of a classifier; ties go to the lowest index. */
export function predictedClass(end: NetworkEnd, output: Float32Array): number {
  return givesClass(end) ? output[0]! : argmax(output);
}

function givesClass({ host, modelOutputs }: NetworkEnd): boolean {
  const value = modelOutputs[0]?.value;
  return host.some(({ op, outputs }) => op.kind === 'argmax' && outputs[0]!.name === value);
}

/** The best few of a vector of scores, best first; ties in the order of the classes. */
export function topScores(output: Float32Array, count: number): Score[] {
  const scores = Array.from(output, (score, i) => ({ class: i, score }));
  return scores.sort((a, b) => b.score - a.score || a.class - b.class).slice(0, count);
}

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
