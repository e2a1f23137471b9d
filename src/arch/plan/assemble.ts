/** The last stage: records, memories and what the plan says of itself. */
import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { encodeKernels, encodeScales } from '../program/depthwise-memories.js';
import { encodePasses, encodeProgram } from '../program/encode.js';
import { encodeFolds } from '../program/fold-memory.js';
import { encodeParameters, encodeTables, encodeWeights } from '../program/memories.js';
import type { LoadRecord, ProgramRecord } from '../program/program.js';
import type { LoweredNetwork } from './array-layer.js';
import type { Segment } from './depth-first/segment.js';
import { layersInOrder, orderTurns } from './depth-first/turns.js';
import type { LayerGeometry } from './geometry.js';
import { type Contents, layerRecords } from './layer-records.js';
import { requireSpace } from './limits.js';
import { codeBits, type LoadSetting, loadRecord } from './load-record.js';
import type { FramePlacement } from './place-frame.js';
import type { Placed } from './place-tensors.js';
import type { Plan, PlannedLayer, PlannedTensor, StreamedInput, StreamedOutput } from './plan.js';
import { elementBytes } from './post-record.js';
import { NO_BORDER } from './stored-layout.js';
import { firstBytes } from './stream-frames.js';
import { writeProgram } from './write-program.js';

interface Parts extends FramePlacement {
  readonly network: IntegerNetwork;
  readonly machine: Machine;
  readonly lowered: LoweredNetwork;
}

export function assemble(parts: Parts): Plan {
  const { placed, nextLoadAfter, segments, geometries } = parts;
  const contents = layerRecords(parts);
  const blocks = orderTurns(geometries.length, segments);
  const program = writeProgram({
    loads: loadRecords(parts),
    records: contents.records,
    blocks,
    segments,
    roomCounters: placed.roomCounters,
    nextLoadAfter,
    ringWords: contents.ringWords,
  });
  return finish(
    parts,
    contents,
    program,
    layersInOrder(blocks, (i) => geometries[i]!.unit === null),
  );
}

function loadRecords({ machine, lowered, placed, segments }: Parts): readonly LoadRecord[] {
  return lowered.inputs.map((name, i) =>
    loadRecord(
      {
        input: lowered.tensors[name]!,
        place: placed.places.get(name)!,
        counter: placed.counters.get(name)!,
        border: lowered.layouts.get(name)?.border ?? NO_BORDER,
        room: roomOf(name, segments, placed),
        last: i === lowered.inputs.length - 1,
      },
      machine,
    ),
  );
}

function roomOf(name: string, segments: readonly Segment[], { roomCounters }: Placed): LoadSetting['room'] {
  const load = segments.find((segment) => segment.load?.tensor === name)?.load;
  return load ? { counter: roomCounters.get(name)!, rows: load.room.roomRows, mirrorRows: load.mirrorRows } : null;
}

function finish(
  { network, machine, lowered, geometries, placed }: Parts,
  contents: Contents,
  records: readonly ProgramRecord[],
  turns: readonly number[],
): Plan {
  const program = encodeProgram(records, machine.fetchWords);
  const parameterCount = contents.parameters.length / machine.postWidth;
  requireSpace('weight', 'memory.weightWords', contents.weightWords, machine.memory.weightWords);
  requireSpace('parameter', 'memory.parameterWords', parameterCount, machine.memory.parameterWords);
  requireSpace('program', 'memory.programWords', program.length, machine.memory.programWords);
  requireSpace('fold', 'memory.foldEntries', contents.folds.length, machine.memory.foldEntries);
  requireSpace('pass', 'memory.passEntries', contents.passes.length, machine.memory.passEntries);
  requireUnitSpace(contents, machine);
  const layers = geometries.map((geometry) => plannedLayer(geometry, machine));
  const ends = [...placed.places.values()].map(({ inside, base, planes, planeStride }) =>
    inside === null ? base + planes * planeStride : 0,
  );
  return {
    machine,
    network,
    tensors: plannedTensors(lowered, placed),
    layers,
    turns,
    program: records,
    passes: contents.passes,
    images: {
      program,
      passes: encodePasses(contents.passes),
      weights: encodeWeights(concatenate(contents.weights), machine),
      parameters: encodeParameters(contents.parameters, machine),
      tables: encodeTables(contents.tables.entries),
      folds: encodeFolds(contents.folds, machine),
      kernels: encodeKernels(contents.kernels, machine),
      scales: encodeScales(contents.scales, machine),
      dram: encodeWeights(concatenate(contents.ring), machine),
    },
    inputs: inputsOf(lowered, machine),
    outputs: outputsOf(geometries, network, machine),
    usefulDigitMacs: layers.reduce((sum, layer) => sum + layer.usefulDigitMacs, 0),
    used: {
      activationBytes: bytesOf(placed.peakCodes, machine),
      activationBytesWhole: bytesOf(placed.peakCodesWhole, machine),
      activationWords: Math.ceil(Math.max(...ends) / machine.lanes),
      weightWords: contents.weightWords,
      dramWords: contents.ringWords,
      parameterWords: parameterCount,
      programWords: program.length,
      passEntries: contents.passes.length,
      tableEntries: contents.tables.entries.length,
      counters: 1 + Math.max(...placed.counters.values(), ...placed.roomCounters.values()),
    },
  };
}

function requireUnitSpace({ kernels, scales }: Contents, { lanes, depthwise }: Machine): void {
  if (depthwise === null) return;
  const { taps, postWidth, weightWords, parameterWords } = depthwise;
  const words = taps === 0 ? 0 : kernels.length / (lanes * taps);
  requireSpace('depthwise weight', 'depthwise.weightWords', words, weightWords);
  requireSpace('depthwise parameter', 'depthwise.parameterWords', scales.length / postWidth, parameterWords);
}

function bytesOf(codes: number, { activationDigit }: Machine): number {
  return Math.ceil((codes * activationDigit) / 8);
}

function inputsOf({ inputs, tensors }: LoweredNetwork, machine: Machine): readonly StreamedInput[] {
  const streamed = inputs.map((name) => {
    const input = tensors[name]!;
    return { tensor: name, codes: input.height * input.width * input.channels, codeBits: codeBits(input) };
  });
  const lengths = streamed.map((input) => Math.ceil((input.codes * input.codeBits) / 8));
  const firsts = firstBytes(lengths, machine.stream.inBytes);
  return streamed.map((input, i) => ({ ...input, firstByte: firsts[i]! }));
}

/** The layers that stream do so in the order of the network's outputs. */
function outputsOf(
  geometries: readonly LayerGeometry[],
  network: IntegerNetwork,
  machine: Machine,
): readonly StreamedOutput[] {
  const streamed = geometries
    .filter(({ layer }) => layer.toStream)
    .map(({ layer, output }, i) => ({
      tensor: network.outputs[i]!.tensor,
      elements: output.height * output.width * output.channels,
      elementBytes: elementBytes(layer, output),
    }));
  const lengths = streamed.map((output) => output.elements * output.elementBytes);
  const firsts = firstBytes(lengths, machine.stream.outBytes);
  return streamed.map((output, i) => ({ ...output, firstByte: firsts[i]! }));
}

function plannedLayer(
  { layer, input, passes, steps, tiling, ringTileWords, unit }: LayerGeometry,
  machine: Machine,
): PlannedLayer {
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
    tile: { columns: tiling.columns, lines: tiling.lines },
    fromDram: ringTileWords > 0,
    unit: unit === null ? 'array' : 'depthwise',
    accRange: layer.accRange,
  };
}

function plannedTensors(lowered: LoweredNetwork, placed: Placed): Readonly<Record<string, PlannedTensor>> {
  const names = new Set([...lowered.inputs, ...lowered.layers.map((layer) => layer.output), ...placed.places.keys()]);
  const entries = [...names].map((name) => {
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
