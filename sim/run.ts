/** Runs whole frames through a simulated machine: memories loaded through AXI4-Lite, frames through the streams. */
import { bitOf, imageChecksum, offsetOf } from '../src/arch/register-values.js';
import { SystoleError } from '../src/base/error.js';
import { MEMORIES, type MemoryName } from '../src/base/project-layout.js';
import { type DramConditions, openSimulator, type Received, type Simulator, type Stalls } from './client.js';

export { explainWaiting } from '../src/arch/register-values.js';

/** Memory contents as 32-bit pieces, in loading order (docs/machine.md, last section). */
type Images = Readonly<Record<MemoryName | 'dram', Uint32Array>>;

export interface SimulationJob {
  readonly images: Images;
  /** The machine that the images were made for; absent: any. */
  readonly identity?: bigint;
  /** Input frames, one code a byte; a wrong length makes a short or long frame on purpose. */
  readonly frames: readonly Uint8Array[];
  /** Frame i has the seed `seed` + `firstFrame` + i, so that it stalls alike however the frames are divided. */
  readonly stalls?: Stalls;
  /** The DRAM behind the machine; absent: an ideal one. Its stalls begin anew with each frame, as the streams' do. */
  readonly dram?: DramConditions;
  /** Number of the first frame here among all frames of a longer run; default 0. */
  readonly firstFrame?: number;
  /** Record every write of the writer unit. */
  readonly trace?: boolean;
  /** Send every frame at once, so that the next waits at the door while one computes; no errors expected. */
  readonly pipelined?: boolean;
  /** Cycles after which a frame without output counts as hung; default 20 million. */
  readonly hangLimit?: number;
  /** FST waveform file of the cycles `from` .. `to`, counted from the start of the process (a build with trace). */
  readonly wave?: WaveWindow;
  /** What registers and memories without reset start with; default 1. */
  readonly seed?: number;
  /** Takes each result as it comes, trace and all; those returned in the end are then without their traces. */
  readonly onFrame?: (index: number, result: FrameResult) => void;
}

export interface WaveWindow {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export type FrameResult =
  | {
      readonly kind: 'output';
      readonly bytes: Uint8Array;
      /** First accepted input beat to last accepted output beat, inclusive, counted outside the machine. */
      readonly cycles: number;
      /** The machine's own CYCLES register; equal to `cycles`. 0 in pipelined runs, where it is not read. */
      readonly cyclesRegister: number;
      readonly firstIn: number;
      readonly lastOut: number;
      readonly trace: readonly TraceWrite[];
    }
  /** The ERROR register, or 'hang': nothing came within the limit. WAITING says why. */
  | {
      readonly kind: 'error' | 'hang';
      readonly error: number;
      readonly waiting: number;
      readonly movers: number;
      readonly trace: readonly TraceWrite[];
    };

/** One write to activation memory: `count` digits from code index `address` on, one plane. */
export interface TraceWrite {
  readonly cycle: number;
  /** POST records finished in this frame before this one. */
  readonly layer: number;
  readonly plane: number;
  readonly group: number;
  readonly address: number;
  readonly count: number;
  /** Packed digits, lane l at bits l * activationDigit. */
  readonly data: Uint8Array;
}

export interface SimulationResult {
  readonly identity: bigint;
  readonly frames: readonly FrameResult[];
}

const SETTLE_CYCLES = 512; // more than the first records of a program take to reach their units
const POLL_CYCLES = 4096;
const DEFAULT_HANG_LIMIT = 20_000_000;

const CTRL = offsetOf('CTRL');
const ENABLE = bitOf('CTRL', 'enable');
const IDLE = bitOf('STATUS', 'idle');
const SOFT_RESET = bitOf('CTRL', 'soft_reset');

/**
 * Loads the images, enables the machine and runs every frame. After an error or a hang the machine is soft reset and
 * goes on with the next frame. Each frame starts on an idle machine unless `pipelined`.
 * Errors: identity-mismatch; accelerator-error when a memory does not read back its checksum; those of openSimulator.
 */
export async function runSimulation(binary: string, job: SimulationJob): Promise<SimulationResult> {
  const machine = await openSimulator(binary, { seed: job.seed ?? 1 });
  try {
    const low = await machine.read(offsetOf('IDENTITY_LO'));
    const high = await machine.read(offsetOf('IDENTITY_HI'));
    const identity = (BigInt(high) << 32n) | BigInt(low);
    if (job.identity !== undefined && identity !== job.identity) throw otherMachine(job.identity, identity);
    await loadImages(machine, job.images);
    if (job.dram) await machine.dram(job.dram);
    if (job.trace) await machine.trace(true);
    await machine.write(CTRL, ENABLE);
    const receive = job.wave ? receiveWithWave(machine, job.wave) : plainReceive(machine);
    const run = { machine, job, receive };
    const frames = job.pipelined ? await runPipelined(run) : await runOneByOne(run);
    return { identity, frames };
  } finally {
    await machine.close();
  }
}

function otherMachine(expected: bigint, actual: bigint): SystoleError {
  return new SystoleError('identity-mismatch', 'the program was compiled for another machine', {
    expected: `identity 0x${expected.toString(16)}`,
    actual: `identity 0x${actual.toString(16)}`,
  });
}

async function loadImages(machine: Simulator, images: Images): Promise<void> {
  for (const [select, name] of MEMORIES.entries()) {
    await machine.write(offsetOf('MEM_SELECT'), select);
    const refused = await machine.burst(offsetOf('MEM_DATA'), images[name]);
    const found = await machine.read(offsetOf('CHECKSUM'));
    const expected = imageChecksum(images[name]);
    if (refused > 0 || found !== expected) {
      throw new SystoleError('accelerator-error', `the ${name} memory did not take its contents`, {
        expected: `checksum ${expected.toString(16)}`,
        actual: `checksum ${found.toString(16)}, ${refused} writes refused`,
      });
    }
  }
  await loadDram(machine, images.dram);
}

/** Where images lie in the DRAM of a simulation: anywhere but at 0. */
export const SIMULATED_DRAM = 0x2345_6000;

/** Writes 32-bit pieces to the simulated DRAM, from a byte offset of the image on. */
export function dramWriter(machine: Simulator) {
  return (offset: number, pieces: Uint32Array): Promise<void> =>
    machine.writeDram(SIMULATED_DRAM + offset, new Uint8Array(pieces.buffer, pieces.byteOffset, pieces.byteLength));
}

async function loadDram(machine: Simulator, pieces: Uint32Array): Promise<void> {
  if (pieces.length === 0) return;
  await machine.write(offsetOf('DRAM_BASE_LO'), SIMULATED_DRAM);
  await machine.write(offsetOf('DRAM_BASE_HI'), 0);
  await dramWriter(machine)(0, pieces);
}

type Receive = (limit: number) => Promise<Received>;

interface Run {
  readonly machine: Simulator;
  readonly job: SimulationJob;
  readonly receive: Receive;
}

const plainReceive =
  (machine: Simulator): Receive =>
  (limit) =>
    machine.receive(limit, POLL_CYCLES);

/** Receives in up to three parts: before the window, in it, behind it. The machine's cycles are the same. */
function receiveWithWave(machine: Simulator, { path, from, to }: WaveWindow): Receive {
  const edges = [
    { cycle: from, wave: path },
    { cycle: to, wave: null },
  ];
  return async (limit) => {
    const end = (await machine.step(0)) + limit;
    for (let edge = edges[0]; edge !== undefined && edge.cycle <= end; edge = edges[0]) {
      const now = await machine.step(0);
      const received = await machine.receive(Math.max(0, edge.cycle - now), POLL_CYCLES);
      if (received.kind !== 'limit') return received;
      await machine.wave(edge.wave);
      edges.shift();
    }
    return machine.receive(Math.max(0, end - (await machine.step(0))), POLL_CYCLES);
  };
}

async function runOneByOne(run: Run): Promise<FrameResult[]> {
  const { machine, job } = run;
  const results: FrameResult[] = [];
  for (const [index, frame] of job.frames.entries()) {
    const { stalls, dram, firstFrame } = job;
    const seed = (firstFrame ?? 0) + index;
    if (stalls) await machine.stalls({ ...stalls, seed: stalls.seed + seed });
    if (dram?.stall) await machine.dram({ ...dram, seed: (dram.seed ?? 0) + seed });
    await settle(machine, job.hangLimit ?? DEFAULT_HANG_LIMIT);
    await machine.send(frame);
    const result = await receiveFrame(run);
    if (result.kind !== 'output') await recover(machine);
    results.push(handedOver(job, index, result));
  }
  return results;
}

function handedOver({ onFrame }: SimulationJob, index: number, result: FrameResult): FrameResult {
  onFrame?.(index, result);
  return onFrame ? { ...result, trace: [] } : result;
}

async function runPipelined(run: Run): Promise<FrameResult[]> {
  const { machine, job } = run;
  if (job.stalls) await machine.stalls(job.stalls);
  const results: FrameResult[] = [];
  for (const frame of job.frames) await machine.send(frame);
  for (const index of job.frames.keys()) {
    const result = await receiveFrame(run);
    results.push(handedOver(job, index, result));
    if (result.kind !== 'output') break;
  }
  return results;
}

/** Until the machine is idle (a frame may be out before all of it is in), and the next frame's first records are in place. */
async function settle(machine: Simulator, limit: number): Promise<void> {
  for (let waited = 0; waited < limit; waited += SETTLE_CYCLES) {
    const idle = ((await machine.read(offsetOf('STATUS'))) & IDLE) !== 0;
    await machine.step(SETTLE_CYCLES);
    if (idle) return;
  }
}

async function receiveFrame({ machine, job, receive }: Run): Promise<FrameResult> {
  const received = await receive(job.hangLimit ?? DEFAULT_HANG_LIMIT);
  // The trace ends with the frame: read it before any register access moves the clock.
  const trace = job.trace ? parseTrace(await machine.takeTrace(), machine.info.traceBytes) : [];
  if (received.kind === 'frame') {
    const { bytes, firstIn, lastOut } = received;
    const cyclesRegister = job.pipelined ? 0 : await machine.read(offsetOf('CYCLES'));
    return { kind: 'output', bytes, firstIn, lastOut, cycles: lastOut - firstIn + 1, cyclesRegister, trace };
  }
  const waiting = await machine.read(offsetOf('WAITING'));
  const movers = await machine.read(offsetOf('MOVERS'));
  const error = await machine.read(offsetOf('ERROR'));
  return { kind: received.kind === 'error' ? 'error' : 'hang', error, waiting, movers, trace };
}

/** Soft reset, what is still queued forgotten, enabled again. */
async function recover(machine: Simulator): Promise<void> {
  await machine.write(CTRL, SOFT_RESET);
  await machine.drop();
  await machine.write(CTRL, ENABLE);
}

/** The records of sim/protocol.md. */
export function parseTrace(log: Uint8Array, dataBytes: number): TraceWrite[] {
  const size = 17 + dataBytes;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  return Array.from({ length: Math.floor(log.length / size) }, (_, index) => {
    const at = index * size;
    return {
      cycle: Number(view.getBigUint64(at, true)),
      address: view.getUint32(at + 8, true),
      layer: view.getUint16(at + 12, true),
      plane: view.getUint8(at + 14),
      group: view.getUint8(at + 15),
      count: view.getUint8(at + 16),
      data: log.subarray(at + 17, at + size),
    };
  });
}
