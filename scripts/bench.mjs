/**
 * `npm run bench [-- --quick | --row NAME]`: measures compile, verify, cycles, utilization, accuracy and simulation speed through
 * the `systole` command; prints tables, and writes docs/benchmarks.md and docs/benchmarks.json (not with --quick or --row).
 * --row runs the rows of scripts/bench/rows.mjs alone whose machine's name holds NAME.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { rowsOf, SPEED_ROWS } from '../dist/scripts/bench/rows.js';
import { inputFile, isPresent, NETWORKS } from './bench/data.mjs';
import { page, SECTIONS } from './bench/page.mjs';
import { reaches, runRow } from './bench/row.mjs';
import { buildSeconds, simulationSpeed } from './bench/speed.mjs';
import { capture, ROOT, systole } from './lib/systole.mjs';

const OPTIONS = { quick: { type: 'boolean', default: false }, row: { type: 'string' } };
const { quick, row: only } = parseArgs({ options: OPTIONS }).values;
const partial = quick || only !== undefined;
const FOLDER = `${ROOT}.cache/bench`;
const MEGAHERTZ = 100;
const BUILD_MACHINE = 'resnet-18-1x32x32';
const VERIFY_IMAGES = 2;

const results = {
  environment: {
    node: process.versions.node,
    verilator: (await capture('verilator', ['--version'])).stdout.trim().split(' ').slice(0, 2).join(' '),
    cores: availableParallelism(),
  },
  rows: [],
  machine: '1x16x16',
  time: [],
  networks: [],
  accuracy: [],
  simulation: [],
  skipped: [],
};
const round = (value, digits) => Number(value.toFixed(digits));
const say = (text) => console.error(text);

/** Compiles once per network and precision; returns the directory and the seconds it took. */
const compiled = new Map();
async function compile(key, weights) {
  const dir = `${FOLDER}/${key}-w${weights}`;
  const known = compiled.get(dir);
  if (known !== undefined) return known;
  say(`compile ${key}, ${weights}-bit weights`);
  const options = ['--weights', `${weights}`, '--activations', '8', '--ends', '8', '--machine', results.machine];
  const data = ['--calibration', inputFile(FOLDER, key)];
  const { seconds } = await systole(['compile', NETWORKS[key].model, '-o', dir, '--force', ...options, ...data]);
  compiled.set(dir, { dir, seconds });
  return { dir, seconds };
}

function present(key, section) {
  if (isPresent(NETWORKS[key])) return true;
  const text = `${NETWORKS[key].title} (../shared/models/${NETWORKS[key].title}.onnx is absent)`;
  results.skipped.push({ section, text });
  say(`skipped: ${text}`);
  return false;
}

async function rows() {
  for (const row of rowsOf({ quick, only })) {
    say(`${row.network} on ${row.machine}`);
    const made = await runRow(row, FOLDER);
    const reached = made.refusal === null && reaches(made) ? 'reached' : 'NOT REACHED';
    const figures = made.refusal ?? `${made.cycles} cycles, ${(100 * made.utilization).toFixed(1)} %`;
    say(`  ${figures}; what is asked is ${reached}`);
    results.rows.push(made);
  }
}

async function times() {
  say('build');
  const start = process.hrtime.bigint();
  const build = await capture('npm', ['run', 'build']);
  if (build.code !== 0) throw new Error(`npm run build failed\n${build.stderr}${build.stdout}`);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  results.time.push({ what: 'npm run build', seconds: round(seconds, 1), aim: null });
  if (!present('resnet8', 'time')) return;
  const made = await compile('resnet8', 3);
  results.time.push({ what: 'compile resnet8-float, 3-bit weights', seconds: round(made.seconds, 1), aim: 10 });
  const verify = ['verify', made.dir, '--input', inputFile(FOLDER, 'resnet8', VERIFY_IMAGES)];
  say('verify resnet8, the simulator built where it is missing');
  await systole(verify);
  const again = await systole(verify);
  const what = `verify resnet8-float, ${VERIFY_IMAGES} images, cached`;
  results.time.push({ what, seconds: round(again.seconds, 1), aim: 20 });
}

async function networks() {
  const all = [
    ['resnet8', 3],
    ['shapes', 3],
    ['shapes', 1],
    ['mnist', 3],
    ['resnet8', 1],
    ['resnet8', 8],
  ];
  for (const [key, weights] of quick ? all.slice(0, 2) : all) {
    if (!present(key, 'networks')) continue;
    const { dir } = await compile(key, weights);
    say(`verify ${key}, ${weights}-bit weights`);
    const { code, result } = await systole(['verify', dir, '--input', inputFile(FOLDER, key, VERIFY_IMAGES)]);
    results.networks.push({
      network: NETWORKS[key].title,
      weights,
      cycles: result.cycles,
      planCycles: result.planCycles,
      utilization: round(result.utilization, 4),
      milliseconds: round(result.cycles / (MEGAHERTZ * 1000), 4),
      images: result.images,
      bitExact: code === 0 && result.bitExact,
    });
  }
}

async function accuracy() {
  for (const key of quick ? ['shapes'] : ['shapes', 'mnist', 'resnet8']) {
    if (!present(key, 'accuracy')) continue;
    for (const weights of quick ? [3] : [8, 3, 1]) {
      const { dir } = await compile(key, weights);
      const data = inputFile(FOLDER, key, quick ? 200 : NETWORKS[key].count);
      say(`evaluate ${key}, ${weights}-bit weights`);
      const { result } = await systole(['evaluate', dir, '--data', `${data}:inputs`, '--labels', `${data}:labels`]);
      const { images, correct, floatTop1, agreement, imagesPerSecond } = result;
      const figures = { images, correct, floatTop1, agreement, imagesPerSecond: Math.round(imagesPerSecond) };
      results.accuracy.push({ network: NETWORKS[key].title, weights, ...figures });
    }
  }
}

async function simulation() {
  for (const row of quick ? SPEED_ROWS.slice(-1) : SPEED_ROWS) {
    say(`simulation speed of ${row.machine}`);
    const made = await simulationSpeed(row, FOLDER);
    results.simulation.push(made);
    if (made.refusal !== null || row.machine !== BUILD_MACHINE) continue;
    say(`build of ${row.machine}`);
    const seconds = await buildSeconds(`${FOLDER}/${row.machine}`);
    results.time.push({ what: `simulator of ${row.machine} from nothing`, seconds: round(seconds, 1), aim: 60 });
  }
}

try {
  rmSync(FOLDER, { recursive: true, force: true });
  await rows();
  if (only === undefined) for (const measure of [times, networks, accuracy, simulation]) await measure();
  for (const [key, print] of Object.entries(SECTIONS)) {
    const found = results[key] ?? results.rows;
    if (found.length > 0) console.log(`\n${key}\n${print(found)}`);
  }
  if (partial) say('\nonly a part: docs/benchmarks.md is left as it is');
  else {
    writeFileSync(`${ROOT}docs/benchmarks.md`, page(results));
    writeFileSync(`${ROOT}docs/benchmarks.json`, `${JSON.stringify(results, null, 2)}\n`);
  }
  process.exitCode = [...results.networks, ...results.rows.filter(({ refusal }) => refusal === null)].every(
    (row) => row.bitExact && row.cycles === row.planCycles,
  )
    ? 0
    : 1;
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
