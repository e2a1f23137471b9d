/** The program simulator behind the register interface of the hardware: the same calls, no Verilog. */
import { machineIdentity } from '../../arch/identity.js';
import type { Machine } from '../../arch/machine.js';
import { kernelPieces, scalePieces } from '../../arch/program/depthwise-memories.js';
import { parameterPieces, weightPieces } from '../../arch/program/memories.js';
import type { Images } from '../../arch/program/program.js';
import { bitOf, offsetOf } from '../../arch/register-values.js';
import { ABI_VERSION, MAGIC } from '../../arch/registers.js';
import { openProgram } from '../../arch/simulator/run-program.js';
import { countCycles } from '../../arch/timing/count-cycles.js';
import { SystoleError } from '../../base/error.js';
import type { Link } from '../link.js';

/** Any multiple of 4096: the simulator looks at nothing but offsets. */
const DRAM_BASE = 0n;

const REGISTER = {
  magic: offsetOf('MAGIC'),
  abi: offsetOf('ABI'),
  identityLow: offsetOf('IDENTITY_LO'),
  identityHigh: offsetOf('IDENTITY_HI'),
  ctrl: offsetOf('CTRL'),
  status: offsetOf('STATUS'),
  error: offsetOf('ERROR'),
  irq: offsetOf('IRQ'),
  frames: offsetOf('FRAMES'),
  cycles: offsetOf('CYCLES'),
  memSelect: offsetOf('MEM_SELECT'),
  memAddr: offsetOf('MEM_ADDR'),
  memData: offsetOf('MEM_DATA'),
  checksum: offsetOf('CHECKSUM'),
  watchdog: offsetOf('WATCHDOG'),
  waiting: offsetOf('WAITING'),
  dramBaseLow: offsetOf('DRAM_BASE_LO'),
  dramBaseHigh: offsetOf('DRAM_BASE_HI'),
  movers: offsetOf('MOVERS'),
} as const;

/** WAITING of a machine that has all it needs but input: the simulator takes a frame whole, so it waits for nothing else. */
const LOAD_WAITS = 2;

interface State {
  readonly memories: readonly MemoryBank[];
  enabled: boolean;
  select: number;
  address: number;
  checksum: number;
  error: number;
  irq: number;
  frames: number;
  cycles: number;
  watchdog: number;
  incoming: number[];
  outgoing: Uint8Array[];
  program: LoadedProgram | null;
  /** 32-bit pieces behind the AXI4 master. */
  dram: number[];
}

interface LoadedProgram {
  readonly run: (frame: Uint8Array) => { readonly output: Uint8Array };
  readonly cycles: number;
}

/** A link to the program simulator of this machine. CYCLES shows the compiler's cycle count. */
export function openProgramLink(machine: Machine): Link {
  const state: State = {
    memories: memoryBanks(machine),
    enabled: false,
    select: 0,
    address: 0,
    checksum: 0,
    error: 0,
    irq: 0,
    frames: 0,
    cycles: 0,
    watchdog: 0,
    incoming: [],
    outgoing: [],
    program: null,
    dram: [],
  };
  const identity = machineIdentity(machine);
  const write = (offset: number, value: number) => writeRegister(state, offset, value >>> 0);
  return {
    name: 'program',
    readRegister: async (offset) => readRegister(state, identity, offset) >>> 0,
    writeRegister: async (offset, value) => write(offset, value),
    writeMany: async (offset, values) => {
      for (const value of values) write(offset, value);
    },
    send: async (bytes, last) => {
      for (const byte of bytes) state.incoming.push(byte);
      if (last) runFrame(state, machine);
    },
    receive: async () => state.outgoing.shift() ?? null,
    drop: async () => {
      state.incoming = [];
      state.outgoing = [];
    },
    dram:
      machine.dram === null ? null : { base: DRAM_BASE, write: (offset, pieces) => writeDram(state, offset, pieces) },
    close: async () => {},
  };
}

/** MEM_SELECT 5: pieces go nowhere, but into the checksum. */
const NO_FOLDS = 1;

/** One memory as the loading port sees it: a run of 32-bit pieces, and how many an address stands for. */
interface MemoryBank {
  readonly piecesPerAddress: number;
  pieces: number[];
  at: number;
}

function memoryBanks(machine: Machine): MemoryBank[] {
  // MEM_ADDR counts weight words of all columns together.
  const array = [machine.fetchWords, 3, weightPieces(machine) * machine.cols, parameterPieces(machine), 1, NO_FOLDS];
  const sizes = [...array, Math.max(1, kernelPieces(machine)), Math.max(1, scalePieces(machine))];
  return sizes.map((piecesPerAddress) => ({ piecesPerAddress, pieces: [], at: 0 }));
}

function readRegister(state: State, identity: bigint, offset: number): number {
  switch (offset) {
    case REGISTER.magic:
      return MAGIC;
    case REGISTER.abi:
      return ABI_VERSION;
    case REGISTER.identityLow:
      return Number(identity & 0xffffffffn);
    case REGISTER.identityHigh:
      return Number(identity >> 32n);
    case REGISTER.ctrl:
      return state.enabled ? bitOf('CTRL', 'enable') : 0;
    case REGISTER.status:
      return bitOf('STATUS', 'idle') + (state.error === 0 ? 0 : bitOf('STATUS', 'error'));
    case REGISTER.error:
      return state.error;
    case REGISTER.irq:
      return state.irq;
    case REGISTER.frames:
      return state.frames;
    case REGISTER.cycles:
      return state.cycles;
    case REGISTER.memSelect:
      return state.select;
    case REGISTER.memAddr:
      return state.address;
    case REGISTER.checksum:
      return state.checksum;
    case REGISTER.watchdog:
      return state.watchdog;
    case REGISTER.waiting:
      return state.enabled && state.error === 0 ? LOAD_WAITS : 0;
    case REGISTER.dramBaseLow:
    case REGISTER.dramBaseHigh:
    case REGISTER.movers:
      return 0;
    default:
      throw refused(offset, 'read');
  }
}

function writeRegister(state: State, offset: number, value: number): void {
  switch (offset) {
    case REGISTER.ctrl:
      writeControl(state, value);
      break;
    case REGISTER.irq:
      state.irq &= ~value;
      break;
    case REGISTER.memSelect:
      state.select = value & 7;
      state.checksum = 0;
      startAt(state, 0);
      break;
    case REGISTER.memAddr:
      startAt(state, value);
      break;
    case REGISTER.memData:
      writePiece(state, value);
      break;
    case REGISTER.watchdog:
      state.watchdog = value;
      break;
    case REGISTER.dramBaseLow:
    case REGISTER.dramBaseHigh:
      break;
    default:
      throw refused(offset, 'write');
  }
}

function writeControl(state: State, value: number): void {
  if (value & bitOf('CTRL', 'soft_reset')) {
    Object.assign(state, { error: 0, irq: 0, frames: 0, cycles: 0, incoming: [] });
  }
  state.enabled = (value & bitOf('CTRL', 'enable')) !== 0;
}

function startAt(state: State, address: number): void {
  state.address = address;
  const bank = state.memories[state.select]!;
  bank.at = address * bank.piecesPerAddress;
  state.program = null;
}

function writePiece(state: State, piece: number): void {
  if (state.enabled) {
    fail(state, 'load_busy');
    return;
  }
  const bank = state.memories[state.select]!;
  bank.pieces[bank.at] = piece;
  bank.at += 1;
  state.checksum = (((state.checksum << 1) | (state.checksum >>> 31)) ^ piece) >>> 0;
  state.program = null;
}

async function writeDram(state: State, offset: number, pieces: Uint32Array): Promise<void> {
  pieces.forEach((piece, i) => {
    state.dram[offset / 4 + i] = piece;
  });
  state.program = null;
}

function runFrame(state: State, machine: Machine): void {
  const frame = Uint8Array.from(state.incoming);
  state.incoming = [];
  if (!state.enabled || state.error !== 0) return;
  try {
    state.program ??= loadProgram(state, machine);
    state.outgoing.push(state.program.run(frame).output);
    state.cycles = state.program.cycles;
    state.frames += 1;
    state.irq |= bitOf('IRQ', 'done');
  } catch (error) {
    const field = error instanceof SystoleError ? ERROR_FIELDS[error.code] : undefined;
    if (field === undefined) throw error;
    fail(state, field);
  }
}

/** What the simulator refuses, as the field of ERROR that the hardware would set. */
const ERROR_FIELDS: Readonly<Record<string, string>> = {
  'frame-short': 'frame_short',
  'frame-long': 'frame_long',
  'plan-invalid': 'bad_record',
};

function loadProgram(state: State, machine: Machine): LoadedProgram {
  const [program, passes, weights, parameters, tables, folds, kernels, scales] = state.memories.map(({ pieces }) =>
    Uint32Array.from(pieces),
  );
  const images: Images = {
    program: program!,
    passes: passes!,
    weights: weights!,
    parameters: parameters!,
    tables: tables!,
    folds: folds!,
    kernels: kernels!,
    scales: scales!,
    dram: Uint32Array.from(state.dram),
  };
  return { run: openProgram(machine, images), cycles: countCycles(machine, images).cycles };
}

function fail(state: State, field: string): void {
  if (state.error === 0) state.irq |= bitOf('IRQ', 'error');
  state.error |= bitOf('ERROR', field);
}

function refused(offset: number, what: string): SystoleError {
  return new SystoleError('accelerator-error', `the accelerator refused a register ${what}`, {
    where: `register at 0x${offset.toString(16)}`,
  });
}
