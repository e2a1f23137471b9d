/** The Verilated machine in a process of its own; the only file outside sim/ that knows it. */
import { openSimulator, type Simulator, type Stalls } from '../../../sim/client.js';
import { SystoleError } from '../../base/error.js';
import type { Link } from '../link.js';

export interface VerilatedOptions {
  /** What registers and memories without reset start with; default 1. */
  readonly seed?: number;
  readonly stalls?: Stalls;
  /** Cycles of one receive call; default one million. */
  readonly slice?: number;
}

const POLL_CYCLES = 2048;
/**
 * Cycles that pass before a frame is sent. The simulator's clock moves only when it is asked, but a real host needs longer
 * than this between two accesses, and the first records of the program are then in place.
 */
const SETTLE_CYCLES = 512;

/** @param binary the path that buildSimulator returned */
export async function openVerilatedLink(binary: string, options: VerilatedOptions = {}): Promise<Link> {
  const simulator = await openSimulator(binary, { seed: options.seed ?? 1 });
  if (options.stalls) await simulator.stalls(options.stalls);
  return linkOf(simulator, options.slice ?? 1_000_000);
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
