/** The last stage: records, memories and what the plan says of itself. */
import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { encodePasses, encodeProgram } from '../program/encode.js';
import { encodeParameters, encodeTables, encodeWeights } from '../program/memories.js';
import type { ChannelParameters, LoadRecord, PassEntry, ProgramRecord } from '../program/program.js';
import type { LoweredNetwork } from './array-layer.js';
import type { FeedWait } from './feed-record.js';
import { feedRecord } from './feed-record.js';
import type { LayerGeometry, Wait } from './geometry.js';
import { requireSpace } from './limits.js';
import { codeBytes, loadRecord } from './load-record.js';
import { parameterWords } from './parameter-words.js';
import { passEntries, sharePasses } from './pass-table.js';
import type { FramePlacement } from './place-frame.js';
import { foldOf, type Placed } from './place-tensors.js';
import type { Plan, PlannedLayer, PlannedTensor, StreamedInput, StreamedOutput } from './plan.js';
import { elementBytes, postRecord } from './post-record.js';
import { isOnePixel } from './row-needs.js';
import { firstBytes } from './stream-frames.js';
import { type TableMemory, tableMemory } from './table-memory.js';
import { weightBlock } from './weight-words.js';

interface Parts extends FramePlacement {
  readonly network: IntegerNetwork;
  readonly machine: Machine;
  readonly lowered: LoweredNetwork;
  readonly geometries: readonly LayerGeometry[];
}

export function assemble(parts: Parts): Plan {
  const { machine, lowered, geometries, placed, nextLoadAfter } = parts;
  const tables = tableMemory(lowered.layers, machine);
  const loads = loadRecords(parts);
  const program: ProgramRecord[] = nextLoadAfter === null ? [...loads] : [...loads, { opcode: 'loop', fields: {} }];
  const passes: PassEntry[] = [];
  const parameters: ChannelParameters[] = [];
  const weights: Uint8Array[] = [];
  let weightWords = 0;
  const drains = drainWaits(parts);
  const lastStream = geometries.findLastIndex(({ layer }) => layer.toStream);
  const feedWait = ({ counter, need }: Wait): FeedWait => ({ counter: placed.counters.get(counter)!, need });
  geometries.forEach((geometry, i) => {
    const { layer, map, tiling, inputWait, residualWait } = geometry;
    const place = placed.places.get(layer.input)!;
    const residual = residualOf(geometry, placed);
    const entries = passEntries(geometry, place, machine);
    const block = weightBlock(map, geometry.weightDigits, machine);
    const feed = feedRecord(
      {
        ...geometry,
        input: place,
        rows: feedWait(inputWait),
        passes: { base: sharePasses(passes, entries), count: entries.length },
        weights: { base: weightWords, columnTileStride: block.columnTileStride, tileWords: 0 },
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
    program.push(feed, post);
    if (i === nextLoadAfter) program.push(...loads);
    parameters.push(...parameterWords(geometry, machine));
    weights.push(block.fields);
    weightWords += block.words;
  });
  program.push({ opcode: 'end', fields: {} });
  return finish(parts, { program, passes, parameters, weights, weightWords, tables });
}

function loadRecords({ machine, lowered, geometries, placed }: Parts): readonly LoadRecord[] {
  return lowered.inputs.map((name, i) =>
    loadRecord(
      {
        input: lowered.tensors[name]!,
        place: placed.places.get(name)!,
        counter: placed.counters.get(name)!,
        fold: foldOf(name, geometries),
        last: i === lowered.inputs.length - 1,
      },
      machine,
    ),
  );
}

function residualOf({ residual, layer }: LayerGeometry, placed: Placed) {
  if (residual === null) return null;
  const onePixel = isOnePixel(residual) && (layer.convHeight > 1 || layer.convWidth > 1);
  return { place: placed.places.get(residual.name)!, onePixel };
}

interface Contents {
  readonly program: readonly ProgramRecord[];
  readonly passes: readonly PassEntry[];
  readonly parameters: readonly ChannelParameters[];
  readonly weights: readonly Uint8Array[];
  readonly weightWords: number;
  readonly tables: TableMemory;
}

function finish({ network, machine, lowered, geometries, placed }: Parts, contents: Contents): Plan {
  const program = encodeProgram(contents.program, machine.fetchWords);
  const parameterCount = contents.parameters.length / machine.postWidth;
  requireSpace('weight', 'memory.weightWords', contents.weightWords, machine.memory.weightWords);
  requireSpace('parameter', 'memory.parameterWords', parameterCount, machine.memory.parameterWords);
  requireSpace('program', 'memory.programWords', program.length, machine.memory.programWords);
  requireSpace('pass', 'memory.passEntries', contents.passes.length, machine.memory.passEntries);
  const layers = geometries.map((geometry) => plannedLayer(geometry, machine));
  const ends = [...placed.places.values()].map(({ inside, base, planes, planeStride }) =>
    inside === null ? base + planes * planeStride : 0,
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
      tables: encodeTables(contents.tables.entries),
      folds: new Uint32Array(0),
      kernels: new Uint32Array(0),
      scales: new Uint32Array(0),
    },
    inputs: inputsOf(lowered, machine),
    outputs: outputsOf(geometries, network, machine),
    usefulDigitMacs: layers.reduce((sum, layer) => sum + layer.usefulDigitMacs, 0),
    used: {
      activationWords: Math.ceil(Math.max(...ends) / machine.lanes),
      weightWords: contents.weightWords,
      parameterWords: parameterCount,
      programWords: program.length,
      passEntries: contents.passes.length,
      tableEntries: contents.tables.entries.length,
      counters: 1 + Math.max(...placed.counters.values()),
    },
  };
}

/** By layer that waits until the one before it has left POST. */
function drainWaits({ placed, geometries }: Parts): ReadonlyMap<number, FeedWait> {
  return new Map(
    placed.drains.map(({ writer, reader }) => {
      const { layer, output } = geometries[writer]!;
      const need = { first: output.height, step: 0, rows: output.height };
      return [reader, { counter: placed.counters.get(layer.output)!, need }];
    }),
  );
}

function inputsOf({ inputs, tensors }: LoweredNetwork, machine: Machine): readonly StreamedInput[] {
  const streamed = inputs.map((name) => {
    const input = tensors[name]!;
    return { tensor: name, codes: input.height * input.width * input.channels, codeBytes: codeBytes(input) };
  });
  const lengths = streamed.map((input) => input.codes * input.codeBytes);
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
