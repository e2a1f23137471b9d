/** Stage between lowering and placement: every layer's loops, tiles, digit passes and row needs. */
import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer, LoweredNetwork } from './array-layer.js';
import { type ConvMap, mapConv, stepsPerPass } from './conv-map.js';
import { activationPlanes, type DigitPass, digitPasses, type WeightDigits, weightDigits } from './digits.js';
import { type FoldShape, foldConv, foldPays } from './fold.js';
import { readsOf } from './lifetimes.js';
import { inputNeed, type RowNeed } from './row-needs.js';
import { type Tiling, tileCount, tileLayer } from './tiling.js';

export interface LayerGeometry {
  readonly layer: ArrayLayer;
  readonly input: CodeTensor;
  /** Behind the pool. */
  readonly output: CodeTensor;
  readonly map: ConvMap;
  readonly tiling: Tiling;
  readonly weightDigits: WeightDigits;
  readonly passes: readonly DigitPass[];
  readonly need: RowNeed;
  /** Array steps of one frame. */
  readonly steps: number;
  /** Not null where LOAD folds this layer's input. */
  readonly fold: FoldShape | null;
}

export function layerGeometries(lowered: LoweredNetwork, machine: Machine): readonly LayerGeometry[] {
  const { layers, tensors, input } = lowered;
  const readers = layers.filter((layer) => readsOf(layer).includes(input));
  return layers.map((layer) => {
    const mayFold = layer.input === input && readers.length === 1;
    return layerGeometry(layer, tensors[layer.input]!, tensors[layer.output]!, { mayFold, machine });
  });
}

function layerGeometry(
  layer: ArrayLayer,
  input: CodeTensor,
  output: CodeTensor,
  { mayFold, machine }: { mayFold: boolean; machine: Machine },
): LayerGeometry {
  const tiling = tileLayer(layer, output, machine);
  const planes = activationPlanes(input.bits, machine);
  const digits = weightDigits(layer, machine);
  const plain = mapConv(layer, input, output.channels, machine);
  const tilePasses = tileCount(tiling) * planes * digits.planes;
  const folded = mayFold ? foldConv(layer, input, output.channels, machine) : undefined;
  const pays = folded !== undefined && foldPays(folded, plain, { input, planes, tilePasses, machine });
  const map = pays ? folded.map : plain;
  const foldedLayer = pays ? { ...layer, padTop: 0 } : layer;
  return {
    layer,
    input,
    output,
    map,
    tiling,
    weightDigits: digits,
    passes: digitPasses(planes, digits, machine),
    need: inputNeed(foldedLayer, map),
    steps: tilePasses * stepsPerPass(map, machine),
    fold: pays ? folded.shape : null,
  };
}
