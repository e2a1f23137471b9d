import { describe, expect, test } from 'vitest';
import { chooseMachine } from '../../src/arch/machine-choice.js';
import { bitProducts, compareMachines, memoryBits, multipliers, utilization } from '../../src/arch/machine-cost.js';
import { overrideMachine } from '../../src/arch/machine-override.js';
import { parseMachine } from '../../src/arch/machine-schema.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { SystoleError } from '../../src/base/error.js';
import { branchingLike, mnistLike, resnet8Like } from '../support/known-networks.js';
import { namedMachines, PROVEN_ARRAYS, PROVEN_DIGITS, provenMachine, testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';

describe('a machine file', () => {
  const valid = testMachine();

  test('with every field set is that machine', () => {
    expect(parseMachine(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
  });

  const broken: readonly [string, object, string][] = [
    ['a field it does not know', { ...valid, colour: 1 }, 'machine'],
    ['a name with a space', { ...valid, name: 'my machine' }, 'name'],
    ['no rows', { ...valid, rows: 0 }, 'rows'],
    ['lanes that are no power of two', { ...valid, lanes: 6 }, 'lanes'],
    ['a digit that does not exist', { ...valid, activationDigit: 3 }, 'activationDigit'],
    ['columns that slots do not divide', { ...valid, cols: 5 }, 'cols'],
    ['slots wider than a memory word', { ...valid, cols: 16, postWidth: 8 }, 'postWidth'],
    ['stages and slots that do not nest', { ...valid, cols: 12, postWidth: 4, columnsPerStage: 6 }, 'columnsPerStage'],
    [
      'a FIFO that does not hold two tiles',
      { ...valid, memory: { ...valid.memory, fifoEntries: 2 } },
      'memory.fifoEntries',
    ],
    ['a ring without DRAM', { ...valid, memory: { ...valid.memory, ringWords: 64 } }, 'memory.ringWords'],
    [
      'a ring that nobody can have',
      {
        ...valid,
        ...{ cols: 128, lanes: 128, weightDigit: 8, columnsPerStage: 8 },
        memory: { ...valid.memory, ringWords: 2 ** 20, fifoEntries: 2 ** 10 },
        dram: { dataBits: 64, addressBits: 32, burst: 4, outstanding: 4, model: { latency: 1, efficiency: 100 } },
      },
      'memory.ringWords',
    ],
    [
      'a memory that is no power of two',
      { ...valid, memory: { ...valid.memory, weightWords: 100 } },
      'memory.weightWords',
    ],
  ];
  test.each(broken)('with %s is refused at the field', (_, json, where) => {
    expect(refusal(() => parseMachine(json))).toMatchObject({ code: 'machine-invalid', where });
  });

  test('without one field is refused at that field, but for units that it then does not have', () => {
    const optional = { fetchWords: 1, depthwise: null, dram: null };
    expect(parseMachine(valid)).toMatchObject(optional);
    for (const field of Object.keys(valid)) {
      if (field in optional) continue;
      const { [field as keyof typeof valid]: _, ...rest } = valid;
      expect(refusal(() => parseMachine(rest))).toMatchObject({
        ...{ code: 'machine-invalid', message: `${field} is missing`, where: field },
      });
    }
  });
});

describe('an overridden machine', () => {
  test('is the same machine where nothing is overridden', () => {
    const machine = testMachine();
    expect(overrideMachine(machine, { rows: undefined })).toBe(machine);
  });

  test('holds at least as many bits as before, for every array and digit', () => {
    const machine = provenMachine('1x16x16', 8, 3);
    for (const rows of [1, 3, 16])
      for (const cols of [1, 6, 16, 40])
        for (const lanes of [2, 16, 128])
          for (const [activationDigit, weightDigit] of PROVEN_DIGITS) {
            const other = overrideMachine(machine, { rows, cols, lanes, activationDigit, weightDigit });
            expect(other).toMatchObject({ rows, cols, lanes, activationDigit, weightDigit });
            expect(activationBits(other)).toBeGreaterThanOrEqual(activationBits(machine));
            expect(weightBits(other)).toBeGreaterThanOrEqual(weightBits(machine));
            expect(other.memory.parameterWords * other.postWidth).toBeGreaterThanOrEqual(
              machine.memory.parameterWords * machine.postWidth,
            );
          }
  });

  test('says in its name what is different', () => {
    const machine = provenMachine('1x16x16', 8, 3);
    expect(overrideMachine(machine, { weightDigit: 1 }).name).toBe('1x16x16-a8w1');
    expect(overrideMachine(machine, { rows: 4 }).name).toBe('1x16x16-4x16x16');
    expect(overrideMachine(machine, { cols: 8, weightDigit: 8 }).name).toBe('1x16x16-1x8x16-a8w8');
  });

  test.each([{ lanes: 12 }, { rows: 0 }, { cols: -4 }, { weightDigit: 5 }, { rows: 1.5 }, { cols: 1000 }])(
    'with %j is refused',
    (override) => {
      expect(refusal(() => overrideMachine(testMachine(), override)).code).toBe('machine-invalid');
    },
  );
});

describe('the named machines', () => {
  const machines = namedMachines();

  test('are named after their arrays, larger memories behind a dash, and each name once', () => {
    expect(machines.map(({ name }) => name.split('-')[0])).toEqual(
      machines.map(({ rows, cols, lanes }) => `${rows}x${cols}x${lanes}`),
    );
    expect(new Set(machines.map(({ name }) => name)).size).toBe(machines.length);
  });

  test.each(PROVEN_ARRAYS.flatMap((array) => PROVEN_DIGITS.map(([a, w]) => [array, a, w] as const)))(
    '%s with digits (%d,%d) holds ResNet-8, the MNIST network and one with branches at 8, 3 and 1 bits of weights',
    (array, a, w) => {
      const machine = provenMachine(array, a, w);
      for (const network of [resnet8Like, mnistLike, branchingLike]) {
        for (const bits of [8, 3, 1]) {
          const plan = planNetwork(network({ weightBits: bits, endBits: 8 }), machine);
          expect(plan.images.program.length).toBeGreaterThan(0);
        }
      }
    },
  );
});

describe('the choice of a machine', () => {
  const network = () =>
    new NetworkBuilder({ height: 8, width: 8, channels: 4 }).conv({ kernel: [3, 3], channels: 9 }).build();

  test('falls on the smallest that fits, and says why the smaller ones do not', () => {
    const tiny = testMachine({ name: 'tiny', memory: { weightWords: 2 } });
    const small = testMachine({ name: 'small', memory: { weightWords: 512 } });
    const large = testMachine({ name: 'large', cols: 8 });
    const { plan, refusals } = chooseMachine(network(), [large, small, tiny]);
    expect(plan.machine.name).toBe('small');
    expect(refusals.map(({ machine, error }) => [machine.name, error.code])).toEqual([['tiny', 'memory-too-small']]);
  });

  test('is refused with every reason where none fits', () => {
    const tiny = testMachine({ name: 'tiny', memory: { weightWords: 2 } });
    const small = testMachine({ name: 'small', memory: { activationWords: 2, weightWords: 512 } });
    const error = refusal(() => chooseMachine(network(), [small, tiny]));
    expect(error.code).toBe('memory-too-small');
    expect(error.actual).toContain('tiny: ');
    expect(error.actual).toContain('small: ');
    expect(error.actual).toContain('too few');
  });

  test('among no machines is refused', () => {
    expect(refusal(() => chooseMachine(network(), [])).code).toBe('machine-unknown');
  });

  test('orders by the array, then by the bits of all memories, then by name', () => {
    const base = testMachine({ name: 'b' });
    const moreMemory = testMachine({ name: 'a', memory: { weightWords: 2 ** 15 } });
    const larger = testMachine({ name: 'c', weightDigit: 8, memory: { weightWords: 2 } });
    const twin = testMachine({ name: 'a' });
    expect([larger, moreMemory, base, twin].sort(compareMachines)).toEqual([twin, base, moreMemory, larger]);
  });

  test('counts one copy of the activation memory for each row of the array', () => {
    const one = testMachine();
    const two = testMachine({ rows: 2 });
    expect(bitProducts(two)).toBe(2 * bitProducts(one));
    expect(memoryBits(two) - memoryBits(one)).toBe(3 * 2 ** 14 * 4 * 8);
  });
});

describe('the cost of a machine', () => {
  const depthwise = { taps: 3, postWidth: 4, weightWords: 16, parameterWords: 8 };
  const plain = testMachine();
  const beside = testMachine({ depthwise });

  test('has the multipliers of the unit for depthwise convolutions beside those of the array', () => {
    expect(multipliers(plain)).toBe(plain.rows * plain.cols * plain.lanes);
    expect(multipliers(beside) - multipliers(plain)).toBe(3 * plain.lanes);
  });

  test('makes a share of all of them busy, and none in no cycles', () => {
    expect(utilization(multipliers(beside) * 90, 100, beside)).toBeCloseTo(0.9, 12);
    expect(utilization(0, 0, beside)).toBe(0);
  });

  test('counts the memories of what not every machine has', () => {
    const channel = plain.mBits + plain.bBits + plain.nBits;
    expect(memoryBits(beside) - memoryBits(plain)).toBe(16 * plain.lanes * 3 * 8 + 8 * 4 * channel);
    const folding = testMachine({ memory: { foldEntries: 16 } });
    expect(memoryBits(folding) - memoryBits(plain)).toBe(16 * (32 + 3 * plain.lanes));
    const dram = {
      dataBits: 128,
      addressBits: 32,
      burst: 16,
      outstanding: 4,
      model: { latency: 100, efficiency: 80 },
    } as const;
    const ring = testMachine({ dram, memory: { ringWords: 64 } });
    expect(memoryBits(ring) - memoryBits(plain)).toBe(plain.cols * 64 * plain.lanes * plain.weightDigit);
  });
});

const activationBits = ({ memory, lanes, activationDigit }: ReturnType<typeof testMachine>) =>
  memory.activationWords * lanes * activationDigit;
const weightBits = ({ memory, cols, lanes, weightDigit }: ReturnType<typeof testMachine>) =>
  memory.weightWords * cols * lanes * weightDigit;

function refusal(action: () => unknown): SystoleError {
  try {
    action();
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
