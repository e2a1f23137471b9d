/** Where a compiled network can run. */
import { InvalidArgumentError } from 'commander';
import { type FrameCodes, outputFrame } from '../../quant/frame.js';
import { runGolden } from '../../quant/golden.js';
import { openProgramLink } from '../../runtime/links/program.js';
import { openVerilatedMachine } from '../../runtime/links/verilated.js';
import { type CompiledModel, openModel } from '../../runtime/model.js';
import type { Progress } from '../frame/progress.js';
import { cacheFolder } from '../package.js';
import { findTool, TOOLS } from '../tools.js';

export const PLACES = ['golden', 'program', 'verilator'] as const;
export type Place = (typeof PLACES)[number];

export function place(text: string): Place {
  const found = PLACES.find((name) => name === text);
  if (found) return found;
  throw new InvalidArgumentError(`It must be ${PLACES.slice(0, -1).join(', ')} or ${PLACES.at(-1)}.`);
}

export interface Runner {
  /** Codes of all inputs, NHWC -> what leaves the machine, all outputs, NHWC. cycles: null where nothing counts them. */
  run(frame: FrameCodes): Promise<{ readonly output: Int32Array; readonly cycles: number | null }>;
  close(): Promise<void>;
}

/** Verilator where it and a compiler are installed, else the program simulator. */
export async function defaultPlace(): Promise<Place> {
  const needed = TOOLS.filter(({ command }) => command === 'verilator' || command === 'g++');
  const found = await Promise.all(needed.map(findTool));
  return found.every((tool) => tool !== null) ? 'verilator' : 'program';
}

/** @throws SystoleError tool-missing, with the install command, where Verilator is asked for and is not there */
export async function openRunner(model: CompiledModel, on: Place, progress: Progress): Promise<Runner> {
  const { network, machine } = model;
  if (on === 'golden') {
    const output = (frame: FrameCodes) => outputFrame(network, runGolden(network, frame));
    return { run: async (frame) => ({ output: output(frame), cycles: null }), close: async () => {} };
  }
  const link =
    on === 'program'
      ? openProgramLink(machine)
      : await openVerilatedMachine(model, { cacheDir: cacheFolder(), onProgress: progress.stage });
  const session = await openModel(model, link);
  return { run: (frame) => session.inferCodes(frame), close: () => session.close() };
}
