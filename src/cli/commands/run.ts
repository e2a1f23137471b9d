import type { Command } from 'commander';
import { SystoleError } from '../../base/error.js';
import { writeNpy } from '../../base/npy.js';
import { modelOutput, modelOutputs } from '../../quant/numerics.js';
import { type CompiledModel, readModel } from '../../runtime/model.js';
import { filesByName } from '../data/named-files.js';
import { addCommand, type Context, option, required, type Session } from '../frame/define.js';
import { cyclesText } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { facts } from '../frame/table.js';
import { positive, repeated, SEVERAL, whole } from '../frame/values.js';
import { isClassifier, predictedClass, type Score, topScores } from '../model/classes.js';
import { batchShape, clockOf, outputCodes, readFrames } from '../model/project.js';
import { defaultPlace, openRunner, type Place, place } from '../model/runner.js';
import { writeWhole } from '../write-file.js';

interface Options {
  readonly input: readonly string[];
  readonly output?: readonly string[];
  readonly on?: Place;
  readonly limit?: number;
  readonly codes?: true;
  readonly clock?: number;
}

const BEST = 3;

export function addRun(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'run <DIR>',
    summary: "Inference with a compiled directory: images in, the model's own output out",
    notes: [
      "Files hold the model's own real values as float32 in its own layout, batch first; the steps of compile's",
      '--preprocess are applied. With --codes they hold integer codes in that layout: in, those of the input; out,',
      "what leaves the machine (codes or accumulators, channels first), before the host's last steps.",
      'Simulators are built once for each machine and kept (systole doctor says where).',
    ],
    examples: [
      'systole run shapes --input images.npz --output scores.npy',
      'systole run shapes --input images.npz:inputs --limit 4 --on program',
    ],
    options: [
      required(option('-i, --input <FILE>', `FILE.npy or FILE.npz[:key]; ${SEVERAL}`, repeated)),
      option('-o, --output <FILE.npy>', 'where to write the output; NAME=FILE.npy for each of several', repeated),
      option('--on <place>', 'golden, program or verilator (default: verilator where installed, else program)', place),
      option('--limit <n>', 'only the first n images', whole(1)),
      option('--codes', 'integer codes in the files instead of real values'),
      option('--clock <MHz>', 'clock that the latency is quoted at (default: that of compile)', positive),
    ],
    run: ([folder], options, context) => run(folder!, options, context),
  });
}

async function run(folder: string, options: Options, { progress }: Context): Promise<Outcome> {
  const model = await readModel(folder);
  const frames = await readFrames(model, options);
  const on = options.on ?? (await defaultPlace());
  const runner = await openRunner(model, on, progress);
  const outputs: Int32Array[] = [];
  let cycles: number | null = null;
  try {
    for (const [i, frame] of frames.entries()) {
      const result = await runner.run(frame);
      outputs.push(result.output);
      cycles ??= result.cycles;
      progress.count('running', i + 1, frames.length);
    }
  } finally {
    await runner.close();
  }
  const made = results(model, outputs, options.codes ?? false);
  const files = outputFiles(
    made.map(({ name }) => name),
    options.output ?? [],
  );
  for (const { name, shape, data } of made) {
    const file = files.get(name);
    if (file !== undefined) await writeWhole(file, writeNpy({ shape, data }));
  }
  return outcome(model, options, {
    on,
    cycles,
    outputs,
    made: made.map((part) => ({ ...part, file: files.get(part.name) ?? null })),
  });
}

/** FILE for an only output; NAME=FILE for those of several that are wanted. */
function outputFiles(names: readonly string[], texts: readonly string[]): Map<string, string> {
  const wanted = names.filter((name) => names.length === 1 || texts.some((text) => text.startsWith(`${name}=`)));
  const odd = texts.find((text) => !wanted.some((name) => names.length === 1 || text.startsWith(`${name}=`)));
  if (odd !== undefined) {
    throw new SystoleError('usage-invalid', 'an output file needs the name of its output', {
      where: '--output',
      expected: names.map((name) => `--output ${name}=FILE.npy`).join(' '),
      actual: odd,
    });
  }
  if (texts.length === 0) return new Map();
  const files = filesByName(wanted, texts, '--output');
  return new Map(wanted.map((name, i) => [name, files[i]!]));
}

interface Result {
  readonly name: string;
  /** Of all images together. */
  readonly shape: readonly number[];
  readonly data: Int32Array | Float32Array;
}

/** The model's outputs, or with codes what leaves the machine. */
function results({ network }: CompiledModel, outputs: readonly Int32Array[], codes: boolean): Result[] {
  if (codes) {
    const parts = outputs.map((raw) => outputCodes(network, raw));
    return network.outputs.map(({ name, shape }) => ({
      name,
      shape: batchShape(shape, outputs.length),
      data: joined(
        parts.map((part) => part.get(name)!),
        Int32Array,
      ),
    }));
  }
  const parts = outputs.map((raw) => modelOutputs(network, raw));
  return network.modelOutputs.map(({ name, shape }) => ({
    name,
    shape: batchShape(shape, outputs.length),
    data: joined(
      parts.map((part) => part.get(name)!),
      Float32Array,
    ),
  }));
}

function joined<T extends Int32Array | Float32Array>(parts: readonly T[], type: new (length: number) => T): T {
  const all = new type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Ran {
  readonly on: Place;
  readonly cycles: number | null;
  readonly outputs: readonly Int32Array[];
  readonly made: readonly (Result & { readonly file: string | null })[];
}

function outcome(model: CompiledModel, options: Options, { on, cycles, outputs, made }: Ran): Outcome {
  const clock = clockOf(model, options.clock);
  const images = outputs.length;
  const predictions = predictionsOf(model, outputs);
  const fallback = on === 'program' && options.on === undefined;
  const lines = [
    ['ran on', fallback ? 'the program simulator (Verilator is not installed: systole doctor)' : on],
    ['images', images],
    ...(cycles === null ? [] : [['cycles', `${cyclesText(cycles, clock)}, one image`]]),
    ...made.map(({ name, shape, file }) => [
      made.length === 1 ? 'output' : `output ${name}`,
      `[${shape.join(', ')}]${file === null ? '' : ` in ${file}`}`,
    ]),
  ] as [string, string | number][];
  const first = made[0]!;
  return {
    json: {
      ...{ on, images, output: first.file, shape: first.shape, cycles },
      outputs: made.map(({ name, shape, file }) => ({ name, shape, file })),
      ...{ clock, latencyMs: cycles === null ? null : cycles / (1000 * clock), predictions },
    },
    text: [facts(lines), ...(predictions ? [predictionText(predictions)] : [])].join('\n\n'),
  };
}

interface Prediction {
  readonly class: number;
  /** Best first; empty where the model itself gives the class only. */
  readonly top: readonly Score[];
}

/** null for a model that is no classifier. */
function predictionsOf({ network }: CompiledModel, outputs: readonly Int32Array[]): Prediction[] | null {
  if (!isClassifier(network)) return null;
  return outputs.map((raw) => {
    const scores = modelOutput(network, raw);
    return { class: predictedClass(network, scores), top: scores.length > 1 ? topScores(scores, BEST) : [] };
  });
}

const SHOWN = 20;

function predictionText(predictions: readonly Prediction[]): string {
  const lines = predictions.slice(0, SHOWN).map(({ class: index, top }, i) => {
    const scores = top.map((entry) => `${entry.class} (${Number(entry.score.toPrecision(4))})`).join(', ');
    return `image ${i}: class ${top.length > 0 ? scores : index}`;
  });
  const rest = predictions.length - lines.length;
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}
