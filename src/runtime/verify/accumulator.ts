import type { FrameCodes } from '../../quant/frame.js';
import { runGolden } from '../../quant/golden.js';
import type { IntegerNetwork } from '../../quant/network.js';
import type { Place } from './divergence.js';

/**
 * The golden accumulator behind a code that differs: the layer again, without its requantizer.
 * null where no single one is: pooled layers, copies, stops without a place.
 */
export function goldenAccumulator(network: IntegerNetwork, frame: FrameCodes, place: Place): number | null {
  const layer = network.layers.find(({ name }) => name === place.layer);
  const { tensor, y, x, channel } = place;
  if (layer?.kind !== 'conv' || layer.output !== tensor || y === null || x === null || channel === null) return null;
  const input = runGolden(network, frame).get(layer.input)!;
  const alone = {
    ...network,
    inputs: [{ ...network.inputs[0]!, tensor: layer.input }],
    layers: [{ ...layer, requantize: null }],
  };
  const { width, channels } = network.tensors[tensor]!;
  return runGolden(alone, input).get(tensor)![(y * width + x) * channels + channel]!;
}
