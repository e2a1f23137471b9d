/** A layer's FEED and POST records, as if it were computed whole, and what of it goes into the memories. */
import type { Machine } from '../machine.js';
import type { ChannelScale } from '../program/depthwise-memories.js';
import type { FoldEntry } from '../program/fold-memory.js';
import type { ChannelParameters, DepthwiseRecord, FeedRecord, PassEntry, PostRecord } from '../program/program.js';
import type { LoweredNetwork } from './array-layer.js';
import { unitKernels, unitRecord, unitScales } from './depthwise/unit-record.js';
import { type FeedWait, feedRecord } from './feed-record.js';
import type { LayerGeometry, Wait } from './geometry.js';
import { parameterWords } from './parameter-words.js';
import { passEntries, sharePasses } from './pass-table.js';
import type { Placed } from './place-tensors.js';
import { postRecord } from './post-record.js';
import { isOnePixel } from './row-needs.js';
import { type TableMemory, tableMemory } from './table-memory.js';
import { weightBlock } from './weight-words.js';

export type LayerRecords =
  | { readonly unit: null; readonly feed: FeedRecord; readonly post: PostRecord }
  | { readonly unit: DepthwiseRecord };

export interface Contents {
  /** One of each for each layer. */
  readonly records: readonly LayerRecords[];
  readonly passes: readonly PassEntry[];
  readonly folds: readonly FoldEntry[];
  readonly parameters: readonly ChannelParameters[];
  /** Beside the columns, and through the ring in the order of use; both [word][column][lane]. */
  readonly weights: readonly Uint8Array[];
  readonly weightWords: number;
  readonly ring: readonly Uint8Array[];
  readonly ringWords: number;
  readonly tables: TableMemory;
  /** Of the depthwise unit: [word][lane][tap], and [word][its postWidth]. */
  readonly kernels: Int8Array;
  readonly scales: readonly ChannelScale[];
}

export interface LayerParts {
  readonly machine: Machine;
  readonly lowered: LoweredNetwork;
  readonly geometries: readonly LayerGeometry[];
  readonly placed: Placed;
}

export function layerRecords({ machine, lowered, geometries, placed }: LayerParts): Contents {
  const tables = tableMemory(lowered.layers, machine);
  const passes: PassEntry[] = [];
  const folds: FoldEntry[] = [];
  const parameters: ChannelParameters[] = [];
  const weights: Uint8Array[] = [];
  const ring: Uint8Array[] = [];
  let weightWords = 0;
  let ringWords = 0;
  const drains = drainWaits(placed, geometries);
  const lastStream = geometries.findLastIndex(({ layer }) => layer.toStream);
  const feedWait = ({ counter, need }: Wait): FeedWait => ({ counter: placed.counters.get(counter)!, need });
  const kernels: number[] = [];
  const scales: ChannelScale[] = [];
  const unitOf = (geometry: LayerGeometry): LayerRecords | null => {
    const { layer, unit, inputWait } = geometry;
    if (unit === null) return null;
    const { taps, postWidth } = machine.depthwise!;
    const setting = {
      geometry,
      unit,
      input: placed.places.get(layer.input)!,
      output: placed.places.get(layer.output)!,
      rows: feedWait(inputWait),
      outCounter: placed.counters.get(layer.output)!,
      weightBase: taps === 0 ? 0 : kernels.length / (machine.lanes * taps),
      parameterBase: scales.length / postWidth,
    };
    if (unit.op === 'products') for (const weight of unitKernels(geometry, unit, machine)) kernels.push(weight);
    scales.push(...unitScales(geometry, unit, machine));
    return { unit: unitRecord(setting, machine) };
  };
  const records = geometries.map((geometry, i): LayerRecords => {
    const beside = unitOf(geometry);
    if (beside !== null) return beside;
    const { layer, map, tiling, inputWait, residualWait, ringTileWords } = geometry;
    const place = placed.places.get(layer.input)!;
    const residual = residualOf(geometry, placed);
    const entries = passEntries(geometry, place, machine);
    const block = weightBlock(map, geometry.weightDigits, machine);
    const throughRing = ringTileWords > 0;
    const feed = feedRecord(
      {
        ...geometry,
        input: place,
        rows: feedWait(inputWait),
        passes: { base: sharePasses(passes, entries), count: entries.length },
        foldBase: map.fold ? shareFolds(folds, map.fold.entries) : 0,
        weights: {
          base: throughRing ? 0 : weightWords,
          columnTileStride: throughRing ? 0 : block.columnTileStride,
          tileWords: ringTileWords,
        },
        residual: residualWait ? feedWait(residualWait) : (drains.get(i) ?? null),
        cyclesPerSlot: Math.max(1, residual?.place.planes ?? 0),
      },
      machine,
    );
    const post = postRecord({
      layer,
      tiling,
      output: geometry.output,
      parameterBase: layer.requantize ? parameters.length / machine.postWidth : 0,
      tableBase: tables.bases[i]!,
      residual,
      place: placed.places.get(layer.output) ?? null,
      counter: placed.counters.get(layer.output) ?? null,
      last: i === lastStream,
    });
    parameters.push(...parameterWords(geometry, machine));
    (throughRing ? ring : weights).push(block.fields);
    if (throughRing) ringWords += block.words;
    else weightWords += block.words;
    return { unit: null, feed, post };
  });
  const unit = { kernels: Int8Array.from(kernels), scales };
  return { records, passes, folds, parameters, weights, weightWords, ring, ringWords, tables, ...unit };
}

/** Where `entries` begin in the table, which grows only by what it does not hold yet. */
function shareFolds(table: FoldEntry[], entries: readonly FoldEntry[]): number {
  const text = entries.map((entry) => JSON.stringify(entry));
  const held = table.map((entry) => JSON.stringify(entry));
  const at = held.findIndex((_, i) => text.every((entry, k) => entry === held[i + k]));
  if (at >= 0) return at;
  table.push(...entries);
  return table.length - entries.length;
}

function residualOf({ residual, layer }: LayerGeometry, placed: Placed) {
  if (residual === null) return null;
  const onePixel = isOnePixel(residual) && (layer.convHeight > 1 || layer.convWidth > 1);
  return { place: placed.places.get(residual.name)!, onePixel };
}

/** By layer that waits until the one before it has left POST. */
function drainWaits(placed: Placed, geometries: readonly LayerGeometry[]): ReadonlyMap<number, FeedWait> {
  return new Map(
    placed.drains.map(({ writer, reader }) => {
      const { layer, output } = geometries[writer]!;
      const need = { first: output.height, step: 0, rows: output.height };
      return [reader, { counter: placed.counters.get(layer.output)!, need }];
    }),
  );
}
