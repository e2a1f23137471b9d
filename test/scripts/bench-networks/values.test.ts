import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { BENCH_NETWORKS, benchNetwork } from '../../../scripts/bench-networks/table.js';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { Graph } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { runGolden } from '../../../src/quant/golden.js';
import type { ConvLayer } from '../../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import { toIntegerNetwork } from '../../../src/quant/to-integer-network.js';
import { randomValues } from '../../support/onnx-builder.js';

const SMALL = ['visual-wake-words', 'resnet-8', 'ds-cnn', 'cnv-w1a1', 'tfc-w1a1'];
const FLOAT = ['mobilenet-v2', 'visual-wake-words', 'resnet-8', 'ds-cnn'];
/** And bits of the input. */
const BIPOLAR = [
  ['cnv-w1a1', 8],
  ['tfc-w1a1', 1],
] as const;

/** One input, even over the range of the network. */
function inputOf(name: string): Float32Array {
  const { inputShape, range } = BENCH_NETWORKS.find((network) => network.name === name)!;
  const size = inputShape.reduce((a, b) => a * b, 1);
  return randomValues(size, randomSource(5), ...range);
}

/** Every output of a model in ONNX Runtime. */
async function run(bytes: Uint8Array, input: Float32Array): Promise<Map<string, Float32Array>> {
  const model = await openFloatModel(bytes, { asWritten: true });
  try {
    return await model.run(input);
  } finally {
    await model.close();
  }
}

const deviation = (values: Float32Array): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
};

it.each(SMALL)('%s has the same bytes each time', (name) => {
  expect(Buffer.compare(benchNetwork(name), benchNetwork(name))).toBe(0);
});

it.each(FLOAT)(
  '%s: the imported graph gives what the model gives in ONNX Runtime, no layer still or out of bounds',
  async (name) => {
    const bytes = benchNetwork(name);
    const [input, graph] = [inputOf(name), importOnnx(bytes)];
    const layers = graph.nodes.map(({ output }) => output);
    const found = await run(graphToOnnx(graph, { outputs: layers }), input);
    const [output, scores] = [...(await run(bytes, input))][0]!;
    expect(found.get(output)!.length).toBe(scores.length);
    const largest = Math.max(...scores.map(Math.abs));
    const differences = scores.map((x, i) => Math.abs(found.get(output)![i]! - x));
    expect(Math.max(...differences)).toBeLessThan(1e-4 * largest);
    const deviations = layers.map((layer) => deviation(found.get(layer)!));
    expect(Math.min(...deviations)).toBeGreaterThan(0.02);
    expect(Math.max(...deviations)).toBeLessThan(20);
  },
);

describe('networks of one-bit weights and activations', () => {
  it.each(BIPOLAR)(
    '%s: the integers give what its quantizers give, written in plain operators',
    async (name, inputBits) => {
      const bytes = benchNetwork(name);
      const [input, network] = [inputOf(name), integers(importOnnx(bytes))];
      const values = runGolden(network, inputCodes(network, input));
      const scores = modelOutput(network, values.get(network.layers.at(-1)!.output)!);
      const [expected] = [...(await run(plain(bytes), input)).values()];
      expect(scores.length).toBe(10);
      for (const [i, x] of expected!.entries()) expect(scores[i]).toBeCloseTo(x, 5);
      expect(deviation(scores)).toBeGreaterThan(0.1);

      const layers = network.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv');
      expect(layers.map(({ weightFormat }) => weightFormat.bits)).toEqual(layers.map(() => 1));
      expect(layers.every(({ useful }) => useful)).toBe(true);
      const bits = layers.map((layer) => network.tensors[layer.input]!.bits);
      expect(bits).toEqual([inputBits, ...layers.slice(1).map(() => 1)]);
    },
  );
});

function integers(graph: Graph) {
  const widths = { mBits: 34, bBits: 64, nBits: 6 };
  return toIntegerNetwork(
    graph,
    { calibration: null, input: null },
    { weights: 8, activations: 8, ends: 'same', widths },
  );
}

/** The model with its quantizers in ONNX's own operators: signs by a comparison, codes by rounding and limits. */
function plain(bytes: Uint8Array): Uint8Array {
  const model = proto.onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const constant = (name: string, value: number): void => {
    const rawData = new Uint8Array(Float32Array.of(value).buffer);
    graph.initializer!.push(proto.onnx.TensorProto.create({ name, dims: [], dataType: 1, rawData }));
  };
  for (const [name, value] of Object.entries({ zero: 0, plus: 1, minus: -1, low: -128, high: 127 })) {
    constant(name, value);
  }
  graph.node = graph.node!.flatMap((node) => {
    const [x = '', scale = ''] = node.input ?? [];
    const y = node.output![0]!;
    const make = (opType: string, input: string[], output: string) =>
      proto.onnx.NodeProto.create({ opType, input, output: [output] });
    if (node.opType === 'BipolarQuant') {
      return [make('GreaterOrEqual', [x, 'zero'], `${y}.sign`), make('Where', [`${y}.sign`, 'plus', 'minus'], y)];
    }
    if (node.opType !== 'Quant') return [node];
    return [
      make('Div', [x, scale], `${y}.steps`),
      make('Round', [`${y}.steps`], `${y}.whole`),
      make('Clip', [`${y}.whole`, 'low', 'high'], `${y}.code`),
      make('Mul', [`${y}.code`, scale], y),
    ];
  });
  return proto.onnx.ModelProto.encode(model).finish();
}
