import { randomSource } from '../../base/random.js';
import type { Shard } from '../frame/values.js';
import type { Suite, SuitePrecision } from './suite.js';

/** One thing to verify. */
export interface Case {
  readonly model: string;
  /** Seed of a random network; null: the suite's model of this name. */
  readonly random: number | null;
  /** Name or file of the base machine, and its digits where they are replaced. */
  readonly machine: string;
  readonly digits: readonly [number, number] | null;
  readonly precision: SuitePrecision;
  readonly stalls: boolean;
  readonly images: number;
}

/** Every case of a suite: model by model and precision by precision, so that what is compiled once is used at once. */
export function suiteCases(suite: Suite): Case[] {
  return [...runCases(suite), ...randomCases(suite)];
}

function runCases(suite: Suite): Case[] {
  return suite.runs.flatMap(({ models, machines, digits, precisions, stalls, images }) =>
    models.flatMap((model) =>
      precisions.flatMap((precision) =>
        machines.flatMap((machine) =>
          (digits ?? [null]).flatMap((digit) =>
            stalls.map((stall) => ({ model, random: null, machine, digits: digit, precision, stalls: stall, images })),
          ),
        ),
      ),
    ),
  );
}

function randomCases({ random }: Suite): Case[] {
  if (random === undefined) return [];
  const { count, seed, machines, digits, stalls, images } = random;
  return Array.from({ length: count }, (_, i) => seed + i).flatMap((number) => {
    const network = { model: `random-${number}`, random: number, precision: randomPrecision(number) };
    return machines.flatMap((machine) =>
      (digits ?? [null]).flatMap((digit) =>
        stalls.map((stall) => ({ ...network, machine, digits: digit, stalls: stall, images })),
      ),
    );
  });
}

const WEIGHTS = [1, 2, 3, 4, 8] as const;

function randomPrecision(seed: number): Exclude<SuitePrecision, 'own'> {
  const random = randomSource(seed);
  return {
    weights: WEIGHTS[random.integer(0, WEIGHTS.length - 1)]!,
    activations: random.integer(1, 8),
    ends: random.integer(0, 1) === 0 ? 8 : 'same',
  };
}

/** The i-th of n parts of about equal length, which together are all cases once. */
export function casesOfShard(cases: readonly Case[], { index, of }: Shard): Case[] {
  return cases.filter((_, i) => i % of === index - 1);
}

export function caseTitle({ model, machine, digits, precision, stalls, images }: Case): string {
  const array = digits === null ? machine : `${machine} (${digits.join(',')})`;
  const rate = stalls ? 'stalls' : 'full rate';
  return `${model} ${precisionText(precision)} on ${array}, ${images} images, ${rate}`;
}

function precisionText(precision: SuitePrecision): string {
  if (precision === 'own') return 'as it is';
  const { weights, activations, ends } = precision;
  return `w${weights}a${activations} ends ${ends}`;
}
