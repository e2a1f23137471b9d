/**
 * `npm run demo`: the example network of examples/shapes becomes two accelerator programs, with 3-bit and with
 * binary weights, both run in Verilator on images it never saw, and every bit is compared.
 * Exit code 1 where anything differs or fails.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { renderedSet } from '../examples/shapes/make-data.mjs';
import { npyFloats } from '../examples/shapes/npz.mjs';
import { asciiLines, colourLines, pngStrip } from '../examples/shapes/picture.mjs';
import { CLASSES, renderShape, SEEDS, SIZE } from '../examples/shapes/render.mjs';
import { ROOT, systole } from './lib/systole.mjs';

const MODEL = `${ROOT}examples/shapes/shapes.onnx`;
const MACHINE = '1x16x16';
const VARIANTS = [
  { key: 'w3', title: '3-bit weights, 8-bit activations (first and last layer 8-bit)', weights: 3 },
  { key: 'w1', title: 'binary weights, 8-bit activations (first and last layer 8-bit)', weights: 1 },
];

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '6' },
    seed: { type: 'string', default: '4' },
    accuracy: { type: 'string', default: '1000' },
    clock: { type: 'string', default: '100' },
    output: { type: 'string', default: `${ROOT}.cache/demo` },
  },
});
const [imageCount, firstSeed, accuracyCount, megahertz] = ['images', 'seed', 'accuracy', 'clock'].map((name) => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < (name === 'seed' ? 0 : 1)) {
    console.error(`demo: --${name} must be a whole number, is '${options[name]}'`);
    process.exit(2);
  }
  return value;
});
const out = options.output;
const shown = Array.from({ length: imageCount }, (_, i) => renderShape(firstSeed + i));
const say = (text = '') => console.log(text);
const place = (path) => relative(process.cwd(), path) || '.';

function writeInputs() {
  mkdirSync(out, { recursive: true });
  writeFileSync(`${out}/images.npz`, renderedSet({ first: firstSeed, count: imageCount }));
  writeFileSync(`${out}/calibration.npz`, renderedSet(SEEDS.calibration));
  writeFileSync(`${out}/unseen.npz`, renderedSet({ ...SEEDS.unseen, count: accuracyCount }));
  const strip = shown.map(({ pixels }) => pixels);
  writeFileSync(`${out}/images.png`, pngStrip(strip, SIZE, { columns: Math.min(8, imageCount), zoom: 4 }));
}

/** Compile, run and verify in Verilator, evaluate; prints as it goes. */
async function build({ key, title, weights }) {
  const dir = `${out}/${key}`;
  say(`\n${title}`);
  const compile = ['compile', MODEL, '-o', dir, '--force', '--weights', `${weights}`, '--activations', '8'];
  const compiled = await systole([
    ...[...compile, '--ends', '8', '--machine', MACHINE, '--clock', `${megahertz}`],
    ...['--calibration', `${out}/calibration.npz`],
  ]);
  say(`  compiled      ${compiled.seconds.toFixed(1)} s, into ${place(dir)}`);
  const ran = await systole([
    'run',
    dir,
    '--input',
    `${out}/images.npz`,
    '--output',
    `${dir}.npy`,
    '--on',
    'verilator',
  ]);
  say(`  ran           ${imageCount} images in Verilator, ${ran.seconds.toFixed(1)} s (the simulator is built once)`);
  const { code, seconds, result } = await systole(['verify', dir, '--input', `${out}/images.npz`]);
  const exact = code === 0 && result.bitExact === true && result.mismatches === 0;
  const verdict = exact
    ? 'bit-exact: golden model = program simulator = Verilog, every layer'
    : `MISMATCH ${JSON.stringify(result.firstDivergence)}`;
  say(`  verified      ${verdict} (${result.images} images, ${seconds.toFixed(1)} s)`);
  const planned = result.cycles === result.planCycles;
  say(`  cycles        ${result.cycles}, planned ${result.planCycles}${planned ? '' : ' (DIFFERENT)'}`);
  const milliseconds = result.cycles / (megahertz * 1000);
  say(`  latency       ${milliseconds.toFixed(3)} ms an image at ${megahertz} MHz (clock assumed, no synthesis done)`);
  say(`  utilization   ${(100 * result.utilization).toFixed(1)} % of ${multipliers(result.machine)} multipliers`);
  const data = ['--data', `${out}/unseen.npz:inputs`, '--labels', `${out}/unseen.npz:labels`];
  const accuracy = (await systole(['evaluate', dir, ...data])).result;
  say(
    `  accuracy      ${percent(accuracy.top1)} of ${accuracy.images} unseen images (float model ${percent(accuracy.floatTop1)})`,
  );
  return { passed: exact && planned, predictions: predictionsOf(`${dir}.npy`) };
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const multipliers = (machine) => machine.rows * machine.cols * machine.lanes;

/** Class names, one an image: the largest of the ten scores that left the simulated hardware. */
function predictionsOf(path) {
  const scores = npyFloats(path);
  return shown.map((_, i) => {
    const row = scores.subarray(i * CLASSES.length, (i + 1) * CLASSES.length);
    return CLASSES[row.indexOf(Math.max(...row))];
  });
}

/** Pictures side by side with truth and predictions below; colour only on a terminal. */
function showPictures(results) {
  const terminal = process.stdout.isTTY === true;
  const lines = terminal && !process.env.NO_COLOR ? colourLines : asciiLines;
  const width = terminal ? process.stdout.columns : 106;
  const across = Math.max(1, Math.floor((width + 2) / (SIZE + 2)));
  for (let from = 0; from < shown.length; from += across) {
    const group = shown.slice(from, from + across);
    const pictures = group.map(({ pixels }) => lines(pixels, SIZE));
    say();
    for (let line = 0; line < SIZE / 2; line++) say(pictures.map((picture) => picture[line]).join('  '));
    const row = (text) =>
      say(
        group
          .map((image, i) => text(image, from + i).padEnd(SIZE))
          .join('  ')
          .trimEnd(),
      );
    row((image, i) => `seed ${firstSeed + i}: ${image.name}`);
    VARIANTS.forEach(({ weights }, v) => {
      const name = weights === 1 ? 'binary' : `${weights}-bit`;
      row((image, i) => `  ${name}: ${results[v].predictions[i]} (${verdictOn(image, results[v].predictions[i])})`);
    });
  }
}

const verdictOn = (image, prediction) => (prediction === image.name ? 'right' : 'wrong');

const start = Date.now();
try {
  say(
    `shapes: ten classes, ${SIZE} x ${SIZE} colour images; machine ${MACHINE}: 1 pixel x 16 channels x 16 inputs a cycle`,
  );
  writeInputs();
  const results = [];
  for (const variant of VARIANTS) results.push(await build(variant));
  showPictures(results);
  const passed = results.every((result) => result.passed);
  say(`\npictures: ${place(`${out}/images.png`)}`);
  say(`${passed ? 'all bits agree' : 'MISMATCH: see above'}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}
