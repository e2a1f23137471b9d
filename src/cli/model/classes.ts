/** Class scores in a network's output. */

import type { OutputStage } from '../../quant/network.js';
import { argmax } from '../../quant/numerics.js';

type Stage = Pick<OutputStage, 'steps' | 'modelShape'>;

export interface Score {
  readonly class: number;
  readonly score: number;
}

/** The output is one vector of scores, or the class itself. */
export function isClassifier({ steps, modelShape }: Stage): boolean {
  if (steps.at(-1)?.kind === 'argmax') return product(modelShape) === 1;
  return product(modelShape) > 1 && product(modelShape) === Math.max(...modelShape);
}

/** Of a classifier; null where it gives the class itself. */
export function classCount({ steps, modelShape }: Stage): number | null {
  return steps.at(-1)?.kind === 'argmax' ? null : product(modelShape);
}

/** Of a classifier; ties go to the lowest index. */
export function predictedClass({ steps }: Stage, output: Float32Array): number {
  return steps.at(-1)?.kind === 'argmax' ? output[0]! : argmax(output);
}

/** The best few of a vector of scores, best first; ties in the order of the classes. */
export function topScores(output: Float32Array, count: number): Score[] {
  const scores = Array.from(output, (score, i) => ({ class: i, score }));
  return scores.sort((a, b) => b.score - a.score || a.class - b.class).slice(0, count);
}

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
