/**
 * The Verilated machine in a process of its own; the only file outside sim/ that knows it. As a link it is one of
 * several ways to reach an accelerator; simulateFrames is for the verifier, which looks inside as well.
 */
import { buildSimulator } from '../../../sim/build.js';
import { type DramConditions, openSimulator, type Simulator, type Stalls } from '../../../sim/client.js';
import { dramWriter, runSimulation, SIMULATED_DRAM, type SimulationJob, type TraceWrite } from '../../../sim/run.js';
import type { Machine } from '../../arch/machine.js';
import type { ActivationWrite } from '../../arch/simulator/run-program.js';
import { SystoleError } from '../../base/error.js';
import { HARDWARE } from '../../base/project-layout.js';
import type { Link } from '../link.js';

export type { WaveWindow } from '../../../sim/run.js';
export type { DramConditions, Stalls };

export interface MachineBuild {
  /** Folder of simulators, each found again by the content of everything that went into it. */
  readonly cacheDir: string;
  /** With waveforms: slower, so only on request. */
  readonly waves?: boolean;
  readonly onProgress?: (message: string) => void;
}

/**
 * Builds, or finds, the simulator of a machine; returns the path of its binary.
 * @param verilog CompiledModel.verilog: bare file name -> text
 * Errors: tool-missing (with the install command), tool-failed.
 */
export function buildMachine(verilog: ReadonlyMap<string, string>, build: MachineBuild): Promise<string> {
  const { cacheDir, waves, onProgress } = build;
  return buildSimulator(verilog, {
    ...HARDWARE,
    cacheDir,
    trace: waves ?? false,
    ...(onProgress && { onProgress }),
  });
}

export interface VerilatedOptions {
  /** What registers and memories without reset start with; default 1. */
  readonly seed?: number;
  readonly stalls?: Stalls;
  /** The DRAM behind the machine; default: an ideal one. */
  readonly dram?: DramConditions;
  /** Cycles of one receive call; default one million. */
  readonly slice?: number;
}

const POLL_CYCLES = 2048;
/**
 * Cycles that pass before a frame is sent. The simulator's clock moves only when it is asked, but a real host needs longer
 * than this between two accesses, and the first records of the program are then in place.
 */
const SETTLE_CYCLES = 512;

/** @param binary the path that buildMachine returned */
export async function openVerilatedLink(binary: string, options: VerilatedOptions = {}): Promise<Link> {
  const simulator = await openSimulator(binary, { seed: options.seed ?? 1 });
  if (options.stalls) await simulator.stalls(options.stalls);
  if (options.dram) await simulator.dram(options.dram);
  return linkOf(simulator, options.slice ?? 1_000_000);
}

/** buildMachine and openVerilatedLink in one. */
export async function openVerilatedMachine(
  model: { readonly verilog: ReadonlyMap<string, string> },
  options: MachineBuild & VerilatedOptions,
): Promise<Link> {
  return openVerilatedLink(await buildMachine(model.verilog, options), options);
}

/** The DRAM that the machine's figures are for. */
export function dramConditions({ dram }: Machine): DramConditions | undefined {
  return dram === null ? undefined : { ...dram.model, outstanding: dram.outstanding, burst: dram.burst };
}

function linkOf(simulator: Simulator, slice: number): Link {
  return {
    name: 'verilated',
    readRegister: (offset) => simulator.read(offset),
    writeRegister: async (offset, value) => refusedIf(!(await simulator.write(offset, value)), offset),
    writeMany: async (offset, values) => refusedIf((await simulator.burst(offset, values)) > 0, offset),
    send: async (bytes, last) => {
      await simulator.step(SETTLE_CYCLES);
      await simulator.send(bytes, last);
    },
    receive: async () => {
      const received = await simulator.receive(slice, POLL_CYCLES);
      return received.kind === 'frame' ? received.bytes : null;
    },
    dram: simulator.info.dramBytes === 0 ? null : { base: BigInt(SIMULATED_DRAM), write: dramWriter(simulator) },
    drop: () => simulator.drop(),
    close: () => simulator.close(),
  };
}

function refusedIf(refused: boolean, offset: number): void {
  if (!refused) return;
  throw new SystoleError('accelerator-error', 'the accelerator refused a register write', {
    where: `register at 0x${offset.toString(16)}`,
  });
}

/** One write to activation memory, with the cycle in which it happened (counted from the start of the process). */
export type TracedWrite = ActivationWrite & { readonly cycle: number };

export type SimulatedFrame =
  /** cycles: first accepted input beat to last accepted output beat, counted outside; cyclesRegister: by the machine. */
  | {
      readonly kind: 'output';
      readonly bytes: Uint8Array;
      readonly cycles: number;
      readonly cyclesRegister: number;
      /** Cycle of the last accepted output beat, from the start of the process. */
      readonly lastOut: number;
      readonly writes: Iterable<TracedWrite>;
    }
  /** No output: ERROR is set, or nothing came within the limit. */
  | {
      readonly kind: 'error' | 'hang';
      readonly error: number;
      readonly waiting: number;
      readonly movers: number;
      readonly writes: Iterable<TracedWrite>;
    };

export interface FrameJob
  extends Pick<
    SimulationJob,
    'images' | 'identity' | 'frames' | 'stalls' | 'dram' | 'firstFrame' | 'seed' | 'wave' | 'pipelined'
  > {
  /** Cycles after which a frame without output counts as hung. */
  readonly hangLimit: number;
  /** Bits of a digit of the trace. */
  readonly activationDigit: number;
}

/**
 * Loads the images and runs the frames one by one, each on an idle machine, every write of the writer unit traced; or
 * all of them in one go (`pipelined`), outputs alone, up to the first frame without one. onFrame is called as each ends. Errors: identity-mismatch, accelerator-error when a memory does not take its contents; tool-failed.
 */
export async function simulateFrames(
  binary: string,
  job: FrameJob,
  onFrame: (index: number, frame: SimulatedFrame) => void,
): Promise<void> {
  const { activationDigit, ...simulation } = job;
  await runSimulation(binary, {
    ...simulation,
    trace: !job.pipelined,
    onFrame: (index, { trace, ...result }) => {
      onFrame(index, { ...result, writes: unpacked(trace, activationDigit) });
    },
  });
}

/** One at a time, as they are asked for. Digits of 1, 2, 4 or 8 bits never cross a byte. */
function* unpacked(trace: readonly TraceWrite[], bits: number): Generator<TracedWrite> {
  for (const { cycle, layer, plane, group, address, count, data } of trace) {
    const digit = (lane: number) => (data[(lane * bits) >> 3]! >> ((lane * bits) & 7)) & (2 ** bits - 1);
    yield { cycle, layer, plane, group, addr: address, digits: Uint8Array.from({ length: count }, (_, i) => digit(i)) };
  }
}
