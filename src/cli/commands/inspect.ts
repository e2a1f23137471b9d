import type { Command } from 'commander';
import type { HostWork } from '../../frontend/host-work.js';
import { type InspectedTensor, type Inspection, inspectOnnx, type Obstacle } from '../../frontend/inspect-onnx.js';
import { type PricedStep, priced } from '../../report/host-price.js';
import { inFile } from '../files.js';
import { addCommand, option, type Session } from '../frame/define.js';
import { percent } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { facts, shortNames, table } from '../frame/table.js';
import { shape } from '../frame/values.js';
import { readModelFile } from '../model/float-graph.js';

interface Options {
  readonly inputShape?: readonly number[];
}

export function addInspect(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'inspect <MODEL>',
    summary: 'What an ONNX model holds, and everything that keeps it from being compiled',
    notes: [
      "Each obstacle comes with its node and its rewrite. Nothing is written. The price of the host's part is in",
      'float32 operations on one image, and bytes that it reads and writes.',
    ],
    examples: ['systole inspect examples/shapes/shapes.onnx', 'systole inspect net.onnx --input-shape 1,3,224,224'],
    options: [
      option('--input-shape <sizes>', 'shape of an input that the model leaves open, such as 1,3,32,32', shape),
    ],
    run: ([model], options) => inspect(model!, options),
  });
}

async function inspect(path: string, { inputShape }: Options): Promise<Outcome> {
  const { bytes } = await readModelFile(path);
  const inspection = inFile(path, () => inspectOnnx(bytes, inputShape === undefined ? {} : { inputShape }));
  const host = priced(hostSteps(inspection));
  return { json: { ...inspection, host }, text: page(inspection, host) };
}

/** The ends are the host's too: real values to codes, and what leaves the array to real values. */
function hostSteps({ inputs, leaving, host, supported }: Inspection): HostWork[] {
  if (!supported) return [...host];
  const quantized = inputs.map(({ name, shape }) => ({ kind: 'quantize', node: name, values: product(shape) }));
  return [...quantized, ...leaving.map(({ name, values }) => ({ kind: 'scale', node: name, values })), ...host];
}

function product(sizes: InspectedTensor['shape']): number {
  return (sizes ?? []).reduce<number>((a, b) => a * (typeof b === 'number' ? b : 1), 1);
}

function page(inspection: Inspection, host: readonly PricedStep[]): string {
  const { obstacles, layers } = inspection;
  const parts = [
    overview(inspection),
    operatorTable(inspection),
    ...(layers.length > 0 ? [layerTable(inspection)] : []),
    ...(host.length > 0 ? [hostTable(host, inspection.macs)] : []),
    ...(obstacles.length > 0 ? [obstacleText(obstacles)] : []),
  ];
  return [...parts, verdict(inspection)].join('\n\n');
}

function overview(inspection: Inspection): string {
  const { name, producer, dialect, opsets, inputs, outputs, macs, weights, parameters, supported } = inspection;
  const tensors = (list: readonly InspectedTensor[]) => list.map(tensorText).join(', ');
  return facts([
    ['model', `${name || '(no name)'}${producer ? `, made by ${producer}` : ''}`],
    ['dialect', dialect],
    [
      'operator sets',
      Object.entries(opsets)
        .map(([domain, version]) => `${domain} ${version}`)
        .join(', '),
    ],
    ['inputs', tensors(inputs)],
    ['outputs', tensors(outputs)],
    ['MACs', supported ? macs : `${macs} in the layers below: those behind an obstacle are not known`],
    ['weights', `${weights} in layers, ${parameters} values in all constants`],
  ]);
}

function tensorText({ name, type, shape: sizes }: InspectedTensor): string {
  return `${name} ${type} ${sizes === null ? 'of unknown shape' : `[${sizes.join(', ')}]`}`;
}

function operatorTable({ operators }: Inspection): string {
  const columns = [{ title: 'operator' }, { title: 'nodes', right: true }, { title: '' }];
  return table(
    columns,
    operators.map(({ name, count, known }) => [name, count, known ? '' : 'not supported']),
  );
}

function layerTable({ layers }: Inspection): string {
  const columns = [
    { title: 'layer' },
    { title: 'operator' },
    { title: 'output' },
    { title: 'MACs', right: true },
    { title: 'weights', right: true },
  ];
  const names = shortNames(layers.map(({ node }) => node));
  const rows = layers.map(({ operator, output, macs, weights }, i) => [
    names[i]!,
    operator,
    output.join('x'),
    macs,
    weights,
  ]);
  return table(columns, rows);
}

function hostTable(host: readonly PricedStep[], macs: number): string {
  const columns = [
    { title: 'on the host' },
    { title: 'node' },
    { title: 'values', right: true },
    { title: 'operations', right: true },
    { title: 'of the MACs', right: true },
    { title: 'bytes', right: true },
  ];
  const share = (operations: number) => (macs > 0 ? percent(operations / macs) : '-');
  // A reshape costs nothing; --json has it.
  const steps = host.filter(({ kind }) => kind !== 'reshape');
  return table(
    columns,
    steps.map(({ kind, node, values, operations, bytes }) => [
      ...[kind, node, values, operations, share(operations), bytes],
    ]),
  );
}

/** Obstacles of the same kind together, each with its first places. */
function obstacleText(obstacles: readonly Obstacle[]): string {
  const groups = new Map<string, Obstacle[]>();
  for (const obstacle of obstacles) {
    const key = [obstacle.code, obstacle.message, obstacle.expected, obstacle.hint].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), obstacle]);
  }
  return [...groups.values()].map(groupText).join('\n\n');
}

const PLACES_SHOWN = 3;

function groupText(group: readonly Obstacle[]): string {
  const { code, message, expected, actual, hint } = group[0]!;
  const places = group.flatMap(({ where }) => where ?? []);
  const more = places.length - PLACES_SHOWN;
  const shown = [...places.slice(0, PLACES_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  const details: [string, string | null][] = [
    ['  at', shown || null],
    ['  expected', expected],
    ['  found', group.length === 1 ? actual : null],
    ['  rewrite', hint],
  ];
  const known = details.filter((entry): entry is [string, string] => entry[1] !== null);
  const count = group.length > 1 ? `, ${group.length} times` : '';
  return [`obstacle: ${message} [${code}]${count}`, ...(known.length > 0 ? [facts(known)] : [])].join('\n');
}

function verdict({ supported, obstacles }: Inspection): string {
  if (supported) return 'no obstacles: systole compile takes this model';
  return `${obstacles.length} obstacle${obstacles.length === 1 ? '' : 's'}: compile refuses this model until they are gone`;
}
