import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { encodePasses, encodeProgram } from '../program/encode.js';
import { encodeParameters, encodeWeights } from '../program/memories.js';
import type { ChannelParameters, PassEntry, ProgramRecord } from '../program/program.js';
import type { LoweredNetwork } from './array-layer.js';
import { checkPlan } from './check-plan.js';
import { feedRecord } from './feed-record.js';
import { type LayerGeometry, layerGeometries } from './geometry.js';
import { portClashes } from './lifetimes.js';
import { checkLayerRanges, requireSpace } from './limits.js';
import { loadRecord } from './load-record.js';
import { lowerNetwork } from './lower.js';
import { checkMapLimits } from './map-limits.js';
import { parameterWords } from './parameter-words.js';
import { passEntries, sharePasses } from './pass-table.js';
import { type FramePlacement, placeFrame } from './place-frame.js';
import type { Placed } from './place-tensors.js';
import type { Plan, PlannedLayer, PlannedTensor } from './plan.js';
import { elementBytes, postRecord } from './post-record.js';
import { residualNeed } from './row-needs.js';
import { weightBlock } from './weight-words.js';

/**
 * Lays an integer network out on a machine and writes its program.
 * @throws SystoleError accumulator-range, requantize-range, memory-too-small, network-unsupported
 */
export function planNetwork(network: IntegerNetwork, machine: Machine): Plan {
  const lowered = lowerNetwork(network);
  for (const layer of lowered.layers) checkLayerRanges(layer, machine);
  const geometries = layerGeometries(lowered, machine);
  checkMapLimits(lowered, geometries, machine);
  const plan = assemble({ network, machine, lowered, geometries, ...placeFrame(lowered, geometries, machine) });
  checkPlan(plan);
  return plan;
}

interface Parts extends FramePlacement {
  readonly network: IntegerNetwork;
  readonly machine: Machine;
  readonly lowered: LoweredNetwork;
  readonly geometries: readonly LayerGeometry[];
}

function assemble(parts: Parts): Plan {
  const { machine, lowered, geometries, placed, nextLoadAfter } = parts;
  const input = lowered.tensors[lowered.input]!;
  const fold = geometries.find((geometry) => geometry.fold)?.fold ?? null;
  const load = loadRecord(input, placed.places.get(input.name)!, fold, machine);
  const program: ProgramRecord[] = nextLoadAfter === null ? [load] : [load, { opcode: 'loop', fields: {} }];
  const passes: PassEntry[] = [];
  const parameters: ChannelParameters[] = [];
  const weights: Uint8Array[] = [];
  let weightWords = 0;
  const waits = drainWaits(parts);
  geometries.forEach((geometry, i) => {
    const { layer, map, tiling } = geometry;
    const place = placed.places.get(layer.input)!;
    const residual = layer.requantize?.residual ? placed.places.get(layer.requantize.residual.tensor)! : null;
    const entries = passEntries(geometry, place, machine);
    const block = weightBlock(map, geometry.weightDigits, machine);
    const ownWait = residual ? { counter: residual.counter, need: residualNeed(layer) } : null;
    const feed = feedRecord(
      {
        ...geometry,
        input: place,
        passes: { base: sharePasses(passes, entries), count: entries.length },
        weights: { base: weightWords, columnTileStride: block.columnTileStride },
        residual: ownWait ?? waits.get(i) ?? null,
        cyclesPerSlot: Math.max(1, residual?.planes ?? 0),
      },
      machine,
    );
    const post = postRecord({
      layer,
      tiling,
      output: geometry.output,
      parameterBase: layer.requantize ? parameters.length / machine.postWidth : 0,
      residual,
      place: placed.places.get(layer.output) ?? null,
      counter: placed.counters.get(layer.output)!,
    });
    program.push(feed, post);
    if (i === nextLoadAfter) program.push(load);
    parameters.push(...parameterWords(geometry, machine));
    weights.push(block.fields);
    weightWords += block.words;
  });
  program.push({ opcode: 'end', fields: {} });
  return finish(parts, { program, passes, parameters, weights, weightWords });
}

interface Contents {
  readonly program: readonly ProgramRecord[];
  readonly passes: readonly PassEntry[];
  readonly parameters: readonly ChannelParameters[];
  readonly weights: readonly Uint8Array[];
  readonly weightWords: number;
}

function finish({ network, machine, lowered, geometries, placed }: Parts, contents: Contents): Plan {
  const program = encodeProgram(contents.program);
  const parameterCount = contents.parameters.length / machine.postWidth;
  requireSpace('weight', 'memory.weightWords', contents.weightWords, machine.memory.weightWords);
  requireSpace('parameter', 'memory.parameterWords', parameterCount, machine.memory.parameterWords);
  requireSpace('program', 'memory.programWords', program.length, machine.memory.programWords);
  requireSpace('pass', 'memory.passEntries', contents.passes.length, machine.memory.passEntries);
  const input = lowered.tensors[lowered.input]!;
  const last = geometries.at(-1)!;
  const layers = geometries.map((geometry) => plannedLayer(geometry, machine));
  const codes = Math.max(
    ...[...placed.places.values()].map(({ base, planes, planeStride }) => base + planes * planeStride),
  );
  return {
    machine,
    network,
    tensors: plannedTensors(lowered, placed),
    layers,
    program: contents.program,
    passes: contents.passes,
    images: {
      program,
      passes: encodePasses(contents.passes),
      weights: encodeWeights(concatenate(contents.weights), machine),
      parameters: encodeParameters(contents.parameters, machine),
      tables: new Uint32Array(0),
    },
    input: { tensor: input.name, codes: input.height * input.width * input.channels },
    output: {
      tensor: network.outputs[0]!.tensor,
      elements: last.output.height * last.output.width * last.output.channels,
      elementBytes: elementBytes(last.layer, last.output),
    },
    usefulDigitMacs: layers.reduce((sum, layer) => sum + layer.usefulDigitMacs, 0),
    used: {
      activationWords: Math.ceil(codes / machine.lanes),
      weightWords: contents.weightWords,
      parameterWords: parameterCount,
      programWords: program.length,
      passEntries: contents.passes.length,
      counters: 1 + Math.max(...placed.counters.values()),
    },
  };
}

/** Layers whose feed shares a group with an earlier layer's residual: they wait until that layer has left POST. */
function drainWaits({ lowered, placed, geometries }: Parts) {
  const waits = new Map<number, { counter: number; need: { first: number; step: number; rows: number } }>();
  for (const { residual, input, writer, reader } of portClashes(lowered.layers)) {
    if (reader === writer || placed.places.get(residual)!.group !== placed.places.get(input)!.group) continue;
    const { layer, output } = geometries[writer]!;
    const rows = output.height;
    waits.set(reader, { counter: placed.counters.get(layer.output)!, need: { first: rows, step: 0, rows } });
  }
  return waits;
}

function plannedLayer({ layer, input, passes, steps }: LayerGeometry, machine: Machine): PlannedLayer {
  const nominal = Math.ceil(input.bits / machine.activationDigit) * Math.ceil(layer.weightBits / machine.weightDigit);
  return {
    name: layer.name,
    sources: layer.sources,
    input: layer.input,
    residual: layer.requantize?.residual?.tensor ?? null,
    output: layer.output,
    passes: passes.length,
    usefulMacs: layer.usefulMacs,
    usefulDigitMacs: layer.usefulMacs * nominal,
    steps,
    accRange: layer.accRange,
  };
}

function plannedTensors(lowered: LoweredNetwork, placed: Placed): Readonly<Record<string, PlannedTensor>> {
  const names = [lowered.input, ...lowered.layers.map((layer) => layer.output)];
  const entries = names.map((name) => {
    const { height, width, channels, bits } = lowered.tensors[name]!;
    return [name, { name, height, width, channels, bits, place: placed.places.get(name) ?? null }] as const;
  });
  return Object.fromEntries(entries);
}

function concatenate(blocks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}
