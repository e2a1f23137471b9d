/**
 * Faults injected one at a time, each caught by verify on a small fixed set. MUTATION=all builds every faulty design;
 * without it a sample that touches every part, and all faulty images, which cost no build.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildMachine } from '../../src/runtime/links/verilated.js';
import { testCache } from '../sim/rtl-files.js';
import { DESIGN_FAULTS, type DesignFault } from './design-faults.js';
import { type FixedSet, fixedSet } from './fixed-set.js';
import { IMAGE_FAULTS } from './image-faults.js';
import { type Caught, loadedVerdict, programVerdict, queueVerdict, verifyVerdict } from './verdict.js';

// Each build keeps two compilers busy.
vi.setConfig({ maxConcurrency: 2 });

const whole = process.env.MUTATION === 'all';
/** Fault and what caught it. */
const found: (readonly [fault: string, caught: Caught | null])[] = [];
let cases: FixedSet;
let verilog: ReadonlyMap<string, string>;
beforeAll(async () => {
  cases = await fixedSet();
  verilog = cases.ties.model.verilog;
});
afterAll(() => console.log(whole ? found.map(line).join('\n') : summary()));

const fileOf = ({ module }: DesignFault) => `systole_${module}.v`;

/** The design with the fault in it. */
function mutate(fault: DesignFault): Map<string, string> {
  const text = verilog.get(fileOf(fault))!;
  return new Map(verilog).set(
    fileOf(fault),
    text.replace(fault.from, () => fault.to),
  );
}

async function firstCaught(changed: ReadonlyMap<string, string>): Promise<Caught | null> {
  for (const fixed of Object.values(cases)) {
    const caught = await verifyVerdict(fixed, { verilog: changed });
    if (caught !== null) return caught;
  }
  return null;
}

async function firstQueueCaught(binary: string): Promise<Caught | null> {
  for (const fixed of Object.values(cases)) {
    const caught = await queueVerdict(fixed, binary);
    if (caught !== null) return caught;
  }
  return null;
}

/** Notes what caught the fault; fails when nothing did. */
function mustBeCaught(name: string, caught: Caught | null): void {
  found.push([name, caught]);
  expect(caught, 'what caught it').not.toBeNull();
}

function line([fault, caught]: (typeof found)[number]): string {
  return `${fault}: ${caught ? `${caught.by} (${caught.where}: ${caught.what})` : 'NOT CAUGHT'}`;
}

/** How many faults each kind of finding caught. */
function summary(): string {
  const kinds = new Map<string, number>();
  for (const [, caught] of found) kinds.set(caught?.by ?? 'nothing', (kinds.get(caught?.by ?? 'nothing') ?? 0) + 1);
  return `${found.length} faults, caught by ${[...kinds].map(([by, count]) => `${by} (${count})`).join(', ')}`;
}

it('the design without a fault passes the fixed set, frames queued at the door included', async () => {
  expect(await firstCaught(verilog)).toBeNull();
  expect(await firstQueueCaught(await buildMachine(verilog, { cacheDir: testCache }))).toBeNull();
});

it('every fault stands in its module exactly once and changes it', () => {
  expect(DESIGN_FAULTS.length + IMAGE_FAULTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set([...DESIGN_FAULTS, ...IMAGE_FAULTS].map(({ name }) => name)).size).toBe(
    DESIGN_FAULTS.length + IMAGE_FAULTS.length,
  );
  const astray = DESIGN_FAULTS.filter((fault) => verilog.get(fileOf(fault))!.split(fault.from).length !== 2);
  expect(astray.map(({ module, name }) => `${module}: ${name}`)).toEqual([]);
  expect(DESIGN_FAULTS.filter(({ from, to }) => from === to)).toEqual([]);
  for (const { name, on, edit } of IMAGE_FAULTS) expect(edit(cases[on].plan), name).not.toEqual(cases[on].plan.images);
});

describe('a fault in what the machine is loaded with is caught', () => {
  it.each(IMAGE_FAULTS)('by golden model and program simulator alone: $name', ({ on, edit }) => {
    expect(programVerdict(cases[on], edit(cases[on].plan))).not.toBeNull();
  });

  it.each(IMAGE_FAULTS)('where only the Verilog has it: $name', async ({ name, on, edit }) => {
    const binary = await buildMachine(verilog, { cacheDir: testCache });
    mustBeCaught(`images: ${name}`, await loadedVerdict(cases[on], binary, edit(cases[on].plan)));
  });
});

describe.concurrent('a fault in the Verilog is caught', () => {
  it.each(DESIGN_FAULTS.filter(({ sample }) => whole || sample))('$module: $name', async (fault) => {
    const changed = mutate(fault);
    const binary = await buildMachine(changed, { cacheDir: testCache });
    const caught = fault.queued ? await firstQueueCaught(binary) : await firstCaught(changed);
    mustBeCaught(`${fault.module}: ${fault.name}`, caught);
  });
});
