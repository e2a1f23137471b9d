import { describe, expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { runSteps } from '../../src/quant/host/run-steps.js';
import { kindsOf } from '../support/host-chain.js';
import { codeAndPlace, refusalOf } from '../support/import-refusals.js';
import {
  buildOnnx,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
  randomValues,
  TYPES,
} from '../support/onnx-builder.js';
import { sameAsRuntime } from '../support/same-as-runtime.js';

const conv = node('Conv', 'x w', 'c');
const constants = { w: randomFloats([4, 3, 3, 3], 1), one: floats([], [0.5]), row: randomFloats([1, 1, 6], 2) };
/** What the array cannot do: nodes behind a convolution, on its map as [1, 4, 36]. */
const behind = (
  nodes: ModelRecipe['nodes'],
  more: ModelRecipe['initializers'] = {},
  outputs?: string[],
): ModelRecipe => ({
  shape: [1, 3, 8, 8],
  nodes: [
    conv,
    node('Reshape', 'c flat', 'f'),
    node('Transpose', 'f', 't', { perm: [0, 2, 1] }),
    node('Exp', 't', 'e'),
    ...nodes,
  ],
  initializers: { ...constants, flat: ints([3], [1, 4, 36]), ...more },
  ...(outputs && { outputs }),
});
const ends = (...nodes: ModelRecipe['nodes']) => sameAsRuntime(behind(nodes));

async function runOnce(bytes: Uint8Array, input: Float32Array): Promise<Map<string, Float32Array>> {
  const model = await openFloatModel(bytes, { asWritten: true });
  try {
    return await model.run(input);
  } finally {
    await model.close();
  }
}

describe('the host behind the array', () => {
  it.each(['Log', 'Sqrt', 'Neg', 'Abs', 'Floor', 'Ceil', 'Round', 'Relu', 'Tanh', 'Sigmoid', 'Reciprocal'])(
    'computes %s as ONNX Runtime does',
    async (operator) => {
      const graph = await ends(node(operator, 'e', 'y'));
      expect(kindsOf(graph).at(-1)).toBe(operator.toLowerCase());
    },
  );

  it.each(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max'])('computes %s with broadcasting', async (operator) => {
    const more = { k: randomFloats([36, 1], 3), v: randomFloats([4], 4) };
    await sameAsRuntime(behind([node(operator, 'e k', 'a'), node(operator, 'a t', 'y')], more), { low: 0.1 });
    if (operator !== 'Pow') await sameAsRuntime(behind([node(operator, 'v e', 'y')], more));
  });

  it('computes sums and means of several tensors', async () => {
    await ends(node('Sum', 'e t e', 'y'));
    await ends(node('Mean', 'e t e', 'y'));
    await ends(node('Max', 'e t one', 'y'));
  });

  it('clips', async () => {
    await sameAsRuntime(behind([node('Clip', 'e lo hi', 'y')], { lo: floats([], [0.9]), hi: floats([], [1.1]) }));
  });

  it.each(['ReduceMax', 'ReduceMin', 'ReduceMean'])('computes %s over any axes', async (operator) => {
    for (const axes of [[1], [2], [1, 2], [-1, 0]]) {
      await ends(node(operator, 'e', 'y', { axes, keepdims: axes.length === 1 ? 1 : 0 }));
    }
  });

  it('adds up over axes that are an input', async () => {
    for (const axes of [[1], [2, 1]]) {
      const sum = node('ReduceSum', 'e axes', 'y', { keepdims: 0 });
      await sameAsRuntime({ ...behind([sum], { axes: ints([axes.length], axes) }), opset: 13 });
    }
  });

  it('finds the smallest and largest, values and indices', async () => {
    await ends(node('ArgMin', 'e', 'y', { axis: 1, keepdims: 0 }));
    const more = { k: ints([1], [5]) };
    for (const largest of [0, 1]) {
      const top = node('TopK', 'e k', 'v i', { axis: 1, largest });
      await sameAsRuntime(behind([top], more, ['v', 'i']));
    }
  });

  it('divides indices as the integers that they are', async () => {
    const top = node('TopK', 'e k', 'v i', { axis: 1 });
    await sameAsRuntime(behind([top, node('Div', 'i six', 'y')], { k: ints([1], [5]), six: ints([], [6]) }));
    const both = [node('ArgMax', 'e', 'most', { axis: 1 }), node('ArgMin', 'e', 'least', { axis: 1 })];
    await sameAsRuntime(behind([...both, node('Div', 'most least', 'y')]));
  });

  it('makes no truth values', () => {
    const nodes = [node('Cast', 'e', 'b', { to: TYPES.bool }), node('Cast', 'b', 'y', { to: TYPES.float })];
    expect(codeAndPlace(behind(nodes))).toEqual(['operator-limit', 'node b (Cast)']);
  });

  it('joins, cuts, splits and picks', async () => {
    await ends(node('Concat', 'e t e', 'y', { axis: 1 }));
    const cut = {
      starts: ints([2], [30, 3]),
      ends: ints([2], [-40, 0]),
      axes: ints([2], [1, 2]),
      steps: ints([2], [-4, -1]),
    };
    await sameAsRuntime(behind([node('Slice', 'e starts ends axes steps', 'y')], cut));
    await sameAsRuntime(behind([node('Split', 'e', 'a b', { axis: 2 }), node('Sub', 'a b', 'y')]));
    await sameAsRuntime(behind([node('Gather', 'e index', 'y', { axis: 1 })], { index: ints([2, 2], [0, 35, -1, 7]) }));
  });

  it.each([
    [0, 0.3, 1.2, 4],
    [1, 0.3, 1.2, 4],
    [1, 0, 0.5, 30],
    [0, 0.7, 0, 36],
  ])('selects boxes (centres %i, IoU %d, score %d, at most %i): rows that are not used hold -1', async (...given) => {
    const [centre, iou, least, count] = given;
    const nodes = [
      node('ReduceMax', 'e', 's', { axes: [2], keepdims: 1 }),
      node('Transpose', 's', 'scores', { perm: [0, 2, 1] }),
      node('NonMaxSuppression', 'e scores n iou score', 'y', { center_point_box: centre }),
    ];
    const more = { n: ints([1], [count]), iou: floats([1], [iou]), score: floats([1], [least]) };
    const bytes = buildOnnx(behind(nodes, more));
    const graph = importOnnx(bytes);
    expect(graph.modelOutputs).toEqual([{ name: 'y', value: 'y', shape: [count, 3], type: 'int64' }]);
    const input = randomValues(192, randomSource(count), -1, 1);
    const rows = [...(await runOnce(bytes, input)).get('y')!];
    const padded = [...rows, ...new Array<number>(3 * count - rows.length).fill(-1)];
    const made = await runOnce(graphToOnnx(graph, { outputs: graph.outputs.map(({ name }) => name) }), input);
    expect([...made.get('y')!]).toEqual(padded);
    const values = new Map(graph.outputs.map(({ name, shape }) => [name, { shape, data: made.get(name)! }]));
    runSteps(graph.host, values);
    expect([...values.get('y')!.data]).toEqual(padded);
  });

  it('takes logits to logarithms of shares', async () => {
    await ends(node('LogSoftmax', 't', 'y', { axis: -1 }));
  });
});

describe('several outputs', () => {
  it('leave the array once each, used inside or not', async () => {
    const nodes = [conv, node('Relu', 'c', 'r'), node('Conv', 'r v', 'd'), node('Softmax', 'r', 's', { axis: 1 })];
    const initializers = { w: randomFloats([4, 3, 3, 3], 1), v: randomFloats([2, 4, 1, 1], 2) };
    const graph = await sameAsRuntime({ shape: [1, 3, 8, 8], nodes, initializers, outputs: ['r', 'd', 's'] });
    expect(graph.outputs.map(({ name }) => name)).toEqual(['r', 'd']);
    expect(graph.modelOutputs.map(({ name, value }) => [name, value])).toEqual([
      ['r', 'r'],
      ['d', 'd'],
      ['s', 's'],
    ]);
  });

  it('may be one tensor under two names', async () => {
    const nodes = [conv, node('Identity', 'c', 'i')];
    const graph = await sameAsRuntime({ shape: [1, 3, 8, 8], nodes, initializers: constants, outputs: ['c', 'i'] });
    expect(graph.outputs).toHaveLength(1);
  });

  it('may be a constant, which the host gives out', async () => {
    const nodes = [conv, node('Identity', 'one', 'k')];
    await sameAsRuntime({ shape: [1, 3, 8, 8], nodes, initializers: constants, outputs: ['c', 'k'] });
  });

  it('are refused where one is an input, by name', () => {
    expect(codeAndPlace({ nodes: [conv], initializers: constants, outputs: ['c', 'x'] })).toEqual([
      'graph-limit',
      'output x',
    ]);
  });
});

describe('several inputs', () => {
  it('meet in the array', async () => {
    const inputs = [
      { name: 'x', shape: [1, 3, 8, 8] },
      { name: 'z', shape: [1, 4, 6, 6] },
    ];
    const graph = await sameAsRuntime({ inputs, nodes: [conv, node('Add', 'c z', 'y')], initializers: constants });
    expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['x', [1, 3, 8, 8]],
      ['z', [1, 4, 6, 6]],
    ]);
  });
});

it('one shape for several inputs is refused', () => {
  const inputs = ['x', 'z'].map((name) => ({ name, shape: [1, 3, 'h', 8] }));
  const bytes = buildOnnx({ inputs, nodes: [node('Add', 'x z', 'y')] });
  expect(() => importOnnx(bytes, { inputShape: [1, 3, 8, 8] })).toThrow(
    expect.objectContaining({
      obstacles: expect.arrayContaining([expect.objectContaining({ code: 'option-invalid' })]),
    }),
  );
});

describe('a host value that the array would need again', () => {
  it('is refused, naming both nodes', () => {
    const nodes = [conv, node('Exp', 'c', 'e'), node('Conv', 'e v', 'y')];
    const error = refusalOf({ nodes, initializers: { ...constants, v: randomFloats([2, 4, 1, 1], 2) } });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node e (Exp)']);
  });

  it('is refused where the host would read the model input itself', () => {
    const nodes = [conv, node('ReduceSum', 'x', 's', { keepdims: 1 }), node('Add', 'c s', 'y')];
    expect(codeAndPlace({ nodes, initializers: constants })[0]).toBe('graph-limit');
  });
});
