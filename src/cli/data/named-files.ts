/** Files for each of a model's inputs. */
import { SystoleError } from '../../base/error.js';
import { type PreprocessSteps, preprocessFor } from '../../base/preprocess/steps.js';
import { realSamples } from './samples.js';
import { readTensorFile, type TensorFile } from './tensor-file.js';

export interface NamedInput {
  readonly name: string;
  /** Batch dimension 1 first. */
  readonly shape: readonly number[];
}

/** Values of every input, by name. */
export type NamedSample = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/**
 * The file of each name, in their order: FILE for an only one, else NAME=FILE.
 * @throws SystoleError usage-invalid where a name or a file is missing, unknown or given twice
 */
export function filesByName(names: readonly string[], texts: readonly string[], option: string): string[] {
  const wrong = (message: string, actual: string): SystoleError =>
    new SystoleError('usage-invalid', message, {
      where: option,
      expected: names.length === 1 ? `${option} FILE` : names.map((name) => `${option} ${name}=FILE`).join(' '),
      actual,
    });
  const found = new Map<string, string>();
  for (const text of texts) {
    const known = names.find((name) => text.startsWith(`${name}=`));
    const name = known ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined) throw wrong('a file needs the name that it belongs to', text);
    if (found.has(name)) throw wrong(`there are two files for ${name}`, text);
    found.set(name, known === undefined ? text : text.slice(name.length + 1));
  }
  return names.map((name) => {
    const file = found.get(name);
    if (file === undefined) throw wrong(`there is no file for ${name}`, texts.join(' ') || 'none');
    return file;
  });
}

/** @throws SystoleError of the files; data-shape where they hold different numbers of samples */
export async function readNamedSamples(
  inputs: readonly NamedInput[],
  texts: readonly string[],
  choices: {
    readonly option: string;
    readonly preprocess: { readonly steps: PreprocessSteps; readonly where: string } | null;
    readonly limit?: number | undefined;
  },
): Promise<{ readonly samples: NamedSample[]; readonly files: readonly TensorFile[] }> {
  const { option, preprocess, limit } = choices;
  const names = inputs.map(({ name }) => name);
  const files = await Promise.all(filesByName(names, texts, option).map(readTensorFile));
  const read = inputs.map(({ name, shape }, i) => {
    const steps = preprocess === null ? null : preprocessFor(preprocess.steps, name);
    const own = preprocess === null || steps === null ? null : { steps, where: preprocess.where };
    return realSamples(files[i]!, { shape, preprocess: own, limit });
  });
  const samples = alongside(
    files.map(({ where }) => where),
    read,
  );
  return {
    samples: samples.map((sample) => Object.fromEntries(sample.map((values, i) => [names[i]!, values]))),
    files,
  };
}

/** The i-th of each. @throws SystoleError data-shape for lists of different lengths */
export function alongside<T>(where: readonly string[], lists: readonly (readonly T[])[]): T[][] {
  const [first = []] = lists;
  const odd = lists.findIndex((list) => list.length !== first.length);
  if (odd < 0) return first.map((_, i) => lists.map((list) => list[i]!));
  throw new SystoleError('data-shape', 'the inputs have different numbers of samples', {
    where: where[odd]!,
    expected: `${first.length}`,
    actual: `${lists[odd]!.length}`,
  });
}
