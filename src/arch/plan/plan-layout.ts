/** The part of a plan that its readers need once the program is written: where tensors lie, and who makes them. */
import { z } from 'zod';
import { prettyJson } from '../../base/canonical-json.js';
import { SystoleError } from '../../base/error.js';
import type { Plan } from './plan.js';

export type PlanLayout = Pick<Plan, 'tensors' | 'layers' | 'turns' | 'inputs' | 'outputs' | 'usefulDigitMacs' | 'used'>;

/** The layout as JSON text; equal plans give equal bytes. */
export function layoutToJson({ tensors, layers, turns, inputs, outputs, usefulDigitMacs, used }: PlanLayout): string {
  return prettyJson({ tensors, layers, turns, inputs, outputs, usefulDigitMacs, used });
}

const whole = z.number().int();
const count = whole.nonnegative();
const place = z.strictObject({
  group: count,
  base: count,
  planes: count,
  planeStride: count,
  rowPitch: count,
  pixelPitch: count,
  bufferRows: count,
  inside: z.string().nullable(),
  counter: count.nullable(),
  made: whole,
  lastRead: whole,
});
const tensor = z.strictObject({
  name: z.string(),
  height: count,
  width: count,
  channels: count,
  bits: count,
  place: place.nullable(),
});
const layer = z.strictObject({
  name: z.string(),
  sources: z.array(z.string()),
  input: z.string(),
  residual: z.string().nullable(),
  output: z.string(),
  passes: count,
  usefulMacs: count,
  usefulDigitMacs: count,
  steps: count,
  tile: z.strictObject({ columns: count, lines: count }),
  fromDram: z.boolean(),
  unit: z.enum(['array', 'depthwise']),
  accRange: z.strictObject({ min: whole, max: whole }),
});
const schema: z.ZodType<PlanLayout> = z.strictObject({
  tensors: z.record(z.string(), tensor),
  layers: z.array(layer),
  turns: z.array(count),
  inputs: z.array(
    z.strictObject({
      tensor: z.string(),
      codes: count,
      codeBits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]),
      firstByte: count,
    }),
  ),
  outputs: z.array(
    z.strictObject({
      tensor: z.string(),
      elements: count,
      elementBytes: z.union([z.literal(1), z.literal(2), z.literal(4)]),
      firstByte: count,
    }),
  ),
  usefulDigitMacs: count,
  used: z.strictObject({
    activationWords: count,
    activationBytes: count,
    activationBytesWhole: count,
    weightWords: count,
    dramWords: count,
    parameterWords: count,
    programWords: count,
    passEntries: count,
    tableEntries: count,
    counters: count,
  }),
});

/** @throws SystoleError project-invalid for text that layoutToJson did not write. */
export function layoutFromJson(text: string, where: string): PlanLayout {
  const damaged = (actual: string): SystoleError =>
    new SystoleError('project-invalid', 'the layout of the plan is damaged', {
      where,
      actual,
      hint: 'compile the model again with --force',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged('not JSON');
  }
  const found = schema.safeParse(json);
  if (!found.success) throw damaged(z.prettifyError(found.error).split('\n')[0]!);
  return found.data;
}
