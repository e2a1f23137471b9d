/** A short and a long frame on the stream of a compiled network, in the program simulator and in Verilator. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { frameCodes } from '../../src/arch/plan/stream-frames.js';
import { SystoleError } from '../../src/base/error.js';
import { openAccelerator } from '../../src/runtime/accelerator.js';
import { openProgramLink } from '../../src/runtime/links/program.js';
import { openVerilatedMachine } from '../../src/runtime/links/verilated.js';
import { type CompiledModel, readModel } from '../../src/runtime/model.js';
import { cli } from '../cli/cli.js';
import { npz, openWorkshop, smallImages, smallModel, type Workshop } from '../cli/workshop.js';
import { testCache } from '../sim/rtl-files.js';

vi.setConfig({ testTimeout: 300_000 });

let shop: Workshop;
let model: CompiledModel;
beforeAll(async () => {
  shop = openWorkshop();
  const data = shop.file('data.npz', npz({ inputs: smallImages() }));
  const args = ['compile', shop.file('m.onnx', smallModel()), '-o', shop.path('out'), '--calibration', data];
  const { code, err } = await cli(...args, '--machine', '1x8x8');
  if (code !== 0) throw new Error(err);
  model = await readModel(shop.path('out'));
}, 120_000);
afterAll(() => shop.close());

const LINKS = {
  program: () => Promise.resolve(openProgramLink(model.machine)),
  verilator: () => openVerilatedMachine(model, { cacheDir: testCache, slice: 20_000 }),
};
const FRAMES = {
  'frame-short': { length: -9, message: 'the input frame ended before it was full' },
  'frame-long': { length: 9, message: 'the input frame is longer than the network takes' },
} as const;

describe.each(Object.entries(LINKS))('on the stream of the %s', (_, open) => {
  it.each(Object.entries(FRAMES))(
    '%s is an error with its sentence, and the next frame is right',
    async (code, { length, message }) => {
      const accelerator = await openAccelerator(await open(), model.images, { identity: model.identity });
      const whole = Uint8Array.from({ length: frameCodes(model.layout.inputs) }, (_, i) => i);
      try {
        const { output } = await accelerator.infer(whole);
        const wrong = Uint8Array.from({ length: whole.length + length }, (_, i) => i);
        const error = await accelerator.infer(wrong).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SystoleError);
        const { code: found, message: sentence, hint } = error as SystoleError;
        expect({ found, sentence }).toEqual({ found: code, sentence: message });
        expect(hint).toContain('the next frame may be sent');
        expect((await accelerator.infer(whole)).output).toEqual(output);
      } finally {
        await accelerator.close();
      }
    },
  );
});
