/** One row: the network written, compiled for its machine, and verified in RTL simulation, through the `systole` command. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { npy, npz } from '../../examples/shapes/npz.mjs';
import { ROOT, systole } from '../lib/systole.mjs';

/** Random inputs: the weights are random too, and cycles do not depend on either. */
const CALIBRATION_SAMPLES = 2;
const IMAGES = 1;
const MEGAHERTZ = 100;
/** What the compiler says of a network that its machine cannot take; any other error is a fault. */
const REFUSALS = ['memory-too-small', 'network-unsupported', 'accumulator-range'];

/**
 * @param {any} row one of ROWS
 * @param {string} folder where its files go
 * @returns {Promise<any>} its figures; `refusal` instead of them where the compiler refuses the row
 * @throws {Error} where anything fails that is no refusal
 */
export async function runRow(row, folder) {
  const { network, precision, machine, peer } = row;
  const aim = { utilization: row.utilization ?? null, cycles: row.cycles ?? null };
  const base = { network, precision, machine, peer, aim };
  const dir = `${folder}/${machine}`;
  const made = await compile(row, dir, await inputs(network, folder));
  if (made.refusal !== undefined) return { ...base, refusal: made.refusal };
  const { code, seconds, result } = await systole(['verify', dir, '--random', `${IMAGES}`]);
  const { planCycles, waterfall } = made.result;
  const sum = Object.values(waterfall).reduce((total, cycles) => total + cycles, 0);
  if (sum !== planCycles) throw new Error(`${machine}: the waterfall adds up to ${sum} of ${planCycles} cycles`);
  return {
    ...base,
    refusal: null,
    ...{ cycles: result.cycles, planCycles, interval: result.interval, utilization: result.utilization, waterfall },
    milliseconds: Number((result.cycles / (MEGAHERTZ * 1000)).toFixed(4)),
    bitExact: code === 0 && result.bitExact,
    seconds: { compile: Number(made.seconds.toFixed(1)), verify: Number(seconds.toFixed(1)) },
  };
}

/** Whether a row has what is asked of it. */
export function reaches({ aim, utilization, cycles }) {
  return aim.cycles === null ? utilization >= aim.utilization : cycles <= aim.cycles;
}

async function compile({ machine, options }, dir, { model, calibration }) {
  const file = `${ROOT}machines/bench/${machine}.json`;
  const data = options.length === 0 ? [] : ['--calibration', calibration];
  try {
    return await systole(['compile', model, '-o', dir, '--force', '--machine', file, ...options, ...data]);
  } catch (error) {
    if (!REFUSALS.includes(error.refusal?.code)) throw error;
    const { message, where, actual } = error.refusal;
    return { refusal: [message, where, actual].filter((text) => text !== null).join('; ') };
  }
}

/** The network and random samples of its input as files. */
async function inputs(name, folder) {
  const { BENCH_NETWORKS } = await import('../../dist/scripts/bench-networks/table.js');
  const { randomSource } = await import('../../dist/src/base/random.js');
  const { write, inputShape, range } = BENCH_NETWORKS.find((network) => network.name === name);
  const model = `${folder}/${name}.onnx`;
  const calibration = `${folder}/${name}-calibration.npz`;
  if (existsSync(calibration)) return { model, calibration };
  mkdirSync(folder, { recursive: true });
  writeFileSync(model, write());
  const random = randomSource(1);
  const [low, high] = range;
  const size = inputShape.reduce((product, n) => product * n, CALIBRATION_SAMPLES);
  const values = Float32Array.from({ length: size }, () => low + (high - low) * random.uniform());
  writeFileSync(calibration, npz({ inputs: npy('<f4', [CALIBRATION_SAMPLES, ...inputShape.slice(1)], values) }));
  return { model, calibration };
}
