/** Golden model, program simulator and Verilog on the same frames: the first place where two of them differ. */
import { buildSimulator } from '../../sim/build.js';
import type { DramConditions, Stalls } from '../../sim/client.js';
import { explainWaiting, type FrameResult, runSimulation, type TraceWrite } from '../../sim/run.js';
import type { Machine } from '../../src/arch/machine.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { inputBytes, outputBytes } from '../../src/arch/plan/stream-frames.js';
import type { Images } from '../../src/arch/program/program.js';
import { type ActivationWrite, runProgram } from '../../src/arch/simulator/run-program.js';
import { coreParameters } from '../../src/hdlgen/hardware.js';
import { runGolden } from '../../src/quant/golden.js';
import { dramConditions } from '../../src/runtime/links/verilated.js';
import { allVerilog, testCache } from '../sim/rtl-files.js';

/** The hand-written core alone, its parameters set from outside. */
export async function coreSimulator(machine: Machine, onProgress?: (text: string) => void): Promise<string> {
  const parameters = coreParameters(machine);
  const files = await allVerilog();
  return buildSimulator(files, {
    top: 'systole_core',
    parameters,
    assertions: true,
    cacheDir: testCache,
    ...(onProgress && { onProgress }),
  });
}

/** What leaves the machine: the golden outputs' elements, little endian, each output from a fresh beat on. */
export function goldenBytes({ network, outputs }: Plan, frame: ArrayLike<number>): Uint8Array {
  const golden = runGolden(network, frame);
  const bytes = new Uint8Array(outputBytes(outputs));
  for (const { tensor, elementBytes, firstByte } of outputs) {
    golden.get(tensor)!.forEach((value, i) => {
      for (let byte = 0; byte < elementBytes; byte++) bytes[firstByte + i * elementBytes + byte] = value >> (8 * byte);
    });
  }
  return bytes;
}

/** The modelled DRAM of a machine that has one, for a simulation job. */
export function dramOf(machine: Machine, change: Partial<DramConditions> = {}): { dram?: DramConditions } {
  const dram = dramConditions(machine);
  return dram ? { dram: { ...dram, ...change } } : {};
}

/** Golden model against program simulator: null, or the first difference. */
export function compareProgram(plan: Plan, frame: ArrayLike<number>): string | null {
  const { output } = runProgram(plan.machine, plan.images, inputBytes(plan.inputs, frame));
  return firstDifference('program simulator, output byte', goldenBytes(plan, frame), output);
}

export interface VerilogRun {
  readonly difference: string | null;
  /** Of each frame that gave an output. */
  readonly cycles: readonly number[];
}

/**
 * Golden output and the program simulator's writes against the Verilated core.
 * @param frames codes of all inputs, one after the other
 * @param options images: what the machine is given instead of the plan's
 */
export async function compareVerilog(
  plan: Plan,
  frames: readonly ArrayLike<number>[],
  binary: string,
  options: {
    stalls?: Stalls;
    dram?: DramConditions;
    hangLimit?: number;
    seed?: number;
    pipelined?: boolean;
    images?: Images;
  } = {},
): Promise<VerilogRun> {
  const result = await runSimulation(binary, {
    images: plan.images,
    frames: frames.map((frame) => inputBytes(plan.inputs, frame)),
    trace: true,
    ...dramOf(plan.machine),
    hangLimit: 2_000_000,
    ...options,
  });
  const cycles = result.frames.flatMap((frame) => (frame.kind === 'output' ? [frame.cycles] : []));
  for (const [index, frame] of frames.entries()) {
    const found = result.frames[index];
    // A pipelined run ends with its first frame without output.
    if (found === undefined) return { difference: `frame ${index} was never given back`, cycles };
    const difference = compareFrame(plan, frame, found);
    if (difference) return { difference: `frame ${index}: ${difference}`, cycles };
  }
  return { difference: null, cycles };
}

function compareFrame(plan: Plan, frame: ArrayLike<number>, result: FrameResult): string | null {
  const writes: ActivationWrite[] = [];
  runProgram(plan.machine, plan.images, inputBytes(plan.inputs, frame), { onWrite: (write) => writes.push(write) });
  const traceDifference = compareTrace(writes, result.trace, plan.machine.activationDigit);
  if (result.kind !== 'output') {
    const why = `ERROR ${result.error}, ${explainWaiting(result.waiting, result.movers)}`;
    return `${result.kind}: ${why}; ${traceDifference ?? 'all writes are right'}`;
  }
  if (traceDifference) return traceDifference;
  // Pipelined runs do not read the register: 0.
  if (result.cyclesRegister !== 0 && result.cyclesRegister !== result.cycles)
    return `CYCLES says ${result.cyclesRegister}, counted ${result.cycles}`;
  return firstDifference('Verilog, output byte', goldenBytes(plan, frame), result.bytes);
}

function compareTrace(expected: readonly ActivationWrite[], found: readonly TraceWrite[], bits: number): string | null {
  const place = (write: { layer: number; plane: number; group: number }, address: number) =>
    `layer ${write.layer} plane ${write.plane} group ${write.group} address ${address}`;
  for (const [index, write] of expected.entries()) {
    const trace = found[index];
    const want = `${place(write, write.addr)} digits ${write.digits.join(' ')}`;
    if (!trace) return `write ${index} of ${expected.length} is missing: ${want}`;
    const digits = Array.from({ length: trace.count }, (_, lane) => digitAt(trace.data, lane, bits));
    const got = `${place(trace, trace.address)} digits ${digits.join(' ')}`;
    if (want !== got)
      return `write ${index} of ${expected.length} in cycle ${trace.cycle}: expected ${want}; got ${got}`;
  }
  return found.length > expected.length ? `${found.length - expected.length} writes too many` : null;
}

const digitAt = (data: Uint8Array, lane: number, bits: number) =>
  (data[(lane * bits) >> 3]! >> ((lane * bits) & 7)) & (2 ** bits - 1);

function firstDifference(what: string, expected: Uint8Array, found: Uint8Array): string | null {
  if (expected.length !== found.length) return `${what}s: expected ${expected.length} of them, got ${found.length}`;
  const at = expected.findIndex((value, i) => value !== found[i]);
  return at < 0 ? null : `${what} ${at}: expected ${expected[at]}, got ${found[at]}`;
}
