/**
 * `npm run fuzz`: mutations of model files into the reader. Each ends in a graph or in a refusal; anything else is a
 * defect, whose file is kept. Exit code 1 where there is one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openProgress } from '../../src/cli/frame/progress.js';
import { processTerminal } from '../../src/cli/frame/terminal.js';
import { fuzzCase } from './case.js';
import { modelsIn, readModel } from './models.js';
import { fuzz } from './watch.js';

const USAGE = `usage: npm run fuzz -- [--count N] [--first N] [--seed N] [--seconds N] [MODEL.onnx...]
  --count N     mutations (default 20000)
  --first N     number of the first (default 0): with --count 1, one case again
  --seed N      default 1
  --seconds N   no further mutation after so long (default 600)
  MODEL.onnx    default: the project's example, and ../shared/models where it is`;

/** Seen from dist/scripts/fuzz. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../../shared/models', import.meta.url));
const CASE_SECONDS = 20;
const MEMORY = 2 ** 31;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '20000' },
      first: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '600' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [count, first, seed, seconds] = [values.count, values.first, values.seed, values.seconds].map(wholeNumber) as [
    number,
    number,
    number,
    number,
  ];
  const own = () => [readModel(`${ROOT}examples/shapes/shapes.onnx`), ...modelsIn(SHARED)];
  const models = positionals.length > 0 ? positionals.map(readModel) : own();
  const progress = openProgress(processTerminal());
  const start = performance.now();
  const limits = { caseSeconds: CASE_SECONDS, memory: MEMORY };
  const onProgress = (done: number) => progress.count('mutations', done, count);
  const result = await fuzz({ models, seed, first, count, seconds, ...limits, onProgress });
  progress.stop();
  for (const { index, what, text } of result.findings) {
    const { model, kind, bytes } = fuzzCase(models, seed, index);
    const file = `${ROOT}.cache/fuzz/seed-${seed}-case-${index}.onnx`;
    mkdirSync(`${ROOT}.cache/fuzz`, { recursive: true });
    writeFileSync(file, bytes);
    console.log(
      `case ${index} (${model}, ${kind}): ${what}: ${text}\n  kept as .cache/fuzz/seed-${seed}-case-${index}.onnx`,
    );
  }
  const answers = Object.entries(result.answers).sort(([, a], [, b]) => b - a);
  console.log(answers.map(([answer, n]) => `${String(n).padStart(8)}  ${answer}`).join('\n'));
  const took = Math.round((performance.now() - start) / 1000);
  const peak = Math.round(result.peak / 2 ** 20);
  console.log(
    `${result.done} mutations of ${models.length} models in ${took} s, at most ${peak} MiB, ${result.findings.length} defects`,
  );
  return result.findings.length > 0 ? 1 : 0;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`'${text}' is no whole number`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`fuzz: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
