/** A regression suite file: models x machines x digits x precisions x stalls, in one or several runs. */
import { z } from 'zod';
import { SystoleError } from '../../base/error.js';

const bits = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(8)]);
const count = z.number().int().min(1);

const chosen = z.strictObject({
  weights: bits,
  activations: z.number().int().min(1).max(8).default(8),
  ends: z.union([z.literal(8), z.literal('same')]).default(8),
});
/** own: that of a model which arrives quantized. */
const precision = z.union([chosen, z.literal('own')]);

/** FILE.npz[:key]; of a model with several inputs one for each, by name. */
const files = z.union([z.string().min(1), z.record(z.string(), z.string().min(1))]);

/** Paths are relative to the suite file. */
const model = z
  .strictObject({
    file: z.string().min(1),
    /** To calibrate on, and how many of them. A quantized model needs it only where it leaves its input open. */
    calibration: files.optional(),
    calibrationLimit: count.optional(),
    /** The images to verify; default those of the calibration. */
    inputs: files.optional(),
    preprocess: z.string().min(1).optional(),
    inputShape: z.array(count).optional(),
    /** Its cases are skipped where a file of it is missing. */
    optional: z.boolean().default(false),
  })
  .refine(({ calibration, inputs }) => (calibration ?? inputs) !== undefined, 'it has neither calibration nor inputs');

const run = z.strictObject({
  models: z.array(z.string()).min(1),
  /** Names, or FILE.json. */
  machines: z.array(z.string().min(1)).min(1),
  /** [activationDigit, weightDigit] in place of the machines' own. */
  digits: z
    .array(z.tuple([z.number().int(), z.number().int()]))
    .min(1)
    .optional(),
  precisions: z.array(precision).min(1).default(['own']),
  /** Random stalls on both streams, or full rate; only at full rate are cycles compared with the plan's. */
  stalls: z.array(z.boolean()).min(1).default([false]),
  images: count,
});

/** Random networks (frontend/random-graph.ts) of the seeds seed, seed + 1, ..., their precision chosen by the seed as well. */
const randomNetworks = z.strictObject({
  seed: z.number().int().nonnegative().default(1),
  count,
  machines: z.array(z.string().min(1)).min(1),
  digits: z
    .array(z.tuple([z.number().int(), z.number().int()]))
    .min(1)
    .optional(),
  stalls: z.array(z.boolean()).min(1).default([true]),
  /** At most as many as a random network has samples. */
  images: count.max(8).default(2),
});

const schema = z
  .strictObject({
    name: z.string().regex(/^[\w.-]+$/, 'must be letters, digits, dots and dashes'),
    seed: z.number().int().nonnegative().default(1),
    models: z.record(z.string(), model).default({}),
    runs: z.array(run).default([]),
    random: randomNetworks.optional(),
  })
  .refine(({ runs, random }) => runs.length > 0 || random !== undefined, 'it has neither runs nor random networks')
  .superRefine((suite, context) => {
    suite.runs.forEach(({ models }, i) => {
      models.forEach((name, j) => {
        if (suite.models[name]) return;
        const message = `there is no model ${name} under models`;
        context.addIssue({ code: 'custom', path: ['runs', i, 'models', j], message });
      });
    });
  });

export type Suite = z.infer<typeof schema>;
export type SuiteFiles = z.infer<typeof files>;
export type SuiteModel = z.infer<typeof model>;
export type SuitePrecision = z.infer<typeof precision>;

/** @throws SystoleError suite-invalid, with the field that is wrong */
export function parseSuite(text: string, where: string): Suite {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SystoleError('suite-invalid', 'the suite is not JSON', { where, actual: (error as Error).message });
  }
  const found = schema.safeParse(json);
  if (found.success) return found.data;
  const issue = found.error.issues[0]!;
  throw new SystoleError('suite-invalid', 'the suite is not valid', {
    where: issue.path.length > 0 ? `${where}: ${issue.path.join('.')}` : where,
    actual: issue.message,
    hint: 'suites/sample.json is an example',
  });
}
