import type { Command } from 'commander';
import { writeNpy } from '../../base/npy.js';
import { modelOutput } from '../../quant/numerics.js';
import { type CompiledModel, readModel } from '../../runtime/model.js';
import { addCommand, type Context, option, required, type Session } from '../frame/define.js';
import { cyclesText } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { facts } from '../frame/table.js';
import { positive, whole } from '../frame/values.js';
import { isClassifier, predictedClass, type Score, topScores } from '../model/classes.js';
import { batchShape, clockOf, outputCodes, readFrames } from '../model/project.js';
import { defaultPlace, openRunner, type Place, place } from '../model/runner.js';
import { writeWhole } from '../write-file.js';

interface Options {
  readonly input: string;
  readonly output?: string;
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
      required(option('-i, --input <FILE>', 'FILE.npy or FILE.npz[:key]')),
      option('-o, --output <FILE.npy>', 'where to write the outputs'),
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
  const { shape, data } = results(model, outputs, options.codes ?? false);
  if (options.output !== undefined) await writeWhole(options.output, writeNpy({ shape, data }));
  return outcome(model, options, { on, cycles, shape, outputs });
}

function results({ network }: CompiledModel, outputs: readonly Int32Array[], codes: boolean) {
  if (codes) {
    const data = joined(
      outputs.map((raw) => outputCodes(network, raw)),
      Int32Array,
    );
    return { shape: batchShape(network.outputs[0]!.shape, outputs.length), data };
  }
  const data = joined(
    outputs.map((raw) => modelOutput(network, raw)),
    Float32Array,
  );
  return { shape: batchShape(network.modelOutputs[0]!.shape, outputs.length), data };
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
  readonly shape: readonly number[];
  readonly outputs: readonly Int32Array[];
}

function outcome(model: CompiledModel, options: Options, { on, cycles, shape, outputs }: Ran): Outcome {
  const clock = clockOf(model, options.clock);
  const images = outputs.length;
  const predictions = predictionsOf(model, outputs);
  const fallback = on === 'program' && options.on === undefined;
  const lines = [
    ['ran on', fallback ? 'the program simulator (Verilator is not installed: systole doctor)' : on],
    ['images', images],
    ...(cycles === null ? [] : [['cycles', `${cyclesText(cycles, clock)}, one image`]]),
    ['output', `[${shape.join(', ')}]${options.output === undefined ? '' : ` in ${options.output}`}`],
  ] as [string, string | number][];
  return {
    json: {
      ...{ on, images, output: options.output ?? null, shape, cycles },
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
