/** Several inputs and outputs of quantized graphs, and inputs that come as codes, against ONNX Runtime. */
import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { Graph, GraphNode } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { outputFrame } from '../../../src/quant/frame.js';
import { runGolden } from '../../../src/quant/golden.js';
import { importQuantized, quantizesInput } from '../../../src/quant/import-quantized/import-quantized.js';
import type { CodeTensor, IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes, modelOutputs } from '../../../src/quant/numerics.js';
import { compareLevels } from '../../support/compare-levels.js';
import { GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';
import { expectExact, MACHINES, SAME } from './same-codes.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
const OPEN = { min: null, max: null };
const SHAPE = [1, 3, 4, 4];

/** A second input beside the builder's, of its shape. */
function twoInputs(): GraphBuilder {
  const b = new GraphBuilder(SHAPE, 3);
  b.tensors.set('other', { name: 'other', shape: SHAPE });
  return b;
}

function withEnds(b: GraphBuilder, outputs: readonly string[], inputs: readonly string[]): Graph {
  const graph = b.build();
  const tensor = (name: string) => b.tensors.get(name)!;
  const modelOutputs = outputs.map((name) => ({ ...tensor(name), value: name, type: 'float32' }));
  const made: Graph = { ...graph, inputs: inputs.map(tensor), outputs: outputs.map(tensor), modelOutputs };
  checkGraph(made, 'the builder');
  return made;
}

async function expectSameOutputs(graph: Graph, network: IntegerNetwork): Promise<void> {
  expectExact(network);
  const random = randomSource(5);
  const model = await openFloatModel(graphToOnnx(graph), { asWritten: true });
  for (let frame = 0; frame < 4; frame++) {
    const inputs = graph.inputs.map(({ shape }) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(0, 255) / 8),
    );
    const expected = await model.run(inputs);
    const codes = inputCodes(network, Object.fromEntries(graph.inputs.map(({ name }, i) => [name, inputs[i]!])));
    const found = modelOutputs(network, outputFrame(network, runGolden(network, codes)));
    for (const { name } of graph.modelOutputs) expect([...found.get(name)!], name).toEqual([...expected.get(name)!]);
    for (const machine of MACHINES) expect(compareLevels(network, machine, codes).divergence).toBeNull();
  }
  await model.close();
}

const quant = (
  input: string,
  changes: Parameters<typeof uniform>[0],
): Omit<GraphNode & { kind: 'quant' }, 'name' | 'sources' | 'output'> => ({
  kind: 'quant',
  input,
  quantizer: uniform(changes),
});

describe('importQuantized with several ends', () => {
  it('takes two inputs, each on its own grid, and gives codes and sums in the order in which layers make them', async () => {
    const b = twoInputs();
    b.node(quant('input', { scale: 0.5, zero: 3 }), SHAPE);
    const first = b.last;
    b.node(quant('other', { scale: 1 / 128, lo: -2048, hi: 2047 }), SHAPE);
    const second = b.last;
    b.conv({ ...SAME, channels: 3, codes: { bits: 3, scale: [0.5] } }, second)
      .add(first, b.last, RELU)
      .quant(uniform({ scale: 1 }));
    const sum = b.last;
    b.conv({ ...SAME, channels: 2, codes: { bits: 4 } }, sum);
    const raw = b.last;
    b.node({ kind: 'mul', inputs: [sum, first], clamp: OPEN }, SHAPE).quant(uniform({ scale: 4 }));
    const graph = withEnds(b, [b.last, sum, raw], ['input', 'other']);
    const network = importQuantized(graph, { widths: WIDTHS });
    expect(network.inputs.map(({ modelName, tensor }) => [modelName, network.tensors[tensor]!.bits])).toEqual([
      ['input', 8],
      ['other', 12],
    ]);
    expect(network.outputs.map(({ name, form }) => [name, form])).toEqual([
      [sum, 'codes'],
      [b.last, 'codes'],
      [raw, 'accumulators'],
    ]);
    await expectSameOutputs(graph, network);
  });

  it('gives a map put together from parts, and products whose sums fit 16 bits', async () => {
    const b = new GraphBuilder(SHAPE, 3);
    b.quant(uniform({ scale: 2, lo: 0, hi: 15 }));
    const codes = b.last;
    const place = { y: 0, x: 0, yStep: 1, xStep: 1, cStep: 1 };
    const parts = [0, 3].map((c) => ({
      ...{ input: codes, from: { ...place, c: 0 }, to: { ...place, c }, size: [4, 4, 3] as const },
    }));
    b.node({ kind: 'arrange', parts, fill: 0 }, [1, 6, 4, 4]);
    const both = b.last;
    b.node({ kind: 'mul', inputs: [codes, codes], clamp: OPEN }, SHAPE);
    const graph = withEnds(b, [both, b.last], ['input']);
    await expectSameOutputs(graph, importQuantized(graph, { widths: WIDTHS }));
  });

  it('puts thresholds of the input itself into the first layer, given the codes of the input', async () => {
    const thresholds = [Float32Array.of(1, 2.5, 7, 30)];
    const b = new GraphBuilder(SHAPE, 3)
      .quant({ kind: 'thresholds', thresholds, scale: 0.5, bias: -1 })
      .dense({ channels: 4, codes: { bits: 3 } });
    const graph = withEnds(b, [b.last], ['input']);
    expect(quantizesInput(graph)).toBe(false);
    const input: Pick<CodeTensor, 'bits' | 'scale' | 'zero'> = { bits: 8, scale: 0.125, zero: 0 };
    await expectSameOutputs(graph, importQuantized(graph, { widths: WIDTHS, input }));
    expect(() => importQuantized(graph, { widths: WIDTHS })).toThrow(
      expect.objectContaining({ code: 'network-unsupported', where: 'quant0' }),
    );
  });

  it('gives one tensor under two names as two', async () => {
    const b = new GraphBuilder(SHAPE, 3).quant(uniform({ scale: 0.25 }));
    b.conv({ ...SAME, channels: 2, codes: { bits: 3 } }).quant(uniform({ scale: 1, lo: 0, hi: 15 }));
    const first = b.last;
    b.affine({ scale: [2, 2], shift: [0, 0] });
    const graph = withEnds(b, [first, b.last], ['input']);
    await expectSameOutputs(graph, importQuantized(graph, { widths: WIDTHS }));
  });

  it('refuses by name what leaves without a quantizer, or comes in two ways', () => {
    const refusal = (where: string) => expect.objectContaining({ code: 'network-unsupported', where });
    const made = (build: (b: GraphBuilder) => GraphBuilder) => () => {
      const b = build(new GraphBuilder(SHAPE, 3));
      importQuantized(withEnds(b, [b.last], ['input']), { widths: WIDTHS });
    };
    const coded = { ...SAME, channels: 3, codes: { bits: 3 } };
    expect(made((b) => b.quant(uniform()).conv({ ...coded, clamp: RELU }))).toThrow(refusal('conv1.out'));
    expect(
      made((b) => {
        b.quant(uniform({ scale: 0.5 }), 'input');
        const first = b.last;
        return b
          .quant(uniform({ scale: 0.25 }), 'input')
          .add(first)
          .quant(uniform());
      }),
    ).toThrow(refusal('quant1'));
  });
});
