import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../src/arch/plan/stream-frames.js';
import { randomSource } from '../../src/base/random.js';
import type { InputLayout, Rounding } from '../../src/frontend/graph.js';
import type { InputQuantizer, IntegerNetwork, OutputTensor } from '../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import {
  argmax,
  type ChainOp,
  hostChain,
  keeps,
  transpose as permuted,
  reshape as shaped,
  softmax,
} from '../support/host-chain.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { compiledFiles } from '../support/project.js';
import { ccAvailable, STRICT, writeCProject } from './c-project.js';

interface Ends {
  readonly scale: number;
  readonly bits?: number;
  readonly zero?: number;
  readonly raw?: boolean;
  readonly outputZero?: number;
  readonly steps?: readonly ChainOp[];
  readonly layout?: InputLayout;
  readonly quantizer?: InputQuantizer;
  readonly offset?: readonly number[];
}

/** 3x4x5 in, 6x4x5 out (NCHW), with these ends. */
function networkWith({ scale, bits = 8, zero = 0, raw = true, outputZero = 0, ...ends }: Ends): IntegerNetwork {
  const base = new NetworkBuilder({ height: 4, width: 5, channels: 3, bits, zero }, 3)
    .conv({ kernel: [1, 1], channels: 6, weightBits: 8, bits: raw ? null : 8, zero: outputZero })
    .build();
  const random = randomSource(4);
  const constants = () => Array.from({ length: 6 }, () => Math.fround((random.uniform() - 0.5) * 0.01));
  const stage: OutputTensor = {
    ...base.outputs[0]!,
    scale: raw ? constants() : [Math.fround(scale * 1.7)],
    bias: raw ? constants() : [],
    ...(ends.offset && { offset: ends.offset }),
  };
  const { layout, quantizer } = ends;
  const { host, value, shape } = hostChain(stage, ends.steps ?? []);
  return {
    ...base,
    inputs: [{ ...base.inputs[0]!, ...(layout && { layout }), ...(quantizer && { quantizer }) }],
    outputs: [stage],
    host,
    modelOutputs: [{ name: 'output', value, shape, type: 'float32' }],
    tensors: { ...base.tensors, input: { ...base.tensors.input!, scale: Math.fround(scale) } },
  };
}

/** Values of every size, and exactly between two codes. */
function realValues(count: number, scale: number): Float32Array {
  const random = randomSource(9);
  const special = [0, -0, Infinity, -Infinity, 1e-45, -1e-45, 3e38, 4194304, -4194304.5, 8388609];
  return Float32Array.from({ length: count }, (_, i) => {
    if (i < special.length) return special[i]! * (i < 6 ? 1 : scale);
    const steps = (random.uniform() - 0.3) * 2 ** random.integer(-3, 9);
    return i % 3 === 0 ? (Math.floor(steps) + 0.5) * Math.fround(scale) : steps * scale;
  });
}

async function runC(
  network: IntegerNetwork,
  real: Float32Array,
  stream: Uint8Array,
  flags: readonly string[] = STRICT,
) {
  const project = await writeCProject(await compiledFiles(network, testMachine()));
  try {
    const program = await project.fixture('ends', flags);
    const run = async (what: string, input: Uint8Array) => {
      const { stdout } = await execa(program, [what], { input, encoding: 'buffer' });
      return Uint8Array.from(stdout);
    };
    const values = await run('finish', stream);
    return {
      codes: await run('quantize', new Uint8Array(real.buffer)),
      values: new Float32Array(values.buffer),
    };
  } finally {
    await project.remove();
  }
}

const FRAMES = 40;
const reshape = (...shape: number[]): ChainOp => shaped(shape);
const transpose = (...permutation: number[]): ChainOp => permuted(permutation);

const ROUNDINGS: readonly Rounding[] = [
  ...(['half-even', 'half-up', 'half-down', 'half-away', 'half-to-zero'] as const),
  ...(['floor', 'ceil', 'to-zero', 'away'] as const),
];

function quantizer(changes: Partial<InputQuantizer> = {}): InputQuantizer {
  const constants = { scale: [Math.fround(0.37)], zero: [3], lo: -128, hi: 127, base: -128, step: 1 };
  return { before: [], ...constants, round: 'half-even', zeroInside: false, ...changes };
}

const uniform = (round: Rounding, zeroInside: boolean): ChainOp =>
  keeps({
    kind: 'quantize',
    quantizer: {
      ...{ kind: 'uniform', lo: -20, hi: 90, round, zeroInside },
      ...{ scale: Float32Array.of(0.37), zero: Float32Array.of(zeroInside ? 3.25 : 3) },
    },
  });

/** The C ends and those of numerics.ts on the same frames. */
async function bothEnds(ends: Ends, flags?: readonly string[]) {
  const network = networkWith(ends);
  const raw = ends.raw ?? true;
  const real = realValues(FRAMES * 60, ends.scale);
  const random = randomSource(5);
  const elements = FRAMES * 120;
  const stream = raw
    ? Int32Array.from({ length: elements }, () => random.next() >> random.integer(0, 30))
    : Uint8Array.from({ length: elements }, () => random.integer(0, 255));
  const c = await runC(network, real, new Uint8Array(stream.buffer), flags);
  const { inputs } = planNetwork(network, testMachine());
  const each = Array.from({ length: FRAMES }, (_, i) => i);
  return {
    c,
    codes: each.flatMap((i) => [...inputBytes(inputs, inputCodes(network, real.subarray(60 * i, 60 * i + 60)))]),
    values: each.flatMap((i) => [...modelOutput(network, stream.subarray(120 * i, 120 * i + 120))]),
  };
}

describe.skipIf(!ccAvailable)('the C ends of a network', () => {
  test.each<[string, Ends]>([
    ['accumulators with scale and bias', { scale: 0.0371 }],
    ['accumulators with offsets', { scale: 0.0371, offset: [0.5, -3, 2 ** 27 + 1.5, 0, 0.1, -0.5] }],
    ['codes with a zero', { scale: 1 / 255, zero: 17, raw: false, outputZero: 200 }],
    ['input codes of 3 bits', { scale: 12.5, bits: 3, zero: 3 }],
    ['input codes of 1 bit', { scale: 0.1, bits: 1 }],
    ['argmax over channels', { scale: 1, steps: [argmax(1, false)] }],
    ['argmax over the last axis, kept', { scale: 1, raw: false, steps: [argmax(3, true)] }],
    [
      'reshape, transpose and argmax',
      { scale: 1, steps: [reshape(1, 3, 8, 5), transpose(0, 2, 3, 1), argmax(2, false)] },
    ],
    ['a transpose of three axes', { scale: 1, steps: [reshape(2, 3, 4, 5), transpose(3, 1, 0, 2)] }],
    [
      'an input whose channels come last',
      { scale: 0.5, layout: { modelShape: [1, 4, 5, 3], split: [1, 4, 5, 3], permutation: [0, 3, 1, 2] } },
    ],
    ...ROUNDINGS.flatMap((round): [string, Ends][] => [
      [`a quantizer of the model's own, ${round}`, { scale: 0.37, quantizer: quantizer({ round }) }],
      [
        `one that adds its zero first, ${round}`,
        { scale: 0.37, quantizer: quantizer({ round, zeroInside: true, zero: [-0.75] }) },
      ],
      [`a quantizer at the end, ${round}`, { scale: 1, steps: [uniform(round, round.length % 2 === 0)] }],
    ]),
    [
      'scaling, one factor a channel, and a clamp in front of a quantizer',
      {
        scale: 0.37,
        quantizer: quantizer({
          before: [
            { scale: [2, -1, 0.3].map(Math.fround), shift: [-1], min: null, max: null },
            { scale: [1], shift: [0.1, 0, -7].map(Math.fround), min: -40, max: 30 },
            { scale: [3, -7, 0.1].map(Math.fround), divides: true, shift: [0], min: null, max: null },
          ],
          scale: [0.37, 1, 0.01].map(Math.fround),
          zero: [1, 2, 3],
        }),
      },
    ],
    [
      'a bipolar input with a code between its two',
      {
        scale: 1,
        bits: 2,
        zero: 1,
        quantizer: quantizer({ scale: [1], zero: [0], lo: -1, hi: 0, base: -1, step: 2, round: 'floor' }),
      },
    ],
    ['codes with a zero between two of them', { scale: 0.5, bits: 1, raw: false, outputZero: 0.5 }],
  ])('are those of the Node runtime, bit for bit: %s', async (_, ends) => {
    const { c, codes, values } = await bothEnds(ends);
    expect([...c.codes]).toEqual(codes);
    expect([...c.values]).toEqual(values);
  });

  test('do not depend on the compiler contracting multiply and add, or on its dialect', async () => {
    const { c, values } = await bothEnds({ scale: 0.0371 }, ['-O3', '-march=native', '-ffp-contract=fast']);
    expect([...c.values]).toEqual(values);
  });

  test('softmax differs by the last bit of exp at most', async () => {
    const { c, values } = await bothEnds({ scale: 1, raw: false, steps: [softmax(1)] });
    const last = (x: number) => 2 ** (Math.floor(Math.log2(Math.max(x, 2 ** -126))) - 23);
    const apart = values.map((value, i) => Math.abs(value - c.values[i]!) / last(value));
    expect(Math.max(...apart)).toBeLessThanOrEqual(2);
    expect(apart.filter((steps) => steps > 0).length).toBeLessThan(values.length / 100);
  });

  test('a sigmoid differs by the last bit of exp at most', async () => {
    const { c, values } = await bothEnds({ scale: 1, raw: false, steps: [keeps({ kind: 'unary', fn: 'sigmoid' })] });
    for (const [i, value] of values.entries()) expect(Math.abs(value - c.values[i]!)).toBeLessThanOrEqual(2 ** -23);
    expect(values.filter((value, i) => value !== c.values[i]).length).toBeLessThan(values.length / 100);
  });

  test('input codes of more than 8 bits are two bytes each', async () => {
    const network = networkWith({ scale: 0.01, bits: 12, zero: 700 });
    const real = realValues(FRAMES * 60, 0.5);
    const { codes } = await runC(network, real, new Uint8Array());
    const frames = Array.from({ length: FRAMES }, (_, i) => inputCodes(network, real.subarray(60 * i, 60 * i + 60)));
    expect([...codes]).toEqual(frames.flatMap((frame) => [...frame].flatMap((code) => [code & 255, code >> 8])));
  });

  test('a value that is no number is refused', async () => {
    const real = new Float32Array(60).fill(Number.NaN);
    await expect(runC(networkWith({ scale: 1 }), real, new Uint8Array(480))).rejects.toMatchObject({ exitCode: 1 });
  });
});
