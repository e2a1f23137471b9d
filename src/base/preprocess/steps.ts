/**
 * The steps of a preprocess file: a JSON list, applied in order to each sample (the batch dimension is not
 * counted: axis 0 is the first one after it), in float32, operation by operation, so that every language gives the same bits.
 */
import { z } from 'zod';
import { SystoleError } from '../error.js';

const axis = z.number().int().nonnegative();
const size = z.number().int().min(1).max(65536);
const values = z.union([z.number(), z.array(z.number()).min(1)]);

/** y = x op v: one number for all, or one for each index of `axis` (default 0). */
const perChannel = { axis: axis.optional() };

const step = z.discriminatedUnion('step', [
  /** One of the sizes may be -1: what is left. */
  z.strictObject({ step: z.literal('reshape'), shape: z.array(z.union([size, z.literal(-1)])).min(1) }),
  /** Axis i of the result is axis axes[i] of the sample. */
  z.strictObject({ step: z.literal('transpose'), axes: z.array(axis).min(1) }),
  /** Index i along the axis is index order[i] of the sample: [2, 1, 0] turns BGR into RGB. */
  z.strictObject({ step: z.literal('channelOrder'), order: z.array(axis).min(1), axis: axis.optional() }),
  /** axes: those of height and width; default the last two. */
  z.strictObject({
    step: z.literal('resize'),
    height: size,
    width: size,
    method: z.enum(['nearest', 'bilinear']),
    axes: z.tuple([axis, axis]).optional(),
  }),
  z.strictObject({ step: z.literal('scale'), by: values, ...perChannel }),
  /** Subtracted. */
  z.strictObject({ step: z.literal('mean'), values, ...perChannel }),
  /** Divided by. */
  z.strictObject({ step: z.literal('std'), values, ...perChannel }),
]);

const schema = z.array(step);

export type PreprocessStep = z.infer<typeof step>;
export type Preprocess = readonly PreprocessStep[];
/** Of a model's only input, or of each by name. */
export type PreprocessSteps = Preprocess | Readonly<Record<string, Preprocess>>;

/** null: the input's values are taken as they are. */
export function preprocessFor(steps: PreprocessSteps, input: string): Preprocess | null {
  if (isList(steps)) return steps;
  return Object.hasOwn(steps, input) ? steps[input]! : null;
}

function isList(steps: PreprocessSteps): steps is Preprocess {
  return Array.isArray(steps);
}

/** @throws SystoleError preprocess-invalid, with the step and field that are wrong */
export function parsePreprocess(json: unknown, where: string): Preprocess {
  const found = schema.safeParse(json);
  if (!found.success) {
    const issue = found.error.issues[0]!;
    const at = issue.path.length > 0 ? `${where}: ${issue.path.join('.')}` : where;
    throw new SystoleError('preprocess-invalid', 'the preprocess file is not valid', {
      where: at,
      expected:
        'a list of steps, or one for each input by name: reshape, transpose, channelOrder, resize, scale, mean, std',
      actual: issue.message,
    });
  }
  found.data.forEach((entry, i) => {
    const divisors = entry.step === 'std' ? [entry.values].flat() : [];
    if (divisors.some((value) => Math.fround(value) === 0)) throw refused(where, i, entry, 'divides by zero');
  });
  return found.data;
}

/** A list, or an object of one for each input. @throws SystoleError preprocess-invalid */
export function parsePreprocessFile(json: unknown, where: string): PreprocessSteps {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return parsePreprocess(json, where);
  return Object.fromEntries(
    Object.entries(json).map(([input, steps]) => [input, parsePreprocess(steps, `${where}: ${input}`)]),
  );
}

/** A step that cannot be applied to what it gets. */
export function refused(where: string, index: number, entry: PreprocessStep, why: string): SystoleError {
  return new SystoleError('preprocess-invalid', `step ${index} (${entry.step}) ${why}`, {
    where,
    actual: JSON.stringify(entry),
  });
}
