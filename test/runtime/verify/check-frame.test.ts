import { beforeAll, expect, test } from 'vitest';
import { type ActivationWrite, runProgram } from '../../../src/arch/simulator/run-program.js';
import { SystoleError } from '../../../src/base/error.js';
import type { SimulatedFrame, TracedWrite } from '../../../src/runtime/links/verilated.js';
import type { CompiledModel } from '../../../src/runtime/model.js';
import { type FrameChecker, frameChecker } from '../../../src/runtime/verify/check-frame.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomFrame } from '../../support/network-builder.js';
import { compiledModel } from '../../support/project.js';

const network = new NetworkBuilder({ height: 3, width: 3, channels: 2 }, 5)
  .conv({ kernel: [2, 2], channels: 3, weightBits: 3 })
  .conv({ kernel: [2, 2], channels: 4, weightBits: 3, bits: null })
  .build();
const frame = randomFrame(network, 1);
type Output = Extract<SimulatedFrame, { kind: 'output' }>;

let model: CompiledModel;
let checker: FrameChecker;
/** What a right machine gives. */
let right: Output & { readonly writes: readonly TracedWrite[] };
beforeAll(async () => {
  model = await compiledModel(network, testMachine());
  checker = frameChecker(model, [frame]);
  const writes: ActivationWrite[] = [];
  const { output } = runProgram(model.machine, model.images, frame, { onWrite: (write) => writes.push(write) });
  const traced = writes.map((write, i) => ({ ...write, cycle: 100 + i }));
  right = { kind: 'output', bytes: output, cycles: 200, cyclesRegister: 200, lastOut: 900, writes: traced };
});
const place = (changes: Partial<Output>) => checker.check(0, { ...right, ...changes }).verilog;

test('a right frame has no divergence', () => {
  expect(checker.check(0, right)).toEqual({ index: 0, program: null, verilog: null, cycles: 200 });
});

test('one wrong bit of a write has its place and cycle', () => {
  const writes = right.writes.map((write, i) =>
    i === 3 ? { ...write, digits: write.digits.map((digit) => digit ^ 1) } : write,
  );
  // Two channels a write, three channels a pixel: write 3 is channel 2 of pixel (0, 1).
  expect(place({ writes })).toMatchObject({ layer: 'conv0', tensor: 'conv0.out', y: 0, x: 1, channel: 2, cycle: 103 });
});

test('a write that is missing has its place, and no value', () => {
  const writes = right.writes.filter((_, i) => i !== 4);
  expect(place({ writes })).toMatchObject({ layer: 'conv0', y: 1, x: 0, channel: 0, got: null, cycle: null });
});

test('a write too many is found although every code is right', () => {
  const writes = [...right.writes, { ...right.writes[0]!, addr: 9999 }];
  expect(place({ writes })).toMatchObject({ layer: 'conv0', y: null, note: expect.stringMatching(/outside/) });
});

test('a wrong and a missing byte of the output are found at its layer', () => {
  const bytes = right.bytes.slice();
  bytes[4]! ^= 1;
  expect(place({ bytes })).toMatchObject({ layer: 'conv1', y: 0, x: 0, channel: 1, note: null });
  const short = place({ bytes: right.bytes.subarray(0, 15) });
  expect(short).toMatchObject({ layer: 'conv1', channel: 3, got: null, note: '15 bytes left the machine, not 16' });
  const long = place({ bytes: Uint8Array.of(...right.bytes, 0) });
  expect(long).toMatchObject({ layer: null, note: '17 bytes left the machine, not 16' });
});

test('a CYCLES register that is wrong is found', () => {
  expect(place({ cyclesRegister: 199 })).toMatchObject({ layer: null, note: expect.stringMatching(/CYCLES says 199/) });
});

test('of a frame among others only the output is looked at', () => {
  expect(checker.checkOutput(0, { ...right, cyclesRegister: 0, writes: [] }).verilog).toBeNull();
  const bytes = right.bytes.slice();
  bytes[0]! ^= 1;
  expect(checker.checkOutput(0, { ...right, bytes, writes: [] }).verilog).toMatchObject({ layer: 'conv1', channel: 0 });
});

test('a machine that hangs or stops is told with what it waits for and what it had written', () => {
  const writes = right.writes.slice(0, 2);
  // WAITING: FEED (bits 2..4) waits for rows of its input, counter 1 (bits 9..14), need 3 (bits 16..).
  const waiting = (2 << 2) | (1 << 9) | (3 << 16);
  const hung = checker.check(0, { kind: 'hang', error: 0, waiting, movers: 0, writes });
  expect(hung.cycles).toBeNull();
  expect(hung.verilog).toMatchObject({
    ...{ layer: 'conv0', y: 0, x: 1, channel: 0, got: null },
    note: 'no output came; FEED waits for rows of its input: counter 1 has not reached 3',
  });
  const stopped = checker.check(0, { kind: 'error', error: 2, waiting: 0, movers: 0, writes });
  expect(stopped.verilog!.note).toBe('the machine stopped with frame_long; no unit waits');
});

test('a frame that never ran carries the error of the machine', () => {
  const error = new SystoleError('accelerator-error', 'a memory is wrong', { actual: 'checksum 1' });
  expect(checker.failed(0, error).verilog).toMatchObject({ layer: null, note: 'a memory is wrong: checksum 1' });
});
