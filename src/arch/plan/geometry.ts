/** Stage between lowering and placement: every layer's loops, tiles, digit passes and row needs. */
import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer, LoweredNetwork } from './array-layer.js';
import { type ConvMap, mapConv, stepsPerPass } from './conv-map.js';
import { type UnitShape, unitShape } from './depthwise/unit-layer.js';
import { activationPlanes, type DigitPass, digitPasses, type WeightDigits, weightDigits } from './digits.js';
import { inputNeed, type RowNeed, residualNeed } from './row-needs.js';
import { countedNeed, type RowSource, rowSource, waitsForAll } from './row-sources.js';
import { denseLayout } from './stored-layout.js';
import { type Tiling, tileCount, tileLayer } from './tiling.js';
import { pitchesOf } from './views.js';

/** What FEED waits for before an output row. */
export interface Wait {
  /** The tensor whose row counter it is. */
  readonly counter: string;
  /** In rows of that counter. */
  readonly need: RowNeed;
  /** The last output row waits for all that the counter counts. */
  readonly forAll: boolean;
}

export interface LayerGeometry {
  readonly layer: ArrayLayer;
  readonly input: CodeTensor;
  /** Behind the pool. */
  readonly output: CodeTensor;
  readonly residual: CodeTensor | null;
  readonly map: ConvMap;
  readonly tiling: Tiling;
  readonly weightDigits: WeightDigits;
  readonly passes: readonly DigitPass[];
  readonly inputWait: Wait;
  readonly residualWait: Wait | null;
  /** Array steps of one frame. */
  readonly steps: number;
  /** Words of a column tile where weights come through the ring, column tile outer; 0 where they stay beside their column. */
  readonly ringTileWords: number;
  /** Not null where the depthwise unit computes the layer; tiles and steps are then one row high and none. */
  readonly unit: UnitShape | null;
}

export interface GeometryOptions {
  /** Output rows that a tile may have. */
  readonly mostLines?: number;
  /** False: the depthwise unit computes nothing. */
  readonly besideArray?: boolean;
}

export function layerGeometries(
  lowered: LoweredNetwork,
  machine: Machine,
  { mostLines = machine.rows, besideArray = true }: GeometryOptions = {},
): readonly LayerGeometry[] {
  const stepsOf = new Map<string, number>();
  return lowered.layers.map((layer) => {
    const beside = stepsOf.get(layer.input) ?? 0;
    const geometry = layerGeometry(layer, lowered, machine, { mostLines, besideArray, beside });
    stepsOf.set(layer.output, geometry.steps);
    return geometry;
  });
}

function layerGeometry(
  layer: ArrayLayer,
  lowered: LoweredNetwork,
  machine: Machine,
  { mostLines, besideArray, beside }: Required<GeometryOptions> & { readonly beside: number },
): LayerGeometry {
  const { tensors, views } = lowered;
  const input = tensors[layer.input]!;
  const output = tensors[layer.output]!;
  // Nothing but padding is one digit wide.
  const planes = layer.blank ? 1 : activationPlanes(input.bits, machine);
  const digits = weightDigits(layer, machine);
  const { border, folds } = lowered.layouts.get(input.name) ?? denseLayout(input);
  const place = { ...pitchesOf(input.name, tensors, views, lowered.layouts), border, folds };
  const map = mapConv(layer, input, output, machine, place);
  const residual = layer.requantize?.residual ? tensors[layer.requantize.residual.tensor]! : null;
  const cyclesPerSlot = Math.max(1, residual ? activationPlanes(residual.bits, machine) : 0);
  const tilingOf = (steps: number, lines = mostLines) =>
    tileLayer(layer, output, { steps: steps * planes * digits.planes, cyclesPerSlot, mostLines: lines }, machine);
  const perTile = stepsPerPass(map, machine);
  const arrayTiling = tilingOf(perTile);
  const passes = digitPasses(planes, digits, machine);
  const stepsOf = (tiles: Tiling) => tileCount(tiles) * passes.length * perTile;
  const array = { steps: stepsOf(arrayTiling), before: beside };
  const unit = besideArray ? unitShape(layer, lowered, machine, array) : null;
  const tiling = unit ? tilingOf(perTile, 1) : arrayTiling;
  return {
    layer,
    input,
    output,
    residual,
    map,
    tiling,
    weightDigits: digits,
    passes,
    inputWait: waitFor(inputNeed(layer, map), rowSource(input.name, lowered), tiling),
    residualWait: residual && waitFor(residualNeed(layer, residual), rowSource(residual.name, lowered), tiling),
    steps: unit ? 0 : stepsOf(tiling),
    ringTileWords: 0,
    unit,
  };
}

/** @param need of one output row: a tile has `lines` of them */
function waitFor({ first, step, rows }: RowNeed, source: RowSource, tiling: Tiling): Wait {
  const { lines } = tiling;
  const counted = countedNeed({ first: first + (lines - 1) * step, step: lines * step, rows }, source);
  return { counter: source.counter, need: counted, forAll: waitsForAll(counted, source, tiling) };
}
