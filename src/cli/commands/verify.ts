import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { exactnessText } from '../../base/manifest.js';
import { randomFrames } from '../../hdlgen/test-vectors.js';
import type { FrameCodes } from '../../quant/frame.js';
import { type CompiledModel, readModel } from '../../runtime/model.js';
import type { VerifyReport } from '../../runtime/verify/report.js';
import { verifyProject } from '../../runtime/verify/verify-project.js';
import { addCommand, type Context, option, type Session } from '../frame/define.js';
import { cyclesText, percent, rateText } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { shellCommand } from '../frame/shell.js';
import { facts, shortNames, table } from '../frame/table.js';
import { repeated, SEVERAL, whole } from '../frame/values.js';
import { asPlanned } from '../model/as-planned.js';
import { divergenceText } from '../model/divergence-text.js';
import { clockOf, exclusive, readFrames } from '../model/project.js';
import { STALLS } from '../model/stalls.js';
import { cacheFolder } from '../package.js';
import { makeWhole } from '../write-file.js';

interface Options {
  readonly input?: readonly string[];
  readonly random?: number;
  readonly limit?: number;
  readonly codes?: true;
  readonly seed: number;
  readonly stalls?: true;
  readonly trace?: string;
  readonly jobs: number;
}

const RANDOM_IMAGES = 2;

export function addVerify(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'verify <DIR>',
    summary: 'Golden model = program simulator = Verilog in Verilator, every layer, every bit',
    notes: [
      `Without --input and --random, ${RANDOM_IMAGES} images of random codes. Each runs alone; some run once more in one go, the next`,
      'waiting while one computes. Exit code 3 where a bit differs, or where the simulated cycles are not the planned ones;',
      'the first divergence and the command that replays it are printed.',
    ],
    examples: [
      'systole verify shapes --input images.npz --stalls',
      'systole verify shapes --random 4 --seed 7 --trace wave.fst',
    ],
    options: [
      option('-i, --input <FILE>', `images: FILE.npy or FILE.npz[:key]; ${SEVERAL}`, repeated),
      option('--random <n>', 'n images of random codes instead', whole(1)),
      option('--limit <n>', 'only the first n images of --input', whole(1)),
      option('--codes', 'the file holds integer codes, not real values'),
      option('--seed <n>', 'of random images, stalls, and what memories start with', whole(0, 2 ** 32 - 1), 1),
      option('--stalls', 'run every image again with random stalls on both streams'),
      option('--trace <FILE.fst>', 'waveform of the first divergence, or of the first image'),
      option('--jobs <n>', 'simulators at once', whole(1, 256), availableParallelism()),
    ],
    run: ([folder], options, context) => verify(folder!, options, context),
  });
}

async function verify(folder: string, options: Options, { progress }: Context): Promise<Outcome> {
  if (options.input !== undefined && options.random !== undefined) throw exclusive('--input', '--random');
  const model = await readModel(folder);
  const frames = await framesOf(model, options);
  const { seed, jobs, stalls, trace } = options;
  const work = (wave?: string) =>
    verifyProject(model, frames, {
      ...{ cacheDir: cacheFolder(), seed, jobs: Math.min(jobs, frames.length) },
      ...{ pipelined: true, ...(stalls && { stalls: STALLS }) },
      ...(wave !== undefined && { wave }),
      onProgress: progress.stage,
      onFrame: (done, total) => progress.count('verifying', done, total),
    });
  const report = await (trace === undefined ? work() : makeWhole(trace, work));
  return outcome(folder, model, options, report);
}

function framesOf(model: CompiledModel, { input, random, limit, codes, seed }: Options): Promise<FrameCodes[]> {
  if (input !== undefined) return readFrames(model, { input, ...(limit && { limit }), ...(codes && { codes }) });
  const { network, layout } = model;
  return Promise.resolve(randomFrames({ network, inputs: layout.inputs }, random ?? RANDOM_IMAGES, seed));
}

function outcome(folder: string, model: CompiledModel, options: Options, report: VerifyReport): Outcome {
  const passed = report.bitExact && asPlanned(report);
  const replay = passed ? null : replayCommand(folder, options);
  return {
    json: { ...report, replay, trace: options.trace ?? null },
    text: page(model, options, report, replay),
    exitCode: passed ? 0 : 3,
  };
}

/** The same options again, with a waveform. */
function replayCommand(folder: string, options: Options): string {
  const { input, random, limit, codes, seed, stalls, jobs, trace } = options;
  return shellCommand([
    ...['systole', 'verify', folder],
    ...(input === undefined ? ['--random', `${random ?? RANDOM_IMAGES}`] : input.flatMap((file) => ['--input', file])),
    ...(limit === undefined ? [] : ['--limit', `${limit}`]),
    ...(codes ? ['--codes'] : []),
    ...['--seed', `${seed}`],
    ...(stalls ? ['--stalls'] : []),
    ...['--jobs', `${jobs}`, '--trace', trace ?? 'divergence.fst'],
  ]);
}

function page(model: CompiledModel, options: Options, report: VerifyReport, replay: string | null): string {
  const { images, cycles, planCycles, interval, planInterval, layers, firstDivergence } = report;
  const clock = clockOf(model, undefined);
  const names = shortNames(layers.map(({ name }) => name));
  const words = model.project.manifest.layers.map(exactnessText);
  const rows = layers.map((layer, i) => [names[i]!, layer.cycles, percent(layer.utilization), words[i]!]);
  const columns = [
    { title: 'layer' },
    { title: 'cycles', right: true },
    { title: 'utilization', right: true },
    { title: 'integers against reals' },
  ];
  const held = (count: number, plan: number | null) => (count === plan ? 'as planned' : `NOT AS PLANNED: ${plan}`);
  const lines: [string, string | number][] = [
    ['verdict', verdict(report)],
    ['images', `${images}${options.stalls ? ', each again with stalls' : ''}`],
    ['cycles', cycles === null ? 'no image came out' : `${cyclesText(cycles, clock)}, ${held(cycles, planCycles)}`],
    ...(interval === null
      ? []
      : [['steady rate', `${rateText(interval, clock)}, ${held(interval, planInterval)}`] as [string, string]]),
    ...(report.utilization === null ? [] : [['utilization', percent(report.utilization)] as [string, string]]),
    ...(options.trace === undefined ? [] : [['waveform', options.trace] as [string, string]]),
  ];
  const found = firstDivergence ? [divergenceText(firstDivergence)] : [];
  const again = replay === null ? [] : [`replay it with\n  ${replay}`];
  return [table(columns, rows), facts(lines), ...found, ...again].join('\n\n');
}

function verdict({ bitExact, images, mismatches }: VerifyReport): string {
  if (bitExact) return 'bit-exact: golden model = program simulator = Verilog, every layer, every bit';
  return `MISMATCH in ${mismatches} of ${images} images`;
}
