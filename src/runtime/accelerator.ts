/** The host's side of the register interface: open -> load -> infer -> close, over any link. */
import type { Images } from '../arch/program/program.js';
import { bitOf, explainWaiting, imageChecksum, offsetOf } from '../arch/register-values.js';
import { ABI_VERSION, MAGIC } from '../arch/registers.js';
import { SystoleError } from '../base/error.js';
import { MEMORIES } from '../base/project-layout.js';
import { acceleratorError } from './diagnosis.js';
import type { Link } from './link.js';

const ENABLE = bitOf('CTRL', 'enable');
const SOFT_RESET = bitOf('CTRL', 'soft_reset');
const IDLE = bitOf('STATUS', 'idle');
const ERROR = bitOf('STATUS', 'error');

export interface AcceleratorOptions {
  /** The machine that the images were made for. */
  readonly identity: bigint;
  /** Slices of the link's patience without output before a frame is given up; default 64. */
  readonly patience?: number;
  /** Cycles without progress before the machine reports a hang itself; default 2^20, 0 = never. */
  readonly watchdog?: number;
}

export interface Inference {
  readonly output: Uint8Array;
  /** From the first accepted input beat to the last accepted output beat, as the machine counted. */
  readonly cycles: number;
}

export interface Accelerator {
  /** Replaces program and weights; inference is refused until they read back. */
  load(images: Images): Promise<void>;
  /** One frame: codes, one a byte, NHWC. The output is the stream's bytes. */
  infer(frame: Uint8Array): Promise<Inference>;
  /** Disables the machine and closes the link. */
  close(): Promise<void>;
}

/**
 * Checks what answers, loads the images and enables the machine.
 * Errors: identity-mismatch, accelerator-error, accelerator-timeout. The link is closed when opening fails.
 */
export async function openAccelerator(link: Link, images: Images, options: AcceleratorOptions): Promise<Accelerator> {
  const state: State = { link, patience: options.patience ?? 64, loaded: false };
  try {
    await checkIdentity(link, options.identity);
    await softReset(state);
    await link.writeRegister(offsetOf('WATCHDOG'), options.watchdog ?? 2 ** 20);
    await load(state, images);
  } catch (error) {
    await link.close();
    throw error;
  }
  return {
    load: (next) => load(state, next),
    infer: (frame) => infer(state, frame),
    close: async () => {
      await link.writeRegister(offsetOf('CTRL'), 0);
      await link.close();
    },
  };
}

interface State {
  readonly link: Link;
  readonly patience: number;
  loaded: boolean;
}

async function checkIdentity(link: Link, identity: bigint): Promise<void> {
  const magic = await link.readRegister(offsetOf('MAGIC'));
  if (magic !== MAGIC) {
    throw new SystoleError('accelerator-error', `no Systole accelerator answers on the ${link.name} link`, {
      expected: `MAGIC ${hex(MAGIC, 8)}`,
      actual: `MAGIC ${hex(magic, 8)}`,
      hint: 'check the link and the base address, or load the bitstream again',
    });
  }
  const abi = await link.readRegister(offsetOf('ABI'));
  if (abi !== ABI_VERSION) {
    throw new SystoleError('identity-mismatch', 'the accelerator was built by another version of Systole', {
      expected: `ABI ${ABI_VERSION}`,
      actual: `ABI ${abi}`,
      hint: 'rebuild the bitstream (or the simulator) from this project',
    });
  }
  const low = await link.readRegister(offsetOf('IDENTITY_LO'));
  const high = await link.readRegister(offsetOf('IDENTITY_HI'));
  const found = (BigInt(high) << 32n) | BigInt(low);
  if (found !== identity) {
    throw new SystoleError('identity-mismatch', 'the program was compiled for another machine', {
      expected: `identity ${hex(identity, 16)}`,
      actual: `identity ${hex(found, 16)}`,
      hint: 'compile the model again for the machine that is loaded, or rebuild the bitstream (or the simulator) from this project',
    });
  }
}

async function load(state: State, images: Images): Promise<void> {
  const { link } = state;
  state.loaded = false;
  await link.writeRegister(offsetOf('CTRL'), 0);
  await waitIdle(state);
  for (const [select, name] of MEMORIES.entries()) {
    await link.writeRegister(offsetOf('MEM_SELECT'), select);
    await link.writeMany(offsetOf('MEM_DATA'), images[name]);
    const found = await link.readRegister(offsetOf('CHECKSUM'));
    const expected = imageChecksum(images[name]);
    if (found === expected) continue;
    const error = await link.readRegister(offsetOf('ERROR'));
    if (error !== 0) throw acceleratorError(error, await whatWaits(link));
    throw new SystoleError('accelerator-error', `the ${name} memory did not take its contents`, {
      expected: `CHECKSUM ${hex(expected, 8)}`,
      actual: `CHECKSUM ${hex(found, 8)}`,
      hint: 'load again; if it stays, the link loses or changes writes',
    });
  }
  await loadDram(link, images.dram);
  await link.writeRegister(offsetOf('CTRL'), ENABLE);
  state.loaded = true;
}

async function loadDram(link: Link, pieces: Uint32Array): Promise<void> {
  if (pieces.length === 0) return;
  if (link.dram === null) {
    throw new SystoleError('accelerator-error', `the ${link.name} link reaches no DRAM, where the weights must lie`, {
      expected: `${4 * pieces.length} bytes of it`,
      hint: 'use a link that does, or a machine whose weight memory holds the network',
    });
  }
  await link.writeRegister(offsetOf('DRAM_BASE_LO'), Number(link.dram.base & 0xffffffffn));
  await link.writeRegister(offsetOf('DRAM_BASE_HI'), Number(link.dram.base >> 32n));
  await link.dram.write(0, pieces);
}

async function waitIdle(state: State): Promise<void> {
  for (let slice = 0; slice < state.patience; slice++) {
    const status = await state.link.readRegister(offsetOf('STATUS'));
    if (status & ERROR) return softReset(state);
    if (status & IDLE) return;
    await state.link.receive();
  }
  throw await timeout(state, 'the accelerator does not become idle');
}

async function infer(state: State, frame: Uint8Array): Promise<Inference> {
  const { link } = state;
  if (!state.loaded) throw new SystoleError('accelerator-error', 'no program is loaded', { hint: 'load one first' });
  await link.send(frame, true);
  for (let slice = 0; slice < state.patience; slice++) {
    const output = await link.receive();
    const status = await link.readRegister(offsetOf('STATUS'));
    if (status & ERROR) throw await recover(state);
    if (output !== null) return { output, cycles: await link.readRegister(offsetOf('CYCLES')) };
  }
  const error = await timeout(state, 'the accelerator gave no output');
  await softReset(state, ENABLE);
  throw error;
}

/** Soft reset after an error; the memories are kept, so the machine is enabled again. */
async function recover(state: State): Promise<SystoleError> {
  const error = await state.link.readRegister(offsetOf('ERROR'));
  const waiting = await whatWaits(state.link);
  await softReset(state, ENABLE);
  return acceleratorError(error, waiting);
}

/** What the units wait for, as a sentence. */
async function whatWaits(link: Link): Promise<string> {
  const waiting = await link.readRegister(offsetOf('WAITING'));
  return explainWaiting(waiting, await link.readRegister(offsetOf('MOVERS')));
}

/** Dropping what is queued comes first: after the reset it would be the next frame. */
async function softReset(state: State, then = 0): Promise<void> {
  await state.link.drop();
  await state.link.writeRegister(offsetOf('CTRL'), SOFT_RESET);
  await state.link.drop();
  if (then !== 0) await state.link.writeRegister(offsetOf('CTRL'), then);
}

async function timeout(state: State, message: string): Promise<SystoleError> {
  return new SystoleError('accelerator-timeout', message, {
    where: `${state.link.name} link`,
    actual: await whatWaits(state.link),
    hint: 'give it more patience, or set the watchdog to learn where it stops',
  });
}

const hex = (value: number | bigint, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;
