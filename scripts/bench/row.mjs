/** One row: the network written, compiled for its machine, and verified in RTL simulation, through the `systole` command. */
import { ROOT, systole } from '../lib/systole.mjs';
import { networkFiles } from './network-files.mjs';
import { synthesize } from './synthesis.mjs';

/** Random inputs: the weights are random too, and cycles depend on neither. */
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
  const made = await compileRow(row, folder);
  if (made.refusal !== undefined) return { ...base, refusal: made.refusal };
  const { code, seconds, result } = await systole(['verify', made.dir, '--random', `${IMAGES}`]);
  const { planCycles, waterfall } = made.result;
  const sum = Object.values(waterfall).reduce((total, cycles) => total + cycles, 0);
  if (sum !== planCycles) throw new Error(`${machine}: the waterfall adds up to ${sum} of ${planCycles} cycles`);
  const synthesis = await synthesize(made.dir);
  return {
    ...base,
    refusal: null,
    ...{ cycles: result.cycles, planCycles, interval: result.interval, utilization: result.utilization, waterfall },
    milliseconds: Number((result.cycles / (MEGAHERTZ * 1000)).toFixed(4)),
    bitExact: code === 0 && result.bitExact,
    synthesis: synthesis?.figures ?? null,
    seconds: { compile: round(made.seconds), verify: round(seconds), synth: synthesis && round(synthesis.seconds) },
  };
}

/** Whether a row has what is asked of it. */
export function reaches({ aim, utilization, cycles }) {
  return aim.cycles === null ? utilization >= aim.utilization : cycles <= aim.cycles;
}

/**
 * Compiles a row: the directory, random samples of the network's input, the seconds it took and what the command says; or what it
 * refuses. @param {any} row network, machine and options
 */
export async function compileRow({ network, machine, options }, folder) {
  const dir = `${folder}/${machine}`;
  const { model, samples } = networkFiles(network, folder);
  const file = `${ROOT}machines/bench/${machine}.json`;
  const data = options.length === 0 ? [] : ['--calibration', samples, '--limit', `${CALIBRATION_SAMPLES}`];
  try {
    const made = await systole(['compile', model, '-o', dir, '--force', '--machine', file, ...options, ...data]);
    return { dir, samples, ...made };
  } catch (error) {
    if (!REFUSALS.includes(error.refusal?.code)) throw error;
    const { message, where, actual } = error.refusal;
    return { refusal: [message, where, actual].filter((text) => text !== null).join('; ') };
  }
}

const round = (seconds) => Number(seconds.toFixed(1));
