import type { Machine } from '../machine.js';
import type { ChannelParameters } from '../program/program.js';
import type { LayerGeometry } from './geometry.js';

const UNUSED: ChannelParameters = { m: 0, b: 0n, n: 0, r: 0 };

/** A layer's channels' constants, padded to whole words of postWidth; none for raw accumulators. */
export function parameterWords({ layer, output }: LayerGeometry, machine: Machine): readonly ChannelParameters[] {
  const { requantize } = layer;
  if (requantize === null) return [];
  const words = Math.ceil(output.channels / machine.postWidth);
  return Array.from({ length: words * machine.postWidth }, (_, c) =>
    c < output.channels
      ? { m: requantize.m[c]!, b: requantize.b[c]!, n: requantize.n[c]!, r: requantize.residual?.m[c] ?? 0 }
      : UNUSED,
  );
}
