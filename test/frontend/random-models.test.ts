import { expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import { type BuiltNode, type BuiltTensor, floats, ints, node, randomValues } from '../support/onnx-builder.js';
import { sameAsRuntime } from '../support/same-as-runtime.js';

interface Now {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A random chain of operators on a map, in channels-first or channels-last order, residuals and a random end. */
function randomModel(seed: number) {
  const random = randomSource(seed);
  const nodes: BuiltNode[] = [];
  const initializers: Record<string, BuiltTensor> = {};
  const counts = new Map<string, number>();
  const pick = <T>(list: readonly T[]): T => list[random.integer(0, list.length - 1)]!;
  let last = random.integer(0, 1) === 1;
  const constant = (tensor: BuiltTensor): string => {
    const name = `k${Object.keys(initializers).length}`;
    initializers[name] = tensor;
    return name;
  };
  const values = (shape: readonly number[], low = -1, high = 1): string =>
    constant(
      floats(
        shape,
        randomValues(
          shape.reduce((a, b) => a * b, 1),
          random,
          low,
          high,
        ),
      ),
    );
  const emit = (operator: string, inputs: string, attributes: BuiltNode['attributes'] = {}): string => {
    const name = `t${nodes.length}`;
    nodes.push(node(operator, inputs, name, attributes));
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
    return name;
  };
  const order = (name: string, toLast: boolean): string => {
    if (last === toLast) return name;
    last = toLast;
    return emit('Transpose', name, { perm: toLast ? [0, 2, 3, 1] : [0, 3, 1, 2] });
  };
  /** One value a channel, in the order of the moment. */
  const channelwise = (channels: number): string => values(last ? [channels] : [channels, 1, 1], 0.5, 1.5);

  const input: Now = {
    name: 'x',
    channels: random.integer(1, 4),
    height: random.integer(4, 9),
    width: random.integer(4, 9),
  };
  const shape = last ? [1, input.height, input.width, input.channels] : [1, input.channels, input.height, input.width];
  const conv = (now: Now): Now => {
    const from = order(now.name, false);
    const [kh, kw] = [random.integer(1, Math.min(3, now.height)), random.integer(1, Math.min(3, now.width))];
    const [sy, sx] = [random.integer(1, 2), random.integer(1, 2)];
    const pads = [random.integer(0, 1), random.integer(0, 1), random.integer(0, 1), random.integer(0, 1)];
    const group = pick([1, now.channels]);
    const channels = group === 1 ? random.integer(1, 6) : now.channels;
    const weights = values([channels, now.channels / group, kh, kw]);
    const name = emit('Conv', `${from} ${weights} ${values([channels])}`, { group, pads, strides: [sy, sx] });
    const height = Math.floor((now.height + pads[0]! + pads[2]! - kh) / sy) + 1;
    return { name, channels, height, width: Math.floor((now.width + pads[1]! + pads[3]! - kw) / sx) + 1 };
  };
  const pool = (now: Now): Now => {
    if (now.height < 2 || now.width < 2) return now;
    const from = order(now.name, false);
    const name = emit(pick(['MaxPool', 'AveragePool']), from, { kernel_shape: [2, 2], strides: [2, 1] });
    return { ...now, name, height: Math.floor((now.height - 2) / 2) + 1, width: now.width - 1 };
  };
  const elementwise = (now: Now): Now => {
    const operator = pick(['Relu', 'Add', 'Sub', 'Mul', 'Div', 'Clip', 'Identity']);
    if (operator === 'Relu' || operator === 'Identity') return { ...now, name: emit(operator, now.name) };
    if (operator === 'Clip')
      return { ...now, name: emit(operator, `${now.name} ${values([], -1, 0)} ${values([], 0, 1)}`) };
    return { ...now, name: emit(operator, `${now.name} ${channelwise(now.channels)}`) };
  };
  const norm = (now: Now): Now => {
    const from = order(now.name, false);
    const c = [now.channels];
    const inputs = [values(c), values(c), values(c), values(c, 0.5, 2)];
    return { ...now, name: emit('BatchNormalization', [from, ...inputs].join(' ')) };
  };
  const residual = (now: Now): Now => {
    const from = order(now.name, false);
    const weights = values([now.channels, now.channels, 1, 1]);
    return { ...now, name: emit('Add', `${emit('Conv', `${from} ${weights}`)} ${from}`) };
  };
  const turn = (now: Now): Now => ({ ...now, name: order(now.name, !last) });

  let now = input;
  for (let i = random.integer(2, 8); i > 0; i--)
    now = pick([conv, conv, pool, elementwise, elementwise, norm, residual, turn])(now);
  const size = now.channels * now.height * now.width;
  switch (random.integer(0, 4)) {
    case 0:
      emit('Gemm', `${emit('Flatten', now.name)} ${values([size, 3])} ${values([3])}`);
      break;
    case 1: {
      const flat = emit('Reshape', `${now.name} ${constant(ints([2], [1, -1]))}`);
      emit('Softmax', emit('MatMul', `${flat} ${values([size, 3])}`));
      break;
    }
    case 2:
      emit('Flatten', emit('GlobalAveragePool', order(now.name, false)));
      break;
    case 3:
      emit('ReduceMean', now.name, { axes: last ? [1, 2] : [2, 3], keepdims: random.integer(0, 1) });
      break;
    default:
      emit('Relu', now.name);
  }
  return { recipe: { shape, nodes, initializers }, counts };
}

const MODELS = 60;

it(`${MODELS} random models compute what ONNX Runtime computes, whatever their layout`, async () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= MODELS; seed++) {
    const { recipe, counts } = randomModel(seed);
    await sameAsRuntime(recipe, { inputs: 1 }).catch((error: Error & { where?: string }) => {
      throw new Error(`seed ${seed}: ${error.message} ${error.where ?? ''}`);
    });
    for (const [operator, count] of counts) seen.set(operator, (seen.get(operator) ?? 0) + count);
  }
  for (const operator of [
    'Conv',
    'MaxPool',
    'AveragePool',
    'BatchNormalization',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Transpose',
    'Relu',
    'Clip',
    'Gemm',
    'MatMul',
    'ReduceMean',
  ]) {
    expect(seen.get(operator) ?? 0, operator).toBeGreaterThanOrEqual(5);
  }
});
