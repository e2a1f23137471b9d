import { SystoleError } from '../base/error.js';
import type { Machine } from './machine.js';
import { parseMachine } from './machine-schema.js';

/** What `--rows --cols --lanes --activation-digit --weight-digit` may change. */
export interface MachineOverride {
  readonly rows?: number | undefined;
  readonly cols?: number | undefined;
  readonly lanes?: number | undefined;
  readonly activationDigit?: number | undefined;
  readonly weightDigit?: number | undefined;
}

/**
 * Another array in the same memories: each holds as many bits as before, rounded up to a power of two of
 * its words, and post-processing and stages are as wide as before or as the new array allows.
 * @throws SystoleError machine-invalid
 */
export function overrideMachine(machine: Machine, override: MachineOverride): Machine {
  const set = Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
  if (Object.keys(set).length === 0) return machine;
  const wanted = { ...machine, ...set } as Machine;
  const { cols, lanes } = wanted;
  if (!(cols > 0 && lanes > 0 && wanted.rows > 0 && wanted.activationDigit > 0 && wanted.weightDigit > 0)) {
    throw new SystoleError('machine-invalid', 'rows, cols, lanes and digits must be positive', {
      actual: JSON.stringify(set),
    });
  }
  const postWidth = largestPowerOfTwo((width) => width <= machine.postWidth && width <= lanes && cols % width === 0);
  const columnsPerStage = largestStage(machine.columnsPerStage, cols, postWidth);
  const { memory } = machine;
  const bitsPerWord = (m: Machine) => ({
    activation: m.lanes * m.activationDigit,
    weight: m.cols * m.lanes * m.weightDigit,
  });
  const before = bitsPerWord(machine);
  const after = bitsPerWord(wanted);
  const scaled = {
    ...memory,
    activationWords: roundUp((memory.activationWords * before.activation) / after.activation),
    weightWords: roundUp((memory.weightWords * before.weight) / after.weight),
    parameterWords: roundUp((memory.parameterWords * machine.postWidth) / postWidth),
    passEntries: roundUp((memory.passEntries * passesOfBytes(wanted)) / passesOfBytes(machine)),
    fifoEntries: Math.max(memory.fifoEntries, roundUp((2 * wanted.rows * cols) / postWidth)),
  };
  return parseMachine({ ...wanted, name: nameOf(machine, wanted), postWidth, columnsPerStage, memory: scaled });
}

/** The base's name and what is different: 1x16x16-a8w1, 1x16x16-4x16x16. */
function nameOf(base: Machine, m: Machine): string {
  const array = `${m.rows}x${m.cols}x${m.lanes}`;
  const digits = `a${m.activationDigit}w${m.weightDigit}`;
  const otherArray = array !== `${base.rows}x${base.cols}x${base.lanes}`;
  const otherDigits = digits !== `a${base.activationDigit}w${base.weightDigit}`;
  return [base.name, ...(otherArray ? [array] : []), ...(otherDigits ? [digits] : [])].join('-');
}

/** Digit passes of a layer with 8-bit operands: as many such layers fit the pass memory as before. */
function passesOfBytes(machine: Machine): number {
  return Math.ceil(8 / machine.activationDigit) * Math.ceil(8 / machine.weightDigit);
}

function roundUp(n: number): number {
  return Math.max(2, 2 ** Math.ceil(Math.log2(n)));
}

function largestPowerOfTwo(allowed: (n: number) => boolean): number {
  let width = 1;
  for (let n = 2; n <= 128; n *= 2) if (allowed(n)) width = n;
  return width;
}

function largestStage(wanted: number, cols: number, postWidth: number): number {
  for (let stage = Math.min(wanted, cols); stage > 1; stage--) {
    const nested = stage % postWidth === 0 || postWidth % stage === 0;
    if (cols % stage === 0 && nested) return stage;
  }
  return 1;
}
