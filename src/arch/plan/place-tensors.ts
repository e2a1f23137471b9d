import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { LoweredNetwork } from './array-layer.js';
import { assignCounters } from './counters.js';
import { activationPlanes } from './digits.js';
import type { LayerGeometry } from './geometry.js';
import { type Lifetime, lifetimes, portClashes } from './lifetimes.js';
import { type Apart, placeTensors, type StoredTensor } from './memory.js';
import type { TensorPlace } from './plan.js';
import { residualNeed, waitsForAll } from './row-needs.js';

export interface Placed {
  /** Of every tensor in memory. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Row counter of every tensor a LOAD or POST makes, the streamed output too. */
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * Group, address and row counter of every tensor.
 * @param keepInput nothing else ever lies where the input lies, nor counts on its counter
 * @throws SystoleError memory-too-small, network-unsupported
 */
export function placeAll(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
  keepInput: boolean,
): Placed {
  const last = lowered.layers.length - 1;
  const lives = lifetimes(lowered.layers, lowered.input);
  const waited = fullyWaited(geometries);
  // Rows nobody waits for arrive whenever they arrive: LOAD's may still be on their way, and so may their counts.
  const guarded = lives.map((life) => {
    const free = waited.has(life.name) && !(life.made < 0 && keepInput);
    return { ...life, lastRead: free ? life.lastRead : last };
  });
  const shapes = new Map(lives.map(({ name }) => [name, denseShape(name, lowered, geometries, machine)]));
  const stored: StoredTensor[] = lives.map((life, i) => {
    const shape = shapes.get(life.name)!;
    return { ...(life.made < 0 ? guarded[i]! : life), codes: shape.planes * shape.planeStride };
  });
  const locations = placeTensors(stored, apartPairs(lowered), machine);
  const streamed: Lifetime = { name: lowered.output, made: last, lastRead: last };
  const output = lowered.layers[last]!.output;
  const counters = assignCounters([...guarded, { ...streamed, name: output }], machine);
  const places = new Map(
    lives.map(({ name, made, lastRead }) => {
      const place = { ...shapes.get(name)!, ...locations.get(name)!, counter: counters.get(name)!, made, lastRead };
      return [name, place];
    }),
  );
  return { places, counters };
}

function fullyWaited(geometries: readonly LayerGeometry[]): ReadonlySet<string> {
  const names = geometries.flatMap(({ layer, need, tiling }) => {
    const residual = layer.requantize?.residual;
    return [
      ...(waitsForAll(need, tiling) ? [layer.input] : []),
      ...(residual && waitsForAll(residualNeed(layer), tiling) ? [residual.tensor] : []),
    ];
  });
  return new Set(names);
}

function apartPairs(lowered: LoweredNetwork): readonly Apart[] {
  return portClashes(lowered.layers).map(({ residual, input, hard }) => ({ a: residual, b: input, hard }));
}

type DenseShape = Pick<TensorPlace, 'planes' | 'planeStride' | 'rowPitch' | 'pixelPitch' | 'foldRows'>;

function denseShape(
  name: string,
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
): DenseShape {
  const tensor: CodeTensor = lowered.tensors[name]!;
  const fold = name === lowered.input ? geometries.find((geometry) => geometry.fold)?.fold : undefined;
  const foldRows = fold?.kernelRows ?? 1;
  const pixelPitch = tensor.channels * foldRows;
  const rowPitch = tensor.width * pixelPitch;
  const planeStride = (fold?.foldRows ?? tensor.height) * rowPitch;
  return { planes: activationPlanes(tensor.bits, machine), planeStride, rowPitch, pixelPitch, foldRows };
}
