/** One simulated core with its memories loaded, driven by hand: for what happens between and in the middle of frames. */
import { openSimulator, type Received, type Simulator } from '../../sim/client.js';
import { dramWriter, SIMULATED_DRAM } from '../../sim/run.js';
import type { Images } from '../../src/arch/program/program.js';
import { bitOf, imageChecksum, offsetOf } from '../../src/arch/register-values.js';
import { MEMORIES } from '../../src/base/project-layout.js';

export const ENABLE = bitOf('CTRL', 'enable');
export const SOFT_RESET = bitOf('CTRL', 'soft_reset');

/** More than the first records of a program take to reach their units. */
export const SETTLE = 512;
const LIMIT = 1_000_000;

export interface Session {
  readonly machine: Simulator;
  readonly read: (register: string) => Promise<number>;
  readonly write: (register: string, value: number) => Promise<boolean>;
  /** Loads all memories; false where a piece was refused or lost. */
  readonly load: (images: Images) => Promise<boolean>;
  /** Sends one frame to the settled machine, and waits for what comes of it. */
  readonly infer: (frame: Uint8Array) => Promise<Received>;
  readonly receive: () => Promise<Received>;
  /** Soft reset; what is queued is forgotten; enabled again. */
  readonly reset: () => Promise<void>;
  /** Waits until no frame is in the machine. */
  readonly idle: () => Promise<void>;
}

/** Enabled, with `images` loaded. */
export async function withSession(
  binary: string,
  images: Images,
  action: (session: Session) => Promise<void>,
): Promise<void> {
  const machine = await openSimulator(binary);
  const read = (register: string) => machine.read(offsetOf(register));
  const write = (register: string, value: number) => machine.write(offsetOf(register), value);
  const receive = () => machine.receive(LIMIT, 64);
  const session: Session = {
    machine,
    read,
    write,
    receive,
    load: async (contents) => {
      let whole = true;
      for (const [select, name] of MEMORIES.entries()) {
        await write('MEM_SELECT', select);
        const refused = await machine.burst(offsetOf('MEM_DATA'), contents[name]);
        whole &&= refused === 0 && (await read('CHECKSUM')) === imageChecksum(contents[name]);
      }
      if (contents.dram.length > 0) {
        await write('DRAM_BASE_LO', SIMULATED_DRAM);
        await dramWriter(machine)(0, contents.dram);
      }
      return whole;
    },
    reset: async () => {
      await write('CTRL', SOFT_RESET);
      await machine.drop();
      await write('CTRL', ENABLE);
    },
    idle: async () => {
      for (let polls = 0; ((await read('STATUS')) & bitOf('STATUS', 'idle')) === 0; polls++) {
        if (polls > 1000) throw new Error('the machine does not become idle');
        await machine.step(16);
      }
    },
    infer: async (frame) => {
      await machine.step(SETTLE);
      await machine.send(frame);
      return receive();
    },
  };
  try {
    if (!(await session.load(images))) throw new Error('the memories did not take their contents');
    await write('CTRL', ENABLE);
    await action(session);
  } finally {
    await machine.close();
  }
}
