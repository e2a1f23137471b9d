import { describe, expect, test } from 'vitest';
import { simulatorAvailable } from '../../sim/build.js';
import { openAccelerator } from '../../src/runtime/accelerator.js';
import { openProgramLink } from '../../src/runtime/links/program.js';
import { openVerilatedMachine, type VerilatedOptions } from '../../src/runtime/links/verilated.js';
import { testCache } from '../sim/rtl-files.js';
import { randomFrame } from '../support/network-builder.js';
import { compiledModel } from '../support/project.js';
import { linkMachine, linkNetwork, linkSuite } from './link-suite.js';

const available = await simulatorAvailable();
const verilated = (options: VerilatedOptions) => (model: Parameters<typeof openVerilatedMachine>[0]) =>
  openVerilatedMachine(model, { cacheDir: testCache, slice: 20_000, ...options });

describe('the program link', () => {
  linkSuite({ open: async (model) => openProgramLink(model.machine), exactCycles: true });
});

describe.skipIf(!available)('the Verilated link', () => {
  linkSuite({ open: verilated({}), exactCycles: true });

  test('the watchdog of the machine says what it was waiting for', async () => {
    const model = await compiledModel(linkNetwork, linkMachine);
    const link = await verilated({})(model);
    const accelerator = await openAccelerator(link, model.images, { identity: model.identity, watchdog: 3000 });
    const { send } = link;
    (link as { send: typeof send }).send = (bytes) => send(bytes.subarray(0, 32), false);
    await expect(accelerator.infer(randomFrame(linkNetwork, 1))).rejects.toMatchObject({
      code: 'accelerator-error',
      message: expect.stringMatching(/watchdog/),
      actual: expect.stringMatching(/LOAD waits for input/),
    });
    await accelerator.close();
  });
});

describe.skipIf(!available)('the Verilated link under random stalls', () => {
  linkSuite({ open: verilated({ stalls: { seed: 3, input: 0.6, output: 0.5 }, seed: 9 }), exactCycles: false });
});
