import type { Machine } from '../machine.js';
import { decodePasses, decodeProgram } from '../program/decode.js';
import { type ChannelScale, decodeKernels, decodeScales } from '../program/depthwise-memories.js';
import { executionOrder } from '../program/execution-order.js';
import { decodeFolds, type FoldEntry } from '../program/fold-memory.js';
import { decodeParameters, decodeTables, decodeWeights, weightPieces } from '../program/memories.js';
import type { ChannelParameters, Images, LoadRecord, PassEntry, PassMode, ProgramRecord } from '../program/program.js';
import { type ActivationMemory, activationMemory, broken } from './activation-memory.js';
import { checkPasses } from './check-passes.js';
import { checkRecords } from './check-records.js';
import type { RowState } from './feed-rows.js';
import type { Loading } from './load.js';
import type { PostRowState } from './post-rows.js';
import { fillOf, type RingState } from './ring.js';
import { type RowCounters, rowCounters } from './row-counters.js';

/** What a loaded machine holds. Nothing of the network is known here: command words, memories, registers. */
export interface LoadedProgram {
  readonly machine: Machine;
  readonly records: readonly ProgramRecord[];
  /** Indices of the records of one frame, in the order in which they are fetched. */
  readonly order: readonly number[];
  /** The LOAD records of one frame. */
  readonly loads: readonly LoadRecord[];
  readonly passes: readonly PassEntry[];
  readonly folds: readonly FoldEntry[];
  /** Weight values by mode, [word][lane][column], decoded when first asked for. */
  readonly weightValues: (mode: PassMode) => Int16Array;
  /** The same of the ring words that a frame's FILL brings, in order. */
  readonly ringValues: (mode: PassMode) => Int16Array;
  /** [word][postWidth] */
  readonly parameters: readonly ChannelParameters[];
  /** Entries of all tables. */
  readonly tables: Uint16Array;
  /** Of the depthwise unit: [word][lane][tap], and [word][its postWidth]. */
  readonly kernels: Int8Array;
  readonly scales: readonly ChannelScale[];
}

/** One write of the writer unit, as the hardware's trace shows it (ARCHITECTURE.md). */
export interface ActivationWrite {
  /** POST records finished in this frame: the index of the writing layer. */
  readonly layer: number;
  readonly plane: number;
  readonly group: number;
  /** Code index of the first digit. */
  readonly addr: number;
  readonly digits: Uint8Array;
}

/** One frame on its way. */
export interface FrameState {
  readonly memory: ActivationMemory;
  readonly counters: RowCounters;
  readonly feedContexts: Map<number, RowState>;
  readonly postContexts: Map<number, PostRowState>;
  /** Inputs that LOAD has begun. */
  readonly loading: Loading[];
  readonly ring: RingState;
  readonly output: number[];
  readonly onWrite: ((write: ActivationWrite) => void) | undefined;
}

export function loadProgram(machine: Machine, images: Images): LoadedProgram {
  const records = decodeProgram(images.program, machine.fetchWords);
  checkRecords(machine, records);
  const allLoads = records.filter((record) => record.opcode === 'load');
  return {
    machine,
    records,
    order: executionOrder(records),
    loads: allLoads.slice(0, allLoads.findIndex(({ fields }) => fields.last === 1) + 1),
    passes: checkPasses(machine, decodePasses(images.passes)),
    folds: decodeFolds(images.folds, machine),
    parameters: decodeParameters(images.parameters, machine),
    tables: decodeTables(images.tables),
    kernels: decodeKernels(images.kernels, machine),
    scales: decodeScales(images.scales, machine),
    weightValues: valuesOf(images.weights, machine),
    ringValues: valuesOf(filledPieces(records, images, machine), machine),
  };
}

/** @throws SystoleError plan-invalid for words that are not in DRAM */
function filledPieces(records: readonly ProgramRecord[], { dram }: Images, machine: Machine): Uint32Array {
  const fill = fillOf(records);
  if (fill === undefined) return new Uint32Array(0);
  const { address, words } = fill.fields;
  const from = address / 4;
  const to = from + words * weightPieces(machine) * machine.cols;
  if (address % 64 !== 0 || to > dram.length) throw broken(`FILL brings what is not in DRAM, from byte ${address} on`);
  return dram.subarray(from, to);
}

function valuesOf(image: Uint32Array, machine: Machine): (mode: PassMode) => Int16Array {
  const decoded = new Map<PassMode, Int16Array>();
  return (mode) => {
    const known = decoded.get(mode) ?? weightValues(decodeWeights(image, machine), mode, machine);
    decoded.set(mode, known);
    return known;
  };
}

export function frameState(machine: Machine, onWrite: FrameState['onWrite']): FrameState {
  return {
    memory: activationMemory(machine),
    counters: rowCounters(machine),
    feedContexts: new Map(),
    postContexts: new Map(),
    loading: [],
    ring: { filled: 0, released: 0 },
    output: [],
    onWrite,
  };
}

/** Plain fields [word][column][lane] -> values [word][lane][column]. */
function weightValues(fields: Uint8Array, mode: PassMode, machine: Machine): Int16Array {
  const { cols, lanes } = machine;
  const sign = 2 ** (machine.weightDigit - 1);
  const values = new Int16Array(fields.length);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const lane = i % lanes;
    const column = Math.floor(i / lanes) % cols;
    const word = Math.floor(i / (lanes * cols));
    const signed = field >= sign ? field - 2 * sign : field;
    const value = mode === 'unsigned' ? field : mode === 'signed' ? signed : (field & 1) * 2 - 1;
    values[(word * lanes + lane) * cols + column] = value;
  }
  return values;
}
