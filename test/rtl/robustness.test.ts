import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatorAvailable } from '../../sim/build.js';
import type { Received } from '../../sim/client.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../src/arch/plan/stream-frames.js';
import { bitOf, fieldOf } from '../../src/arch/register-values.js';
import { countCycles, countInterval, INTERVAL_FRAMES } from '../../src/arch/timing/count-cycles.js';
import { MEMORIES } from '../../src/base/project-layout.js';
import { coreSimulator, goldenBytes } from '../end-to-end/levels.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';
import { ENABLE, type Session, SOFT_RESET, withSession } from './session.js';

const RUNS = Number(process.env.RUNS ?? 8);
const SEED = Number(process.env.SEED ?? 1);
const MACHINES = [VARIED_MACHINES[0]!, VARIED_MACHINES[3]!];
const part = fc.double({ min: 0, max: 1, noNaN: true });
const stallArbitrary = fc.constantFrom({ input: 0, output: 0 }, { input: 0.4, output: 0.6 });

interface Case {
  readonly plan: Plan;
  readonly cycles: number;
  readonly session: Session;
  readonly frame: (index: number) => Frame;
}

/** Codes of all inputs, and the bytes that carry them. */
interface Frame {
  readonly codes: ArrayLike<number>;
  readonly bytes: Uint8Array;
}

function frameOf(plan: Plan, seed: number): Frame {
  const codes = randomCodes(plan.network, seed);
  return { codes, bytes: inputBytes(plan.inputs, codes) };
}

/** Runs `action` on random networks on the machines above. */
function onRandomNetworks(
  title: string,
  action: (given: Case, random: { readonly seed: number; readonly part: number }) => Promise<void>,
): void {
  describe(title, () => {
    test.each(MACHINES.map((machine) => [machine.name, machine] as const))(
      'on %s',
      { timeout: 600_000 },
      async (_, machine) => {
        const binary = await coreSimulator(machine);
        await fc.assert(
          fc.asyncProperty(
            recipeArbitrary,
            fc.nat(10000),
            part,
            stallArbitrary,
            async (recipe, seed, share, stalls) => {
              const network = networkFromRecipe(recipe, machine);
              const plan = planNetwork(network, machine);
              const { cycles } = countCycles(machine, plan.images);
              await withSession(binary, plan.images, async (session) => {
                if (stalls.input > 0) await session.machine.stalls({ seed, ...stalls });
                const frame = (index: number) => frameOf(plan, seed + index);
                await action({ plan, cycles, session, frame }, { seed, part: share });
              });
            },
          ),
          { numRuns: RUNS, seed: SEED },
        );
      },
    );
  });
}

/** What came is the golden output; at full rate, in the planned cycles. */
function expectGolden(
  { plan, cycles }: Pick<Case, 'plan' | 'cycles'>,
  frame: Frame,
  received: Received,
  fullRate = true,
): void {
  expect(received).toMatchObject({ kind: 'frame', bytes: goldenBytes(plan, frame.codes) });
  if (fullRate && received.kind === 'frame') expect(received.lastOut - received.firstIn + 1).toBe(cycles);
}

const NO_STALLS = { seed: 1, input: 0, output: 0 };

describe.skipIf(!(await simulatorAvailable()))('the core (skipped where Verilator is not installed)', () => {
  onRandomNetworks(
    'forgets a frame at a reset or a soft reset in any cycle, and computes the next one exactly',
    async (given, { seed, part }) => {
      const { session, frame, cycles } = given;
      const { machine } = session;
      await machine.step(512);
      await machine.send(frame(0).bytes);
      await machine.step(Math.floor(part * cycles * 2));
      // Enabled at once, while the array still runs out; disabled; or a reset of everything.
      await machine.drop();
      if (seed % 3 === 0) await session.write('CTRL', SOFT_RESET | ENABLE);
      else if (seed % 3 === 1) await session.write('CTRL', SOFT_RESET);
      else await machine.reset();
      await machine.drop();
      expect(await session.read('STATUS')).toBe(bitOf('STATUS', 'idle'));
      expect([await session.read('FRAMES'), await session.read('CYCLES'), await session.read('ERROR')]).toEqual([
        0, 0, 0,
      ]);
      await machine.stalls(NO_STALLS);
      await session.write('CTRL', ENABLE);
      expectGolden(given, frame(1), await session.infer(frame(1).bytes));
      expect(await session.read('CYCLES')).toBe(cycles);
    },
  );

  onRandomNetworks(
    'goes on after a frame too short or too long, whatever its length',
    async (given, { seed, part }) => {
      const { session, frame } = given;
      const whole = frame(0).bytes;
      const long = seed % 2 === 0;
      const { inBytes } = given.plan.machine.stream;
      // A short frame is whole beats of the right one: what it holds may be all that the network looks at.
      const beats = Math.ceil(whole.length / inBytes);
      const length = long
        ? whole.length + 1 + Math.floor(part * 3 * whole.length)
        : inBytes * Math.max(1, Math.floor(part * beats));
      if (Math.ceil(length / inBytes) === beats) return;
      const wrong = Uint8Array.from({ length }, (_, i) => whole[i % whole.length]!);
      const first = await session.infer(wrong);
      // A network that does not look at its last rows is done before they come, or do not come.
      if (first.kind === 'frame') expectGolden(given, frame(0), first, false);
      const last = first.kind === 'frame' ? await session.receive() : first;
      expect(last.kind).toBe('error');
      expect(await session.read('ERROR')).toBe(bitOf('ERROR', long ? 'frame_long' : 'frame_short'));
      // The rest of a long frame is taken and dropped, up to its TLAST.
      if (long) await session.machine.step(8 * length);
      await session.reset();
      await session.machine.stalls(NO_STALLS);
      expectGolden(given, frame(1), await session.infer(frame(1).bytes));
    },
  );

  test('goes on after a frame whose first input ends with TLAST, or whose last input does not', {
    timeout: 600_000,
  }, async () => {
    const machine = MACHINES[0]!;
    const plan = planNetwork(twoInputs(), machine);
    const given = { plan, cycles: countCycles(machine, plan.images).cycles };
    const frame = frameOf(plan, 1);
    await withSession(await coreSimulator(machine), plan.images, async (session) => {
      for (const [end, error] of [
        [plan.inputs[1]!.firstByte, 'frame_short'],
        [frame.bytes.length + machine.stream.inBytes, 'frame_long'],
      ] as const) {
        const wrong = new Uint8Array(end);
        wrong.set(frame.bytes.subarray(0, end));
        const first = await session.infer(wrong);
        const last = first.kind === 'frame' ? await session.receive() : first;
        expect(last.kind).toBe('error');
        expect(await session.read('ERROR')).toBe(bitOf('ERROR', error));
        await session.machine.step(64);
        await session.reset();
        expectGolden(given, frame, await session.infer(frame.bytes));
      }
    });
  });

  test('is busy until all of a frame is in, where the network is done before', { timeout: 600_000 }, async () => {
    const machine = MACHINES[0]!;
    const plan = planNetwork(rowsThatNobodyReads(), machine);
    const frame = frameOf(plan, 1);
    const rest = frame.bytes.length - machine.stream.inBytes;
    await withSession(
      await coreSimulator(machine),
      plan.images,
      async ({ machine: simulator, receive, read, idle }) => {
        await simulator.send(frame.bytes.subarray(0, rest), false);
        expectGolden({ plan, cycles: 0 }, frame, await receive(), false);
        expect((await read('STATUS')) & bitOf('STATUS', 'idle')).toBe(0);
        await simulator.send(frame.bytes.subarray(rest));
        await idle();
        expect(await read('FRAMES')).toBe(1);
      },
    );
  });

  onRandomNetworks('takes frames that wait at the door, in order and bit for bit', async (given) => {
    const { session, frame } = given;
    const frames = Array.from({ length: 5 }, (_, i) => frame(i));
    for (const { bytes } of frames) await session.machine.send(bytes);
    for (const each of frames) expectGolden(given, each, await session.receive(), false);
    await session.idle();
    expect(await session.read('FRAMES')).toBe(frames.length);
  });

  onRandomNetworks(
    'finishes what has begun when disabled, takes nothing more, and runs again',
    async (given, { part }) => {
      const { session, frame, cycles } = given;
      const { machine } = session;
      await machine.step(512);
      for (let i = 0; i < 4; i++) await machine.send(frame(i).bytes);
      await machine.step(Math.floor(part * cycles * 2));
      await session.write('CTRL', 0);
      let finished = 0;
      for (; ; finished++) {
        const received = await machine.receive(20 * cycles + 20000, 0);
        if (received.kind !== 'frame') break;
        expectGolden(given, frame(finished), received, false);
      }
      expect(await session.read('STATUS')).toBe(bitOf('STATUS', 'idle'));
      expect(await session.read('FRAMES')).toBe(finished);
      await session.write('CTRL', ENABLE);
      for (let i = finished; i < 4; i++) expectGolden(given, frame(i), await session.receive(), false);
    },
  );

  onRandomNetworks('runs the program of another network after loading it, without a reset', async (given, { seed }) => {
    const { session, plan, frame } = given;
    expectGolden(given, frame(0), await session.infer(frame(0).bytes), false);
    const other = planNetwork(otherNetwork(seed), plan.machine);
    const image = frameOf(other, seed);
    await session.write('CTRL', 0);
    await session.idle();
    await session.machine.stalls(NO_STALLS);
    expect(await session.load(other.images)).toBe(true);
    await session.write('CTRL', ENABLE);
    const { cycles } = countCycles(plan.machine, other.images);
    expectGolden({ plan: other, cycles }, image, await session.infer(image.bytes));
  });

  onRandomNetworks('drops what is written to its memories while it is enabled, and says so', async (given) => {
    const { session, frame, plan } = given;
    for (const [select, name] of MEMORIES.entries()) {
      if (plan.images[name].length === 0) continue;
      await session.write('MEM_SELECT', select);
      for (const piece of plan.images[name].subarray(0, 4)) await session.write('MEM_DATA', ~piece >>> 0);
      expect(await session.read('ERROR')).toBe(bitOf('ERROR', 'load_busy'));
      await session.reset();
    }
    await session.machine.stalls(NO_STALLS);
    expectGolden(given, frame(0), await session.infer(frame(0).bytes));
  });

  test('says what it waits for when the watchdog bites', { timeout: 600_000 }, async () => {
    const machine = MACHINES[0]!;
    const plan = planNetwork(otherNetwork(1), machine);
    const frame = frameOf(plan, 1);
    await withSession(await coreSimulator(machine), plan.images, async (session) => {
      await session.write('WATCHDOG', 300);
      // A source that stops in the middle of a frame.
      await session.machine.step(512);
      await session.machine.send(frame.bytes.subarray(0, 8), false);
      expect((await session.receive()).kind).toBe('error');
      expect(await session.read('ERROR')).toBe(bitOf('ERROR', 'watchdog'));
      const waiting = await session.read('WAITING');
      const feed = plan.program.find((record) => record.opcode === 'feed')!.fields;
      const fields = ['load', 'feed', 'counter', 'need'].map((name) => fieldOf('WAITING', name, waiting));
      expect(fields).toEqual([2, 2, feed.inCounter, feed.inNeed0]);
      // A sink that takes nothing.
      await session.reset();
      await session.machine.stalls({ seed: 1, input: 0, output: 1 });
      expect((await session.infer(frame.bytes)).kind).toBe('error');
      expect(fieldOf('WAITING', 'out', await session.read('WAITING'))).toBe(2);
      // An idle machine is no error.
      await session.machine.stalls(NO_STALLS);
      await session.reset();
      await session.machine.step(2000);
      expect(await session.read('ERROR')).toBe(0);
      expectGolden({ plan, cycles: countCycles(machine, plan.images).cycles }, frame, await session.infer(frame.bytes));
    });
  });

  test('takes the next image while it computes, where three layers or more leave it time', {
    timeout: 600_000,
  }, async () => {
    const machine = MACHINES[0]!;
    const plan = planNetwork(slowToLoad(), machine);
    const frames = Array.from({ length: INTERVAL_FRAMES }, (_, i) => frameOf(plan, i));
    await withSession(await coreSimulator(machine), plan.images, async (session) => {
      for (const { bytes } of frames) await session.machine.send(bytes);
      const received = [];
      for (const frame of frames) {
        const each = await session.receive();
        expectGolden({ plan, cycles: 0 }, frame, each, false);
        if (each.kind === 'frame') received.push(each);
      }
      for (const [i, { firstIn }] of received.entries()) {
        if (i > 0) expect(firstIn).toBeLessThan(received[i - 1]!.lastOut);
      }
      const [before, last] = received.slice(-2);
      expect(last!.lastOut - before!.lastOut).toBe(countInterval(machine, plan.images));
      expect(countInterval(machine, plan.images)).toBeLessThan(countCycles(machine, plan.images).cycles);
    });
  });
});

/** Takes longer to load than to compute. */
function slowToLoad() {
  return new NetworkBuilder({ height: 24, width: 16, channels: 4 })
    .conv({ kernel: [1, 1], strides: [4, 4], channels: 4 })
    .maxpool({ kernel: [2, 2], strides: [2, 2] })
    .conv({ kernel: [1, 1], channels: 12 })
    .conv({ kernel: [3, 2], channels: 3, bits: null })
    .build();
}

function twoInputs() {
  return new NetworkBuilder({ height: 5, width: 3, channels: 2, bits: 7 })
    .input({ height: 5, width: 3, channels: 2, bits: 11, zero: 3 })
    .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 2, weightBits: 3, input: 'input1' })
    .mul({ inputs: ['conv0.out', 'input'] })
    .conv({ kernel: [1, 1], channels: 3, bits: null })
    .build();
}

/** Rows 10 and 11 of the frame. */
function rowsThatNobodyReads() {
  return new NetworkBuilder({ height: 12, width: 6, channels: 4 })
    .conv({ kernel: [1, 1], strides: [9, 2], channels: 3, weightBits: 2 })
    .conv({ kernel: [2, 3], channels: 2, weightBits: 2, bits: null })
    .build();
}

function otherNetwork(seed: number) {
  return new NetworkBuilder({ height: 6, width: 5, channels: 2, bits: 7 }, seed)
    .conv({ kernel: [3, 3], channels: 5, pads: [1, 1, 1, 1], weightBits: 3 })
    .conv({ kernel: [3, 3], channels: 6, pads: [1, 1, 1, 1], weightBits: 2 })
    .conv({ kernel: [1, 1], channels: 7, weightBits: 4 })
    .conv({ kernel: [6, 5], channels: 3, bits: null })
    .build();
}
