import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import type { Shape } from '../../src/frontend/graph.js';
import type { BinaryFunction, HostOp, HostOperand, HostStep, UnaryFunction } from '../../src/frontend/host-step.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { modelOutputs } from '../../src/quant/numerics.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { compiledFiles } from '../support/project.js';
import { ccAvailable, STRICT, writeCProject } from './c-project.js';

/** Steps on the real values x of a map [1, 6, 4, 5]; every value is one of the model's outputs. */
class Steps {
  readonly steps: HostStep[] = [];
  readonly shapes = new Map<string, Shape>([['x', [1, 6, 4, 5]]]);

  add(op: HostOp, inputs: readonly HostOperand[], ...shapes: Shape[]): string {
    const outputs = shapes.map((shape, i) => ({ name: `v${this.steps.length}.${i}`, shape }));
    for (const { name, shape } of outputs) this.shapes.set(name, shape);
    this.steps.push({ op, inputs, outputs, source: 'step' });
    return outputs[0]!.name;
  }

  unary(fn: UnaryFunction, from: string): string {
    return this.add({ kind: 'unary', fn }, [from], this.shapes.get(from)!);
  }

  binary(fn: BinaryFunction, a: HostOperand, b: HostOperand, shape: Shape): string {
    return this.add({ kind: 'binary', fn }, [a, b], shape);
  }

  on(base: IntegerNetwork): IntegerNetwork {
    const outputs = base.outputs.map((output) => ({ ...output, name: 'x', scale: [Math.fround(0.37)] }));
    const made = this.steps.flatMap((step) => step.outputs);
    const modelOutputs = made.map(({ name, shape }) => ({ name, value: name, shape, type: 'float32' }));
    return { ...base, outputs, host: this.steps, modelOutputs };
  }
}

const constant = (shape: Shape, seed: number): HostOperand => {
  const random = randomSource(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { constant: { shape, data: Float32Array.from({ length: size }, () => random.uniform() * 4 - 2) } };
};

/** 3x4x5 in, codes of 6x4x5 out. */
function base(): IntegerNetwork {
  return new NetworkBuilder({ height: 4, width: 5, channels: 3 }, 3)
    .conv({ kernel: [1, 1], channels: 6, weightBits: 8, bits: 8, zero: 128 })
    .build();
}

const FRAMES = 8;
const ELEMENTS = 120;

/** What leaves the machine, frame by frame. */
function streams(): Uint8Array {
  const random = randomSource(5);
  return Uint8Array.from({ length: FRAMES * ELEMENTS }, () => random.integer(0, 255));
}

/** By the C driver and by Node, all frames and outputs one after the other. */
async function both(steps: Steps): Promise<{ c: Float32Array; node: Float32Array }> {
  const network = steps.on(base());
  const project = await writeCProject(await compiledFiles(network, testMachine()));
  try {
    const program = await project.fixture('ends', STRICT);
    const { stdout } = await execa(program, ['finish'], { input: streams(), encoding: 'buffer' });
    const bytes = Uint8Array.from(stdout);
    const frames = Array.from({ length: FRAMES }, (_, i) => streams().subarray(i * ELEMENTS, (i + 1) * ELEMENTS));
    const node = frames.flatMap((frame) => [...modelOutputs(network, frame).values()].flatMap((values) => [...values]));
    return { c: new Float32Array(bytes.buffer), node: Float32Array.from(node) };
  } finally {
    await project.remove();
  }
}

function expectEqual({ c, node }: { c: Float32Array; node: Float32Array }): void {
  expect(c.length).toBe(node.length);
  const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);
  const canonical = (values: Float32Array) => values.map((x) => (Number.isNaN(x) ? 0 : x));
  const different = bits(canonical(c)).findIndex((word, i) => word !== bits(canonical(node))[i]);
  expect(different, `value ${different}: ${c[different]} in C, ${node[different]} in Node`).toBe(-1);
  expect(c.map(Number.isNaN as never)).toEqual(node.map(Number.isNaN as never));
}

describe.skipIf(!ccAvailable)('the host steps of the C driver are those of Node, bit for bit', () => {
  test('functions of one value', async () => {
    const steps = new Steps();
    const exact = ['sqrt', 'neg', 'abs', 'floor', 'ceil', 'round', 'relu', 'reciprocal', 'trunc'] as const;
    for (const fn of exact) steps.unary(fn, 'x');
    steps.add({ kind: 'clip', min: -3, max: 11.5 }, ['x'], [1, 6, 4, 5]);
    steps.add({ kind: 'clip', min: null, max: 0 }, ['x'], [1, 6, 4, 5]);
    expectEqual(await both(steps));
  });

  test('functions of two values, broadcast either way', async () => {
    const steps = new Steps();
    for (const fn of ['add', 'sub', 'mul', 'div', 'min', 'max'] as const) {
      const a = steps.binary(fn, 'x', constant([6, 1, 5], 1), [1, 6, 4, 5]);
      steps.binary(fn, constant([], 2), a, [1, 6, 4, 5]);
      steps.binary(fn, a, 'x', [1, 6, 4, 5]);
      steps.binary(fn, constant([2, 1, 1, 1], 3), 'x', [2, 6, 4, 5]);
    }
    expectEqual(await both(steps));
  });

  test('places: reshaped, turned, cut forwards and backwards, joined and picked', async () => {
    const steps = new Steps();
    const flat = steps.add({ kind: 'reshape' }, ['x'], [6, 20]);
    const turned = steps.add({ kind: 'transpose', permutation: [3, 1, 0, 2] }, ['x'], [5, 6, 1, 4]);
    steps.add({ kind: 'transpose', permutation: [1, 0] }, [flat], [20, 6]);
    steps.add({ kind: 'slice', starts: [4, 1, 0, 3], steps: [-2, 2, 1, -1] }, [turned], [3, 3, 1, 4]);
    steps.add({ kind: 'concat', axis: 1 }, [flat, constant([6, 3], 4), flat], [6, 43]);
    steps.add({ kind: 'concat', axis: 0 }, [turned, turned], [10, 6, 1, 4]);
    steps.add({ kind: 'gather', axis: 1, indices: [19, 0, 0, 7] }, [flat], [6, 2, 2]);
    steps.add({ kind: 'reshape' }, [constant([2, 3], 5)], [3, 2]);
    expectEqual(await both(steps));
  });

  test('lines: the best, the best few, sums and means', async () => {
    const steps = new Steps();
    for (const axis of [1, 2, 3]) {
      const without = [1, 6, 4, 5].toSpliced(axis, 1);
      steps.add({ kind: 'argmax', axis }, ['x'], without);
      steps.add({ kind: 'argmin', axis }, ['x'], [1, 6, 4, 5].with(axis, 1));
      for (const fn of ['sum', 'mean', 'max', 'min'] as const)
        steps.add({ kind: 'reduce', fn, axes: [axis] }, ['x'], without);
      for (const largest of [true, false]) {
        const shape = [1, 6, 4, 5].with(axis, 3);
        steps.add({ kind: 'topk', axis, count: 3, largest }, ['x'], shape, shape);
      }
    }
    for (const fn of ['sum', 'mean', 'max'] as const) {
      steps.add({ kind: 'reduce', fn, axes: [3, 1] }, ['x'], [1, 4]);
      steps.add({ kind: 'reduce', fn, axes: [0, 1, 2, 3] }, ['x'], []);
    }
    expectEqual(await both(steps));
  });

  test('boxes that hide no other, by corners and by centres', async () => {
    const steps = new Steps();
    const boxes = steps.add({ kind: 'reshape' }, ['x'], [1, 30, 4]);
    const half = steps.add({ kind: 'slice', starts: [0, 0, 0], steps: [1, 1, 2] }, [boxes], [1, 30, 2]);
    const scores = steps.add({ kind: 'transpose', permutation: [0, 2, 1] }, [half], [1, 2, 30]);
    for (const centre of [true, false]) {
      steps.add({ kind: 'nms', centre, perClass: 5, iou: Math.fround(0.2), score: -1 }, [boxes, scores], [10, 3]);
    }
    expectEqual(await both(steps));
  });

  test('exp and its kin differ by the last bits of the C library at most', async () => {
    const steps = new Steps();
    for (const fn of ['exp', 'tanh', 'sigmoid'] as const)
      steps.unary(fn, steps.binary('mul', 'x', constant([], 9), [1, 6, 4, 5]));
    steps.unary('log', steps.unary('abs', 'x'));
    steps.binary('pow', steps.unary('abs', 'x'), constant([5], 8), [1, 6, 4, 5]);
    steps.add({ kind: 'softmax', axis: 1 }, ['x'], [1, 6, 4, 5]);
    steps.add({ kind: 'logsoftmax', axis: 2 }, ['x'], [1, 6, 4, 5]);
    const { c, node } = await both(steps);
    expect(c.length).toBe(node.length);
    let apart = 0;
    for (const [i, x] of c.entries()) {
      if (Object.is(x, node[i]!)) continue;
      apart++;
      expect(Math.abs(x - node[i]!)).toBeLessThanOrEqual(Math.abs(x) * 2 ** -21 + 2 ** -126);
    }
    expect(apart).toBeLessThan(c.length / 50);
  });
});
