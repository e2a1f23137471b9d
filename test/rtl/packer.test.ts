import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packerModel } from '../../src/arch/timing/packer.js';
import { type Bench, compileBench, icarusAvailable } from './icarus.js';
import { picker } from './random.js';

const CYCLES = 4000;
const noStalls = new Array<number>(CYCLES).fill(0);

interface Chunk {
  readonly data: readonly number[];
  /** Of an output. */
  readonly end: boolean;
  /** Of the frame. */
  readonly last: boolean;
}
interface Beat {
  readonly bytes: readonly number[];
  readonly last: boolean;
}

/** Outputs cut into beats; one that does not end the frame is filled up with zeros. */
function packed(chunks: readonly Chunk[], outBytes: number): Beat[] {
  const beats: Beat[] = [];
  let bytes: number[] = [];
  for (const { data, end, last } of chunks) {
    for (const [i, byte] of data.entries()) {
      bytes.push(byte);
      const outputEnds = end && i === data.length - 1;
      if (bytes.length < outBytes && !outputEnds) continue;
      const frameEnds = outputEnds && last;
      while (!frameEnds && bytes.length < outBytes) bytes.push(0);
      beats.push({ bytes, last: frameEnds });
      bytes = [];
    }
  }
  return beats;
}

function parseCycle(line: string, outBytes: number) {
  const [flags, keepText, dataText] = line.split(' ') as [string, string, string];
  const keep = BigInt(/x/.test(keepText) ? 0 : `0x${keepText}`);
  const count = [...Array(outBytes).keys()].filter((i) => (keep >> BigInt(i)) & 1n).length;
  const data = dataText.match(/../g)!.reverse();
  return {
    taken: flags[0] === '1',
    valid: flags[1] === '1',
    ready: flags[2] === '1',
    last: flags[3] === '1',
    busy: flags[4] === '1',
    contiguous: keep === (1n << BigInt(count)) - 1n,
    bytes: data.slice(0, count).map((hex) => Number.parseInt(hex, 16)),
  };
}

describe.skipIf(!icarusAvailable).each([
  [1, 1],
  [2, 2],
  [4, 2],
  [8, 8],
  [16, 4],
  [64, 64],
])('systole_packer with %i bytes a beat, chunks of %i', (outBytes, chunkBytes) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await compileBench('packer_bench', ['test/rtl/packer_bench.v', 'templates/rtl/systole_packer.v'], {
      OUT_BYTES: outBytes,
      CHUNK_BYTES: chunkBytes,
    });
  });
  afterAll(() => bench.close());

  async function pack(chunks: readonly Chunk[], stalls: readonly number[][]) {
    const words = chunks.map(({ data, end, last }) => {
      const flags = (end ? 256n : 0n) | (last ? 128n : 0n) | BigInt(data.length);
      return data.reduce((word, byte, i) => word | (BigInt(byte) << BigInt(8 * i)), flags << BigInt(8 * chunkBytes));
    });
    const files = { chunks: words, offer_stall: stalls[0]!, sink_stall: stalls[1]! };
    const lines = await bench.run(files, { chunk_count: chunks.length, cycles: CYCLES });
    return lines.filter((line) => /^[01x]{5} /.test(line)).map((line) => parseCycle(line, outBytes));
  }

  /** Each of up to three outputs. */
  function frames(pick: (n: number) => number, count: number): Chunk[] {
    return Array.from({ length: count }, () => {
      const outputs = 1 + pick(3);
      return Array.from({ length: outputs }, (_, output) => {
        const length = 1 + pick(25);
        return Array.from({ length }, (_, i) => {
          const end = i === length - 1;
          const data = Array.from({ length: 1 + pick(chunkBytes) }, () => pick(256));
          return { data, end, last: end && output === outputs - 1 };
        });
      }).flat();
    }).flat();
  }

  test('keeps every byte and TLAST whatever stalls, and holds a beat until it is read', async () => {
    const pick = picker(outBytes);
    for (let round = 0; round < 10; round += 1) {
      const chunks = frames(pick, 6);
      const stalls = [pick(60), pick(60)].map((percent) => noStalls.map(() => (pick(100) < percent ? 1 : 0)));
      const cycles = await pack(chunks, stalls);
      const read = cycles.filter(({ valid, ready }) => valid && ready);
      expect(read.map(({ bytes, last }) => ({ bytes, last }))).toEqual(packed(chunks, outBytes));
      expect(read.every(({ contiguous }) => contiguous)).toBe(true);
      for (const [index, cycle] of cycles.entries()) {
        const next = cycles[index + 1];
        if (cycle.valid && !cycle.ready && next) {
          expect([next.valid, next.last, next.bytes]).toEqual([true, cycle.last, cycle.bytes]);
        }
      }
      expect(cycles.at(-1)!.busy).toBe(false);
    }
  });

  test('takes exactly the cycles of the cycle model while the sink is ready', async () => {
    const pick = picker(100 + outBytes);
    for (let round = 0; round < 5; round += 1) {
      const chunks = frames(pick, 3);
      const cycles = await pack(chunks, [noStalls, noStalls]);
      const model = packerModel(outBytes);
      let next = 0;
      for (const [index, cycle] of cycles.entries()) {
        const chunk = chunks[next] ?? null;
        const taken = chunk !== null && model.takes();
        expect([index, taken, model.busy()]).toEqual([index, cycle.taken, cycle.busy]);
        const ended = model.step(taken ? { ...chunk, bytes: chunk.data.length } : null);
        expect([index, ended]).toEqual([index, cycle.valid && cycle.last]);
        if (taken) next += 1;
      }
      expect(next).toBe(chunks.length);
    }
  });
});
