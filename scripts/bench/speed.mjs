/** How fast the Verilated machine is, and how long its build takes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { buildMachine } from '../../dist/src/runtime/links/verilated.js';
import { readModel } from '../../dist/src/runtime/model.js';
import { systole } from '../lib/systole.mjs';
import { compileRow } from './row.mjs';

/**
 * Digit-MACs of the array a second: all that its multipliers do in the cycles of an image, and the useful ones of them. By the difference
 * of two runs, one image and several, so that start-up cancels.
 * @param {any} row one of SPEED_ROWS
 * @param {string} folder where its files go
 */
export async function simulationSpeed(row, folder) {
  const { network, machine, images, macsPerSecond: aim } = row;
  const made = await compileRow(row, folder);
  if (made.refusal !== undefined) return { network, machine, aim, refusal: made.refusal };
  const run = (limit) =>
    systole(['run', made.dir, '--input', made.samples, '--limit', `${limit}`, '--on', 'verilator']);
  // The first one builds the simulator where it is missing.
  await run(1);
  const one = await run(1);
  const several = await run(images);
  const perImage = (several.seconds - one.seconds) / (images - 1);
  const { planCycles, usefulDigitMacs, machine: array } = made.result;
  const perSecond = (count) => Math.round(count / perImage);
  return {
    ...{ network, machine, aim, refusal: null, cyclesPerSecond: perSecond(planCycles) },
    macsPerSecond: perSecond(planCycles * array.rows * array.cols * array.lanes),
    usefulPerSecond: perSecond(usefulDigitMacs),
  };
}

/** Seconds from nothing to the simulator of a compiled project. */
export async function buildSeconds(dir) {
  const { verilog } = await readModel(dir);
  const cacheDir = mkdtempSync(`${tmpdir()}/systole-bench-`);
  try {
    const start = process.hrtime.bigint();
    await buildMachine(verilog, { cacheDir });
    return Number(process.hrtime.bigint() - start) / 1e9;
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}
