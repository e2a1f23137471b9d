/** What every link does alike, from opening to closing, its errors included. */
import { expect, test } from 'vitest';
import { offsetOf } from '../../src/arch/register-values.js';
import { runGolden } from '../../src/quant/golden.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { modelOutput } from '../../src/quant/numerics.js';
import { openAccelerator } from '../../src/runtime/accelerator.js';
import type { Link } from '../../src/runtime/link.js';
import { type CompiledModel, openModel } from '../../src/runtime/model.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder, randomFrame } from '../support/network-builder.js';
import { compiledModel } from '../support/project.js';

export const linkMachine = testMachine();
export const linkNetwork = new NetworkBuilder({ height: 5, width: 5, channels: 3, bits: 7 }, 5)
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 6, weightBits: 3 })
  .conv({ kernel: [5, 5], channels: 4, weightBits: 3, bits: null })
  .build();
/** The same shapes, other weights. */
const otherNetwork = new NetworkBuilder({ height: 5, width: 5, channels: 3, bits: 7 }, 6)
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 6, weightBits: 3 })
  .conv({ kernel: [5, 5], channels: 4, weightBits: 3, bits: null })
  .build();

const goldenOf = (network: IntegerNetwork, frame: Uint8Array) =>
  runGolden(network, frame).get(network.outputs[0]!.tensor)!;
const frames = [1, 2, 3].map((seed) => randomFrame(linkNetwork, seed));

interface LinkCase {
  /** A fresh link to the machine of the model. Its slices of patience are short: a frame takes far less. */
  readonly open: (model: CompiledModel) => Promise<Link>;
  /** False where stalls make frames longer. */
  readonly exactCycles: boolean;
}

/** Registers the suite's tests inside the caller's describe. */
export function linkSuite({ open, exactCycles }: LinkCase): void {
  const compiled = () => compiledModel(linkNetwork, linkMachine);
  const opened = async () => {
    const model = await compiled();
    const link = await open(model);
    return { model, link, accelerator: await openAccelerator(link, model.images, { identity: model.identity }) };
  };
  const bytesOf = (values: Int32Array) => [...new Uint8Array(values.buffer)];

  test('every output is the golden one, and CYCLES is the planned number', async () => {
    const model = await compiled();
    const session = await openModel(model, await open(model));
    for (const frame of frames) {
      const { output, cycles } = await session.inferCodes(frame);
      expect([...output]).toEqual([...goldenOf(linkNetwork, frame)]);
      const { planCycles } = model.project.manifest;
      if (exactCycles) expect(cycles).toBe(planCycles);
      else expect(cycles).toBeGreaterThan(planCycles);
    }
    await session.close();
  });

  test('real values go in and out as the model has them', async () => {
    const model = await compiled();
    const session = await openModel(model, await open(model));
    // Scale 1 and zero 0: NCHW values that are codes already.
    const [frame] = frames;
    const real = Float32Array.from({ length: 75 }, (_, i) => frame![(i % 25) * 3 + Math.floor(i / 25)]!);
    const { output } = await session.infer(real);
    expect([...output]).toEqual([...modelOutput(linkNetwork, goldenOf(linkNetwork, frame!))]);
    await session.close();
  });

  test('codes that the input cannot have, and another number of them, are refused before they are sent', async () => {
    const model = await compiled();
    const session = await openModel(model, await open(model));
    await expect(session.inferCodes(new Uint8Array(76))).rejects.toMatchObject({ code: 'data-shape' });
    await expect(session.inferCodes(new Uint8Array(75).fill(128))).rejects.toMatchObject({ code: 'data-type' });
    await session.close();
  });

  test('a program for another machine is refused', async () => {
    const model = await compiled();
    const opening = openAccelerator(await open(model), model.images, { identity: model.identity ^ 1n });
    await expect(opening).rejects.toMatchObject({
      code: 'identity-mismatch',
      expected: expect.stringMatching(/^identity 0x/),
      hint: expect.stringMatching(/rebuild/),
    });
  });

  test('a short and a long frame are errors, and the next frame is right', async () => {
    const { accelerator } = await opened();
    const right = async () => {
      const { output } = await accelerator.infer(frames[0]!);
      expect([...output]).toEqual(bytesOf(goldenOf(linkNetwork, frames[0]!)));
    };
    await expect(accelerator.infer(frames[0]!.subarray(0, 40))).rejects.toMatchObject({ code: 'frame-short' });
    await right();
    // 75 codes lie in 19 beats of 4 bytes; 76 bytes fill the same beats, whose last byte may be anything.
    await expect(accelerator.infer(new Uint8Array(77))).rejects.toMatchObject({ code: 'frame-long' });
    await right();
    await expect(accelerator.infer(new Uint8Array(300))).rejects.toMatchObject({ code: 'frame-long' });
    await right();
    await accelerator.close();
  });

  test('program and weights are replaced at run time', async () => {
    const { accelerator } = await opened();
    await accelerator.infer(frames[0]!);
    await accelerator.load((await compiledModel(otherNetwork, linkMachine)).images);
    const { output } = await accelerator.infer(frames[1]!);
    expect([...output]).toEqual(bytesOf(goldenOf(otherNetwork, frames[1]!)));
    await accelerator.close();
  });

  test('a memory that does not read back is an error, and inference is refused until one does', async () => {
    const { accelerator, link, model } = await opened();
    const { writeMany } = link;
    const losing = link as { writeMany: Link['writeMany'] };
    losing.writeMany = (offset, values) => writeMany(offset, values.subarray(1));
    await expect(accelerator.load(model.images)).rejects.toMatchObject({
      code: 'accelerator-error',
      message: expect.stringMatching(/program memory/),
    });
    await expect(accelerator.infer(frames[0]!)).rejects.toMatchObject({ message: expect.stringMatching(/no program/) });
    losing.writeMany = writeMany;
    await accelerator.load(model.images);
    expect([...(await accelerator.infer(frames[0]!)).output]).toEqual(bytesOf(goldenOf(linkNetwork, frames[0]!)));
    await accelerator.close();
  });

  test('a program with an unknown record is an error, and the right one loads after it', async () => {
    const { accelerator, model } = await opened();
    const program = model.images.program.slice();
    program[0]! ^= 0x70;
    await accelerator.load({ ...model.images, program });
    await expect(accelerator.infer(frames[0]!)).rejects.toMatchObject({ message: expect.stringMatching(/bad_record/) });
    await accelerator.load(model.images);
    expect([...(await accelerator.infer(frames[0]!)).output]).toEqual(bytesOf(goldenOf(linkNetwork, frames[0]!)));
    await accelerator.close();
  });

  test('a frame that never ends is given up, saying who waits, and the next frame is right', async () => {
    const model = await compiled();
    const link = await open(model);
    const { send } = link;
    const options = { identity: model.identity, patience: 2, watchdog: 0 };
    const accelerator = await openAccelerator(link, model.images, options);
    const cutting = link as { send: Link['send'] };
    cutting.send = (bytes) => send(bytes.subarray(0, 32), false);
    await expect(accelerator.infer(frames[0]!)).rejects.toMatchObject({
      code: 'accelerator-timeout',
      actual: expect.stringMatching(/LOAD waits for input/),
    });
    cutting.send = send;
    expect([...(await accelerator.infer(frames[0]!)).output]).toEqual(bytesOf(goldenOf(linkNetwork, frames[0]!)));
    await accelerator.close();
  });

  test('registers that cannot be read or written refuse it', async () => {
    const link = await open(await compiled());
    await expect(link.readRegister(offsetOf('MEM_DATA'))).rejects.toMatchObject({ code: 'accelerator-error' });
    await expect(link.writeRegister(offsetOf('MAGIC'), 1)).rejects.toMatchObject({ code: 'accelerator-error' });
    await expect(link.readRegister(0xf0)).rejects.toMatchObject({ code: 'accelerator-error' });
    await link.close();
  });
}
