import { describe, expect, test } from 'vitest';
import { explore, type ModelLayer, type ModelMachine, type ModelRecord } from '../support/deadlock-model.js';

const layer = (change: Partial<ModelLayer>): ModelLayer => ({
  ...{ input: 0, rows: 2, need: 1, needStep: 1, columnTiles: 1, tileWords: 0 },
  ...change,
});

const wordsOf = (layers: readonly ModelLayer[]) =>
  layers.reduce((sum, { columnTiles, tileWords }) => sum + columnTiles * tileWords, 0);

/** As the planner writes it: FILL and LOAD first, the layers, and where the next frame is loaded meanwhile both once more. */
function programOf(layers: readonly ModelLayer[], nextAfter: number | null): readonly ModelRecord[] {
  const words = wordsOf(layers);
  const head: ModelRecord[] = [...(words > 0 ? [{ kind: 'fill' as const, words }] : []), { kind: 'load' }];
  const body = layers.flatMap((_, i): ModelRecord[] => [
    { kind: 'feed', layer: i },
    { kind: 'post', layer: i },
    ...(i === nextAfter ? head : []),
  ]);
  return [...head, ...(nextAfter === null ? [] : [{ kind: 'loop' as const }]), ...body, { kind: 'end' }];
}

function machineOf(layers: readonly ModelLayer[], ringWords: number, nextAfter: number | null): ModelMachine {
  return { inputRows: 2, layers, program: programOf(layers, nextAfter), ringWords, fifoEntries: 2 };
}

/** Every shape of a layer whose input is one of the tensors before it. */
function* shapes(index: number, ringWords: number): Generator<ModelLayer> {
  for (let input = Math.max(0, index - 1); input <= index; input++) {
    for (const [need, needStep] of [
      [1, 1],
      [2, 0],
    ] as const) {
      for (const columnTiles of [1, 2]) {
        for (let tileWords = 0; tileWords <= ringWords; tileWords++) {
          yield layer({ input, need, needStep, columnTiles, tileWords });
        }
      }
    }
  }
}

describe('no order of events leaves the machine stuck', () => {
  test('with any two layers, a ring of one or two words, two frames', { timeout: 300_000 }, () => {
    let programs = 0;
    for (const ringWords of [1, 2]) {
      for (const first of shapes(0, ringWords)) {
        for (const second of shapes(1, ringWords)) {
          const machine = machineOf([first, second], ringWords, null);
          expect([machine, explore(machine, 2).stuck]).toEqual([machine, null]);
          programs += 1;
        }
      }
    }
    expect(programs).toBeGreaterThan(100);
  });

  test('where the next frame is loaded behind the second layer after the input was last read', {
    timeout: 300_000,
  }, () => {
    for (const ringWords of [1, 2]) {
      for (const tileWords of [0, ringWords]) {
        const layers = [0, 1, 2].map((input) => layer({ input, rows: 1, need: 1, columnTiles: 2, tileWords }));
        const machine = machineOf(layers, ringWords, 2);
        expect(explore(machine, 3).stuck).toBeNull();
      }
    }
  });
});

describe('the exploration finds', () => {
  const ring = layer({ tileWords: 2 });

  test('a column tile larger than the ring', () => {
    expect(explore(machineOf([ring], 1, null), 1).stuck).not.toBeNull();
  });

  test('a FILL that brings too little, or behind the layer that needs it', () => {
    const machine = machineOf([ring], 2, null);
    const short = machine.program.map((record) => (record.kind === 'fill' ? { ...record, words: 1 } : record));
    expect(explore({ ...machine, program: short }, 1).stuck).not.toBeNull();
    const [fill, ...rest] = machineOf([ring, layer({ input: 1 }), layer({ input: 2 })], 2, null).program;
    const late = [...rest.slice(0, -1), fill!, ...rest.slice(-1)];
    const layers = [ring, layer({ input: 1 }), layer({ input: 2 })];
    expect(explore({ ...machine, layers, program: late }, 1).stuck).not.toBeNull();
  });

  test('words that nobody uses: they fill the ring for the next frame', () => {
    const machine = machineOf([ring], 2, null);
    const long = machine.program.map((record) => (record.kind === 'fill' ? { ...record, words: 3 } : record));
    expect(explore({ ...machine, program: long }, 2).stuck).not.toBeNull();
  });

  test('a layer that waits for more rows than are made', () => {
    const machine = machineOf([layer({}), layer({ input: 1 })], 0, null);
    const swapped = [...machine.program];
    [swapped[1], swapped[2], swapped[3], swapped[4]] = [swapped[3]!, swapped[4]!, swapped[1]!, swapped[2]!];
    expect(explore({ ...machine, program: swapped }, 1).stuck).not.toBeNull();
  });
});
