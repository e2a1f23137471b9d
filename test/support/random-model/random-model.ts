/** Random ONNX models over the operators that Systole takes, float32 or quantized by power-of-two grids, as fast-check makes and shrinks them. */
import fc from 'fast-check';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import { buildOnnx, type ModelRecipe, randomValues } from '../onnx-builder.js';
import { COMPUTING } from './computing-steps.js';
import { builder, type Form, type Magnitudes, type ModelBuilder, type Now } from './model-builder.js';
import { MOVING } from './moving-steps.js';

const STEPS = { ...COMPUTING, ...MOVING };
const ENDS = ['none', 'none', 'gemm', 'matmul', 'mean', 'pooled', 'softmax', 'argmax', 'sigmoid', 'two'] as const;
/** Inputs that a model is run on. */
const SAMPLES = 3;

export interface RandomModelRecipe {
  readonly seed: number;
  readonly shape: readonly [number, number, number];
  readonly steps: readonly { readonly kind: string; readonly seed: number }[];
  readonly end: (typeof ENDS)[number];
}

export const randomModelArbitrary: fc.Arbitrary<RandomModelRecipe> = fc.record({
  seed: fc.nat(9999),
  shape: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 9 })),
  steps: fc.array(
    fc.record({
      kind: fc.oneof(fc.constantFrom(...Object.keys(COMPUTING)), fc.constantFrom(...Object.keys(STEPS))),
      seed: fc.nat(9999),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  end: fc.constantFrom(...ENDS),
});

export interface RandomModel {
  readonly bytes: Uint8Array;
  readonly operators: ReadonlySet<string>;
  /** ONNX Runtime's last bit need not be ours. */
  readonly transcendental: boolean;
  /** Values of all inputs, by name. */
  readonly samples: readonly Readonly<Record<string, Float32Array>>[];
}

export function floatModel(recipe: RandomModelRecipe): RandomModel {
  const made = build(recipe, 'float');
  return modelOf(recipe, made.b, made.b.recipe(made.outputs));
}

/** The same model as an exporter quantizes it: its grids hold what the float model makes of the samples. */
export async function quantizedModel(recipe: RandomModelRecipe): Promise<RandomModel> {
  const float = build(recipe, 'to be quantized');
  const names = float.b.quantizedTensors;
  const open = float.b.recipe([...new Set([...float.outputs, ...names.filter((name) => !isInput(float.b, name))])]);
  const { samples } = modelOf(recipe, float.b, open);
  const magnitudes = await magnitudesOf(buildOnnx(open), names, samples);
  const made = build(recipe, magnitudes);
  return modelOf(recipe, made.b, made.b.recipe(made.outputs));
}

const isInput = ({ inputs }: ModelBuilder, name: string) => inputs.some((input) => input.name === name);

function modelOf({ seed }: RandomModelRecipe, b: ModelBuilder, recipe: ModelRecipe): RandomModel {
  const random = randomSource(seed + 1);
  const sample = () =>
    Object.fromEntries(
      b.inputs.map(({ name, shape }) => [
        name,
        randomValues(
          shape.reduce((x, y) => x * y, 1),
          random,
        ),
      ]),
    );
  const samples = Array.from({ length: SAMPLES }, sample);
  return { bytes: buildOnnx(recipe), operators: b.operators, transcendental: b.transcendental, samples };
}

function build({ seed, shape, steps, end }: RandomModelRecipe, form: Form) {
  const b = builder(seed, form);
  const [channels, height, width] = shape;
  let now: Now = { name: b.input([1, channels, height, width]), channels, height, width };
  const before: Now[] = [];
  for (const step of [{ kind: 'conv', seed }, ...steps]) {
    before.push(now);
    now = STEPS[step.kind]!(b, now, randomSource(step.seed));
  }
  return { b, outputs: endOf(b, now, before, end) };
}

function endOf(b: ModelBuilder, now: Now, before: readonly Now[], end: RandomModelRecipe['end']): string[] {
  const last = b.nodes.length === 0 || end !== 'none' ? now.name : b.emit('Identity', now.name);
  const scores = () => dense(b, now, end === 'matmul' ? 'MatMul' : 'Gemm');
  switch (end) {
    case 'none':
      return [last];
    case 'two':
      return [...new Set([now.name, before.at(-1)!.name])].map((name) => b.emit('Identity', name));
    case 'mean':
      return [b.requantized(b.emit('ReduceMean', now.name, { axes: [2, 3], keepdims: 0 }))];
    case 'pooled':
      return [b.emit('Flatten', b.emit('GlobalMaxPool', now.name))];
    case 'softmax':
      return [b.emit('Softmax', scores(), { axis: 1 })];
    case 'argmax':
      return [b.emit('ArgMax', scores(), { axis: 1 })];
    case 'sigmoid':
      return [b.emit('Sigmoid', scores())];
    default:
      return [scores()];
  }
}

function dense(b: ModelBuilder, now: Now, operator: 'Gemm' | 'MatMul'): string {
  const size = now.channels * now.height * now.width;
  const weights = b.weights([size, 5]);
  const flat = operator === 'Gemm' ? b.emit('Flatten', now.name) : b.emit('Reshape', `${now.name} ${b.ints([1, -1])}`);
  return b.requantized(b.emit(operator, `${flat} ${weights.name}`));
}

async function magnitudesOf(
  bytes: Uint8Array,
  names: readonly string[],
  samples: RandomModel['samples'],
): Promise<Magnitudes> {
  const model = await openFloatModel(bytes, { asWritten: true });
  const largest = names.map(() => 0);
  try {
    for (const sample of samples) {
      const found = await model.run(Object.values(sample));
      for (const [i, name] of names.entries()) {
        const values = sample[name] ?? found.get(name)!;
        largest[i] = values.reduce((most, x) => Math.max(most, Math.abs(x)), largest[i]!);
      }
    }
  } finally {
    await model.close();
  }
  return largest;
}
