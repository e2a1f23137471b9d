/** Everything in a compiled project, manifest included. */
import { machineIdentity } from '../arch/identity.js';
import { layersOfRecords } from '../arch/plan/pairs.js';
import type { Plan } from '../arch/plan/plan.js';
import { layoutToJson } from '../arch/plan/plan-layout.js';
import type { CycleCount } from '../arch/timing/count-cycles.js';
import { prettyJson } from '../base/canonical-json.js';
import {
  buildManifest,
  exactnessText,
  identityText,
  type ManifestInput,
  type ManifestLayer,
  type ManifestObject,
} from '../base/manifest.js';
import { HARDWARE, PROJECT_PATHS } from '../base/project-layout.js';
import type { Exactness } from '../quant/network.js';
import { networkToBytes } from '../quant/serialize.js';
import { hardwareFiles } from './hardware.js';
import { hostFiles } from './host-files.js';
import { programFiles } from './memory-images.js';
import { registersTable } from './registers-table.js';
import { renderTemplate } from './render.js';
import { type TemplateSource, templateText } from './templates.js';
import { goldenVectors, randomFrames } from './test-vectors.js';
import { testbenchFiles } from './testbench.js';

export interface ProjectInput {
  readonly plan: Plan;
  /** countCycles(plan.machine, plan.images). */
  readonly cycles: CycleCount;
  /** countInterval(plan.machine, plan.images); it takes several times as long, so it may be left out. */
  readonly interval?: number;
  readonly templates: TemplateSource;
  /** Version of Systole. */
  readonly systole: string;
  /** The files it was made from, by base name. */
  readonly inputs: readonly ManifestInput[];
  /** The options of the command, as it was given them. */
  readonly options: ManifestObject;
  /** Of the random frames that test bench and C host program carry; default 1. */
  readonly vectorSeed?: number;
  /** Files of the caller's to keep in the project, `preprocess.json` say. */
  readonly extra?: ReadonlyMap<string, string | Uint8Array>;
}

/** Random frames with golden results that test bench and C host program carry. */
const VECTORS = 2;

/**
 * The whole project: path -> contents, `manifest.json` last. Equal inputs give equal bytes.
 * writeProject (runtime) puts it on disk.
 */
export function projectFiles(input: ProjectInput): Map<string, string | Uint8Array> {
  const { plan, cycles, templates } = input;
  const { machine, network, images } = plan;
  const planCycles = cycles.cycles;
  const vectorSeed = input.vectorSeed ?? 1;
  const vectors = goldenVectors(plan, randomFrames(plan, VECTORS, vectorSeed));
  const layers = manifestLayers(plan, cycles);
  const files = new Map<string, string | Uint8Array>([
    [PROJECT_PATHS.machine, prettyJson(machine)],
    [PROJECT_PATHS.network, networkToBytes(network)],
    ['README.md', readme(input, layers)],
    ...hardwareFiles(machine, templates),
    ...programFiles(images, machine.fetchWords),
    [PROJECT_PATHS.layout, layoutToJson(plan)],
    ...testbenchFiles({ machine, images, vectors, planCycles, templates }),
    ...hostFiles({ plan, planCycles, templates, vectors, vectorSeed }),
    ...(input.extra ?? []),
  ]);
  const manifest = buildManifest(files, {
    systole: input.systole,
    network: network.name,
    machine: machine.name,
    identity: identityText(machineIdentity(machine)),
    inputs: input.inputs,
    options: input.options,
    planCycles,
    planInterval: input.interval ?? null,
    usefulDigitMacs: plan.usefulDigitMacs,
    layers,
  });
  return files.set(PROJECT_PATHS.manifest, manifest);
}

/** One entry a layer of the plan; a layer made of several of the network's is exact when all of them are. */
export function manifestLayers(plan: Plan, cycles: CycleCount): ManifestLayer[] {
  const exactness = new Map(plan.network.layers.map((layer) => [layer.name, layer.exactness]));
  const records = layersOfRecords(plan.program, plan.turns);
  const cyclesOf = (layer: number) =>
    cycles.layers.reduce((sum, record, i) => (records[i] === layer ? sum + record.cycles : sum), 0);
  return plan.layers.map(({ name, sources, usefulDigitMacs }, i) => {
    const kinds = sources.map((source) => exactness.get(source));
    const parts = kinds.filter(isApproximate);
    const wholly = kinds.every((kind) => kind?.kind !== 'exact-in-range');
    return {
      name,
      planCycles: cyclesOf(i),
      usefulDigitMacs,
      exactness: parts.length > 0 ? 'approximate' : wholly ? 'exact' : 'exact-in-range',
      differing: parts.reduce((sum, part) => sum + part.differing, 0),
      maxCodes: parts.reduce((most, part) => Math.max(most, part.maxCodes), 0),
    };
  });
}

function isApproximate(exactness: Exactness | undefined): exactness is Extract<Exactness, { kind: 'approximate' }> {
  return exactness?.kind === 'approximate';
}

function readme({ plan, cycles, templates, systole }: ProjectInput, layers: readonly ManifestLayer[]): string {
  const { machine, network } = plan;
  const { rows, cols, lanes, activationDigit, weightDigit } = machine;
  const name = 'README.md.hbs';
  return renderTemplate(name, templateText(templates, name), {
    ...{ title: plainText(network.name), version: systole, machine: machine.name, top: HARDWARE.top },
    ...{ rows, cols, lanes, activationDigit, weightDigit },
    planCycles: cycles.cycles,
    exact: layers.filter((layer) => layer.exactness === 'exact').length,
    layerCount: layers.length,
    vectors: VECTORS,
    layers: layers.map((layer) => ({ ...layer, name: plainText(layer.name), exactnessText: exactnessText(layer) })),
    registers: registersTable().trimEnd(),
  });
}

/** Names come from the model: nothing in them may act as Markdown. */
const plainText = (text: string) => text.replace(/[^\w .:/+-]/g, '_');
