import type { Shard } from '../frame/values.js';
import type { Suite, SuitePrecision } from './suite.js';

/** One thing to verify. */
export interface Case {
  readonly model: string;
  /** Name or file of the base machine, and its digits where they are replaced. */
  readonly machine: string;
  readonly digits: readonly [number, number] | null;
  readonly precision: SuitePrecision;
  readonly stalls: boolean;
  readonly images: number;
}

/** Every case of a suite: model by model and precision by precision, so that what is compiled once is used at once. */
export function suiteCases(suite: Suite): Case[] {
  return suite.runs.flatMap(({ models, machines, digits, precisions, stalls, images }) =>
    models.flatMap((model) =>
      precisions.flatMap((precision) =>
        machines.flatMap((machine) =>
          (digits ?? [null]).flatMap((digit) =>
            stalls.map((stall) => ({ model, machine, digits: digit, precision, stalls: stall, images })),
          ),
        ),
      ),
    ),
  );
}

/** The i-th of n parts of about equal length, which together are all cases once. */
export function casesOfShard(cases: readonly Case[], { index, of }: Shard): Case[] {
  return cases.filter((_, i) => i % of === index - 1);
}

export function caseTitle({ model, machine, digits, precision, stalls, images }: Case): string {
  const { weights, activations, ends } = precision;
  const array = digits === null ? machine : `${machine} (${digits.join(',')})`;
  const rate = stalls ? 'stalls' : 'full rate';
  return `${model} w${weights}a${activations} ends ${ends} on ${array}, ${images} images, ${rate}`;
}
