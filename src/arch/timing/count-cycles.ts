/** Exact cycle counts from command words alone: of one frame on an idle machine, and from frame to frame. */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { Images } from '../program/program.js';
import { type MachineModel, machineModel } from './machine-model.js';
import { type LayerCycles, type Waterfall, waterfallCounter } from './waterfall.js';

export interface CycleCount {
  readonly cycles: number;
  readonly waterfall: Waterfall;
  /** In FEED order. */
  readonly layers: readonly LayerCycles[];
}

/** A machine in which nothing has moved for so long, and for the array's depth, is idle: the frame is offered. */
const SETTLED_CYCLES = 32;
/** A program whose machine does nothing for so long never ends. */
const STUCK_CYCLES = 100_000;
/** Frames of a run that shows the interval: by the last two, nearly every machine has come to its pace. */
export const INTERVAL_FRAMES = 6;

/**
 * The count of design section 1: from the first accepted input beat to the last accepted output beat, inclusive, on an
 * idle machine with its first records in place, streams always ready.
 * @throws SystoleError plan-invalid for a program that would never end.
 */
export function countCycles(machine: Machine, images: Images): CycleCount {
  const model = machineModel(machine, images);
  settle(model);
  const waterfall = waterfallCounter(model.layers);
  let cycles = 0;
  let busyAt = 0;
  for (let cycle = 0; cycle - busyAt < STUCK_CYCLES; cycle++) {
    const now = model.step(1);
    if (now.busy) busyAt = cycle;
    if (cycles === 0 && !now.enters) continue;
    cycles += 1;
    waterfall.count(now.feed, now.layer);
    if (now.leaves) return { cycles, waterfall: waterfall.waterfall(), layers: waterfall.layers };
  }
  throw neverEnds();
}

/**
 * Cycles from frame to frame where the next one always waits at the door, the reciprocal of the steady rate: from the
 * last output but one of a run of INTERVAL_FRAMES to the last. (In small networks short and long intervals may alternate.)
 * @throws SystoleError plan-invalid for a program that would never end.
 */
export function countInterval(machine: Machine, images: Images): number {
  const model = machineModel(machine, images);
  let left = 0;
  let leftAt = 0;
  let busyAt = 0;
  for (let cycle = 0; cycle - busyAt < STUCK_CYCLES; cycle++) {
    const now = model.step(INTERVAL_FRAMES);
    if (now.busy) busyAt = cycle;
    if (!now.leaves) continue;
    left += 1;
    if (left === INTERVAL_FRAMES) return cycle - leftAt;
    leftAt = cycle;
  }
  throw neverEnds();
}

function settle(model: MachineModel): void {
  let quiet = 0;
  for (let cycle = 0; quiet < SETTLED_CYCLES + model.depth; cycle++) {
    quiet = model.step(0).busy ? 0 : quiet + 1;
    if (cycle > STUCK_CYCLES * 10) throw neverEnds();
  }
}

function neverEnds(): SystoleError {
  return new SystoleError('plan-invalid', 'the program never ends: a unit waits for what nobody makes', {
    hint: 'this is a defect of Systole: please report the model',
  });
}
