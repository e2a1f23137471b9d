import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { encodeProgram } from '../../../src/arch/program/encode.js';
import type { ProgramRecord } from '../../../src/arch/program/program.js';
import { isCovered } from '../../../src/arch/simulator/covered-reads.js';
import { runProgram } from '../../../src/arch/simulator/run-program.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomFrame } from '../../support/network-builder.js';
import { concat } from '../../support/random-arrange.js';

const machine = testMachine();
const one = { kernel: [1, 1], channels: 2 } as const;

describe('a wait for rows of a record', () => {
  const records = (['load', 'feed', 'post', 'feed', 'post', 'load', 'feed', 'post'] as const).map(
    (opcode) => ({ opcode }) as ProgramRecord,
  );
  const posts = [2, 4, 7];

  test('covers its rows where anybody but POST counts', () => {
    for (const owner of [-1, 0, 2, 5]) {
      for (const need of [0, 1, 3]) {
        for (const row of [0, 2, 9]) {
          const covered = isCovered({ owner, row, turn: 0 }, { maker: 0, need, turn: 9 }, records);
          expect(covered).toBe(owner === 0 && row < need);
        }
      }
    }
  });

  test('that POST counts covers all that POST wrote before the last of them, and nothing behind it', () => {
    for (const maker of posts) {
      for (const owner of [-1, 0, ...posts, 5]) {
        for (const turn of [0, 3, 4, 5]) {
          for (const row of [0, 9]) {
            const covered = isCovered({ owner, row, turn }, { maker, need: 3, turn: 4 }, records);
            expect(covered).toBe(posts.includes(owner) && turn < 4);
          }
        }
      }
    }
  });

  test('of no rows, or that nobody made, covers nothing', () => {
    const tag = { owner: 2, row: 0, turn: 0 };
    expect(isCovered(tag, { maker: 2, need: 0, turn: 0 }, records)).toBe(false);
    expect(isCovered(tag, { maker: undefined, need: 1, turn: 1 }, records)).toBe(false);
    expect(isCovered({ ...tag, owner: undefined }, { maker: 2, need: 1, turn: 1 }, records)).toBe(false);
  });
});

describe('the program simulator', () => {
  const builder = new NetworkBuilder({ height: 3, width: 3, channels: 2 })
    .conv({ ...one, input: 'input' })
    .conv({ ...one, input: 'input' });
  const parts = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
  const network = builder.arrange(concat(parts, 2)).conv(one).build();
  const plan = planNetwork(network, machine);
  /** The last layer waits for `counter` instead. */
  const waitingFor = (counter: number) => {
    const last = plan.program.findLastIndex(({ opcode }) => opcode === 'feed');
    const program = plan.program.map((record, i) =>
      i === last ? ({ ...record, fields: { ...record.fields, inCounter: counter } } as ProgramRecord) : record,
    );
    return { ...plan.images, program: encodeProgram(program, machine.fetchWords) };
  };
  const counterOf = (name: string) => plan.tensors[name]!.place!.counter!;

  test('lets a layer read parts that it waited for, the last one being enough', () => {
    expect(() => runProgram(machine, waitingFor(counterOf('conv1.out')), randomFrame(network, 1))).not.toThrow();
  });

  test('refuses one that waits for the wrong tensor', () => {
    const images = waitingFor(counterOf('input'));
    expect(() => runProgram(machine, images, randomFrame(network, 1))).toThrow(
      expect.objectContaining({ code: 'plan-invalid' }),
    );
  });
});
