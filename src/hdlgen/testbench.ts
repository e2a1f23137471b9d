/** The self-checking Verilog test bench of one compiled network, with its frames and the scripts that run it. */
import { machineIdentity } from '../arch/identity.js';
import type { Machine } from '../arch/machine.js';
import type { Images } from '../arch/program/program.js';
import { SystoleError } from '../base/error.js';
import { MEMORIES } from '../base/project-layout.js';
import { TOP, verilogFiles } from './hardware.js';
import { hexBytes } from './memory-images.js';
import { renderTemplate, type View } from './render.js';
import { type TemplateSource, templateText } from './templates.js';
import type { TestVectors } from './test-vectors.js';

export interface TestbenchInput {
  readonly machine: Machine;
  readonly images: Images;
  readonly vectors: TestVectors;
  /** Cycles of one frame on an idle machine with the sink always ready. */
  readonly planCycles: number;
  readonly templates: TemplateSource;
}

/** Everything below tb/. Errors: plan-invalid when there is no frame or lengths differ. */
export function testbenchFiles(input: TestbenchInput): Map<string, string> {
  checkVectors(input.vectors);
  const view = testbenchView(input);
  const files = new Map<string, string>();
  for (const name of ['systole_tb.v', 'run_icarus.sh', 'run_verilator.sh']) {
    const path = `tb/${name}.hbs`;
    files.set(`tb/${name}`, renderTemplate(path, templateText(input.templates, path), view));
  }
  const dram = 'tb/systole_tb_dram.v';
  if (input.machine.dram !== null) files.set(dram, templateText(input.templates, dram));
  files.set('tb/frames.hex', hexBytes(joined(input.vectors.frames)));
  return files.set('tb/results.hex', hexBytes(joined(input.vectors.results)));
}

function testbenchView({ machine, images, vectors, planCycles, templates }: TestbenchInput): View {
  const identity = machineIdentity(machine).toString(16).padStart(16, '0');
  const sources = [...verilogFiles(machine, templates).keys()].filter((name) => name.endsWith('.v'));
  return {
    top: TOP,
    sources: sources.map((name) => ({ path: `rtl/${name}` })),
    ...dramView(machine, images),
    inBytes: machine.stream.inBytes,
    outBytes: machine.stream.outBytes,
    frames: vectors.frames.length,
    frameBytes: vectors.frames[0]!.length,
    resultBytes: vectors.results[0]!.length,
    planCycles,
    limit: 20 * planCycles + 10_000,
    identityHigh: identity.slice(0, 8),
    identityLow: identity.slice(8),
    memories: MEMORIES.map((name, select) => ({
      name,
      select,
      pieces: images[name].length,
      last: Math.max(0, images[name].length - 1),
    })),
  };
}

function dramView({ dram }: Machine, images: Images): View {
  return {
    dram: dram !== null,
    ...{ addressMsb: (dram?.addressBits ?? 32) - 1, dataMsb: (dram?.dataBits ?? 32) - 1 },
    ...{
      latency: dram?.model.latency ?? 1,
      efficiency: dram?.model.efficiency ?? 100,
      outstanding: dram?.outstanding ?? 1,
    },
    dramBytes: Math.max(1, 4 * images.dram.length),
  };
}

function checkVectors({ frames, results }: TestVectors): void {
  const same = (list: readonly Uint8Array[]) => list.every((bytes) => bytes.length === list[0]!.length);
  if (frames.length > 0 && frames.length === results.length && same(frames) && same(results)) return;
  throw new SystoleError(
    'plan-invalid',
    'test vectors need at least one frame, each with its result, all of one length',
  );
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
