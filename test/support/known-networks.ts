/** Networks with the shapes of the models that the machines must hold, and random weights. */
import type { CodeTensor, IntegerNetwork } from '../../src/quant/network.js';
import { type ArrangeRecipe, NetworkBuilder } from './network-builder.js';
import { concat, interleave } from './random-arrange.js';

interface Precision {
  readonly weightBits: number;
  /** Of the first and the last layer. */
  readonly endBits: number;
}

/** ResNet-8 for CIFAR-10: three residual stages, global average pool, dense; activations of 8 bits. */
export function resnet8Like({ weightBits, endBits }: Precision): IntegerNetwork {
  const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
  const down3 = { kernel: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1] } as const;
  const builder = new NetworkBuilder({ height: 32, width: 32, channels: 3 }, 8);
  builder.conv({ ...same3, channels: 16, weightBits: endBits });
  const first = builder.last.name;
  builder.conv({ ...same3, channels: 16, weightBits });
  builder.conv({ ...same3, channels: 16, weightBits, residual: first });
  for (const channels of [32, 64]) {
    const input = builder.last.name;
    builder.conv({ ...down3, channels, weightBits });
    const main = builder.last.name;
    builder.conv({ kernel: [1, 1], strides: [2, 2], channels, weightBits, input });
    const shortcut = builder.last.name;
    builder.conv({ ...same3, channels, weightBits, input: main, residual: shortcut });
  }
  const ones = Array.from({ length: 64 * 64 }, () => 1);
  const average = {
    kernel: [8, 8],
    channels: 64,
    depthwise: true,
    weights: ones,
    weightBits: 2,
    useful: false,
  } as const;
  return builder
    .conv(average)
    .conv({ kernel: [1, 1], channels: 10, weightBits: endBits, bits: null })
    .build();
}

/** The MNIST network of the ONNX model zoo: two 5x5 convolutions with max pools, dense. */
export function mnistLike({ weightBits, endBits }: Precision): IntegerNetwork {
  const same5 = { kernel: [5, 5], pads: [2, 2, 2, 2] } as const;
  return new NetworkBuilder({ height: 28, width: 28, channels: 1 }, 8)
    .conv({ ...same5, channels: 8, weightBits: endBits })
    .maxpool({ kernel: [2, 2], strides: [2, 2] })
    .conv({ ...same5, channels: 16, weightBits })
    .maxpool({ kernel: [3, 3], strides: [3, 3] })
    .conv({ kernel: [4, 4], channels: 10, weightBits: endBits, bits: null })
    .build();
}

/** Convolutions whose outer taps lie `distance` pixels outside a 4 x 4 map of two channels, along axis 0 or 1. */
export function farWindows(axis: 0 | 1, distance: number): IntegerNetwork {
  const window = {
    kernel: axis === 0 ? ([3, 1] as const) : ([1, 3] as const),
    dilations: axis === 0 ? ([distance, 1] as const) : ([1, distance] as const),
    pads: axis === 0 ? ([distance, 0, distance, 0] as const) : ([0, distance, 0, distance] as const),
  };
  return new NetworkBuilder({ height: 4, width: 4, channels: 2, zero: 3 })
    .conv({ ...window, channels: 3, zero: 5 })
    .conv({ kernel: [1, 1], channels: 2, zero: 7 })
    .conv({ ...window, channels: 3 })
    .build();
}

/**
 * Blocks of networks with branches, on a 32 x 32 image: a fire module (concatenation), squeeze and excitation (product),
 * a shuffle unit (split, concatenation, channels in turn), an hourglass (nearest upsampling) and two heads.
 */
export function branchingLike({ weightBits, endBits }: Precision): IntegerNetwork {
  const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1], weightBits } as const;
  const one = { kernel: [1, 1], weightBits } as const;
  const builder = new NetworkBuilder({ height: 32, width: 32, channels: 3 }, 8);
  const named = (name: string) => builder.tensors[name]!;
  builder.conv({ ...same3, strides: [2, 2], pads: [0, 0, 1, 1], channels: 16, weightBits: endBits });
  const squeezed = builder.conv({ ...one, channels: 8 }).last.name;
  const narrow = builder.conv({ ...one, channels: 16, input: squeezed }).last.name;
  const wide = builder.conv({ ...same3, channels: 16, input: squeezed }).last.name;
  const fire = builder.arrange(concat([named(narrow), named(wide)], 2)).last.name;
  const ones = Array.from({ length: 16 * 16 * 32 }, () => 1);
  builder.conv({ kernel: [16, 16], channels: 32, depthwise: true, weights: ones, weightBits: 2, useful: false });
  builder.conv({ ...one, channels: 8 }).conv({ ...one, channels: 32 });
  const skip = builder.mul({ inputs: [fire, builder.last.name] }).last.name;
  builder.conv({ ...same3, strides: [2, 2], pads: [0, 0, 1, 1], channels: 32 });
  const split = builder.last;
  const [left, right] = [0, 16].map((c) => builder.arrange(halfOf(split, c)).last.name);
  const worked = builder.conv({ ...same3, channels: 16, input: right! }).last.name;
  const deep = builder.arrange(interleave([named(left!), named(worked)])).last;
  const up = builder.arrange(doubled(deep)).last;
  builder.arrange(concat([named(skip), up], 2)).conv({ ...same3, channels: 16 });
  const trunk = builder.last.name;
  const scores = builder.conv({ ...same3, channels: 4, bits: null, weightBits: endBits, input: trunk }).last.name;
  return builder.conv({ ...same3, channels: 8, weightBits: endBits, input: trunk }).build(scores, builder.last.name);
}

const ORIGIN = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

/** Half of a map's channels, from c on. */
function halfOf({ name, height, width, channels }: CodeTensor, c: number): ArrangeRecipe {
  const size = [height, width, channels / 2] as const;
  const parts = [{ input: name, from: { ...ORIGIN, c }, to: ORIGIN, size }];
  return { parts, height, width, channels: size[2] };
}

/** Every pixel four times. */
function doubled({ name, height, width, channels }: CodeTensor): ArrangeRecipe {
  const parts = [0, 1, 2, 3].map((i) => ({
    ...{ input: name, from: ORIGIN, to: { ...ORIGIN, y: i >> 1, x: i & 1, yStep: 2, xStep: 2 } },
    size: [height, width, channels] as const,
  }));
  return { parts, height: 2 * height, width: 2 * width, channels };
}
