/** Networks with the shapes of the models that the machines must hold, and random weights. */
import type { IntegerNetwork } from '../../src/quant/network.js';
import { NetworkBuilder } from './network-builder.js';

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
