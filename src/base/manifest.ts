/** manifest.json: what a project holds and all that is needed to make the same bytes again. */
import { z } from 'zod';
import { prettyJson } from './canonical-json.js';
import { SystoleError } from './error.js';
import { PROJECT_PATHS } from './project-layout.js';
import { sha256 } from './sha256.js';

export type ManifestValue = string | number | boolean | null | ManifestObject | readonly ManifestValue[];
export interface ManifestObject {
  readonly [name: string]: ManifestValue;
}

export interface ManifestInput {
  /** 'model', 'calibration', ... */
  readonly role: string;
  /** Base name: no folder of the machine that compiled it. */
  readonly name: string;
  readonly sha256: string;
}

export const EXACTNESS_WORDS = ['exact', 'exact-in-range', 'approximate'] as const;
export type ExactnessWord = (typeof EXACTNESS_WORDS)[number];

/** As the ledger writes it for people. */
export function exactnessText({ exactness, maxCodes }: Pick<ManifestLayer, 'exactness' | 'maxCodes'>): string {
  if (exactness === 'exact') return 'exact';
  if (exactness === 'exact-in-range') return 'exact in the proven range';
  return `approximate, at most ${maxCodes} code${maxCodes === 1 ? '' : 's'}`;
}

/** One layer of the plan, in the order of the program. */
export interface ManifestLayer {
  readonly name: string;
  /** Cycles in which the array works on it or waits for it, by the compiler's count. */
  readonly planCycles: number;
  readonly usefulDigitMacs: number;
  /**
   * exact: everything reachable was tried; exact-in-range: all steps coincide over the range of the accumulator, not every
   * value was tried; approximate: with the number of accumulator values that differ, and the largest difference in codes.
   */
  readonly exactness: ExactnessWord;
  readonly differing: number;
  readonly maxCodes: number;
}

export interface Manifest {
  readonly format: 1;
  /** Version of Systole. */
  readonly systole: string;
  readonly network: string;
  readonly machine: string;
  /** 0x and 16 hexadecimal digits. */
  readonly identity: string;
  readonly inputs: readonly ManifestInput[];
  readonly options: ManifestObject;
  readonly planCycles: number;
  /** Cycles from frame to frame where the next one always waits; null where nobody counted them. */
  readonly planInterval: number | null;
  readonly usefulDigitMacs: number;
  readonly layers: readonly ManifestLayer[];
  /** Path -> SHA-256 of every file but the manifest itself. */
  readonly files: Readonly<Record<string, string>>;
}

export type ManifestSource = Omit<Manifest, 'format' | 'files'>;

/** The text of manifest.json for these files; equal inputs give equal bytes. */
export function buildManifest(files: ReadonlyMap<string, string | Uint8Array>, source: ManifestSource): string {
  const hashes = [...files]
    .filter(([path]) => path !== PROJECT_PATHS.manifest)
    .map(([path, data]) => [path, sha256(data)]);
  const manifest: Manifest = { format: 1, ...source, files: Object.fromEntries(hashes) };
  return prettyJson(manifest);
}

/** A machine's identity as the manifest writes it. */
export const identityText = (identity: bigint) => `0x${identity.toString(16).padStart(16, '0')}`;

const value: z.ZodType<ManifestValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(value), z.record(z.string(), value)]),
);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** Below the project's folder, with no way out of it. */
const path = z.string().regex(/^(?!\.{1,2}\/)[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/);
const schema = z.strictObject({
  format: z.literal(1),
  systole: z.string(),
  network: z.string(),
  machine: z.string(),
  identity: z.string().regex(/^0x[0-9a-f]{16}$/),
  inputs: z.array(z.strictObject({ role: z.string(), name: z.string(), sha256: hash })),
  options: z.record(z.string(), value),
  planCycles: z.number().int().positive(),
  planInterval: z.number().int().positive().nullable(),
  usefulDigitMacs: z.number().int().nonnegative(),
  layers: z.array(
    z.strictObject({
      name: z.string(),
      planCycles: z.number().int().nonnegative(),
      usefulDigitMacs: z.number().int().nonnegative(),
      exactness: z.enum(EXACTNESS_WORDS),
      differing: z.number().int().nonnegative(),
      maxCodes: z.number().int().nonnegative(),
    }),
  ),
  files: z.record(path, hash),
});

/** Errors: project-invalid with the first field that is wrong. */
export function parseManifest(text: string, where: string): Manifest {
  const found = schema.safeParse(fromJson(text));
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw new SystoleError('project-invalid', 'the manifest is damaged', {
    where: issue && issue.path.length > 0 ? `${where}: ${issue.path.join('.')}` : where,
    ...(issue ? { actual: issue.message } : {}),
    hint: 'compile the model again',
  });
}

/** undefined for text that is no JSON: the schema refuses it. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
