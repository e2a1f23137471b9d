import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignCounters } from '../../../src/arch/plan/counters.js';
import { livesWith } from '../../../src/arch/plan/lifetimes.js';
import { type Apart, peak, placeTensors, type StoredTensor } from '../../../src/arch/plan/memory.js';
import { SystoleError } from '../../../src/base/error.js';
import { testMachine } from '../../support/machines.js';

const tensorsArbitrary: fc.Arbitrary<readonly StoredTensor[]> = fc
  .array(
    fc.record({
      made: fc.integer({ min: -1, max: 7 }),
      lives: fc.integer({ min: 0, max: 4 }),
      codes: fc.integer({ min: 1, max: 70 }),
    }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((list) =>
    list
      .sort((a, b) => a.made - b.made)
      .map(({ made, lives, codes }, i) => ({ name: `t${i}`, made, lastRead: made + lives, codes })),
  );

const roomy = testMachine({ memory: { activationWords: 256 } });

describe('places of tensors in activation memory', () => {
  test('never overlap in a group while both are alive, are whole words apart, and keep what must be apart apart', () => {
    fc.assert(
      fc.property(tensorsArbitrary, fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 3 }), (tensors, pairs) => {
        const apart: Apart[] = pairs
          .filter(([a, b]) => a !== b && a < tensors.length && b < tensors.length)
          .map(([a, b]) => ({ a: `t${a}`, b: `t${b}`, hard: true }));
        const placed = placeTensors(tensors, apart, { ...roomy, memory: { ...roomy.memory, groups: 4 } });
        for (const pair of apart) expect(placed.get(pair.a)!.group).not.toBe(placed.get(pair.b)!.group);
        tensors.forEach((a, i) => {
          const place = placed.get(a.name)!;
          expect(place.base % roomy.lanes).toBe(0);
          for (const b of tensors.slice(i + 1)) {
            const other = placed.get(b.name)!;
            if (!livesWith(a, b) || place.group !== other.group) continue;
            expect(place.base + a.codes <= other.base || other.base + b.codes <= place.base).toBe(true);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  test('are used again: a chain of layers needs no more than its two largest neighbours, spread over the groups', () => {
    const chain = Array.from({ length: 9 }, (_, i) => ({ name: `t${i}`, made: i - 1, lastRead: i, codes: 16 }));
    const machine = testMachine({ memory: { groups: 2, activationWords: 4 } });
    expect(peak(placeTensors(chain, [], machine), chain)).toBe(16);
  });

  test('that do not exist are refused with the words that are missing', () => {
    const both = [
      { name: 'a', made: -1, lastRead: 1, codes: 32 },
      { name: 'b', made: 0, lastRead: 1, codes: 32 },
      { name: 'c', made: 1, lastRead: 1, codes: 1 },
    ];
    const machine = testMachine({ memory: { groups: 2, activationWords: 8 } });
    expect(refusal(() => placeTensors(both, [], machine))).toMatchObject({
      code: 'memory-too-small',
      where: 'memory.activationWords',
      actual: '8 words, 1 too few',
    });
  });

  test('for three tensors that must all be apart need three groups', () => {
    const three = ['a', 'b', 'c'].map((name) => ({ name, made: 0, lastRead: 1, codes: 4 }));
    const apart = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
    ].map(([a, b]) => ({ a: a!, b: b!, hard: true }));
    const groups = (count: number) => testMachine({ memory: { groups: count } });
    expect(refusal(() => placeTensors(three, apart, groups(2))).code).toBe('network-unsupported');
    expect(new Set([...placeTensors(three, apart, groups(3)).values()].map(({ group }) => group)).size).toBe(3);
    const soft = apart.map((pair) => ({ ...pair, hard: false }));
    expect(placeTensors(three, soft, groups(2)).size).toBe(3);
  });
});

describe('row counters', () => {
  test('differ for tensors alive together, and are no more than are alive at once', () => {
    fc.assert(
      fc.property(tensorsArbitrary, (tensors) => {
        const counters = assignCounters(tensors, testMachine({ counters: 16 }));
        tensors.forEach((a, i) => {
          for (const b of tensors.slice(i + 1)) {
            if (livesWith(a, b)) expect(counters.get(a.name)).not.toBe(counters.get(b.name));
          }
        });
        const alive = Array.from(
          { length: 14 },
          (_, t) => tensors.filter((a) => a.made <= t - 1 && t - 1 <= a.lastRead).length,
        );
        expect(1 + Math.max(...counters.values())).toBe(Math.max(...alive));
      }),
      { numRuns: 500 },
    );
  });

  test('that do not exist are refused with their number', () => {
    const many = Array.from({ length: 6 }, (_, i) => ({ name: `t${i}`, made: 0, lastRead: 1 }));
    expect(refusal(() => assignCounters(many, testMachine({ counters: 4 })))).toMatchObject({
      code: 'memory-too-small',
      where: 'counters',
      actual: '4 counters, 2 too few',
    });
  });
});

function refusal(action: () => unknown): SystoleError {
  try {
    action();
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
