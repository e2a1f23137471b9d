import { SystoleError } from '../../base/error.js';
import type { ArrangeNode, Graph, GraphNode } from '../graph.js';
import { operandsOf, withNodes } from '../graph-nodes.js';
import { MOST_PARTS } from '../import/placement.js';

/**
 * A pixel that is spread over a map to be added to, or multiplied by, another one: sum and product take the pixel itself.
 * @throws SystoleError operator-limit for a map of more parts than are cheap that something else reads
 */
export function spreadPixels(graph: Graph): Graph {
  const pixels = new Map<string, string>();
  for (const node of graph.nodes) {
    if (node.kind === 'arrange' && isSpread(graph, node)) pixels.set(node.output, node.parts[0]!.input);
  }
  const nodes = pixels.size === 0 ? graph.nodes : graph.nodes.map((node) => takingPixel(node, pixels));
  const read = new Set([...nodes.flatMap(operandsOf), ...graph.outputs.map(({ name }) => name)]);
  const kept = nodes.filter((node) => !pixels.has(node.output) || read.has(node.output));
  const large = kept.find((node) => node.kind === 'arrange' && node.parts.length > MOST_PARTS);
  if (large?.kind === 'arrange') throw tooMany(large);
  return pixels.size === 0 ? graph : withNodes(graph, kept);
}

/** Every part is the whole input, a map of one pixel, and they fill the output. */
function isSpread(graph: Graph, { parts, output }: ArrangeNode): boolean {
  const [first] = parts;
  const [, channels = 1, height = 1, width = 1] = graph.tensors.get(first!.input)!.shape;
  const [, outputs = 1, rows = 1, columns = 1] = graph.tensors.get(output)!.shape;
  if (height * width !== 1 || outputs !== channels || parts.length !== rows * columns) return false;
  const isWhole = ({ size, from }: ArrangeNode['parts'][number]): boolean =>
    size.join() === `1,1,${channels}` && (channels === 1 || from.cStep === 1);
  return parts.every((part) => part.input === first!.input && isWhole(part));
}

function takingPixel(node: GraphNode, pixels: ReadonlyMap<string, string>): GraphNode {
  if (node.kind !== 'add' && node.kind !== 'mul') return node;
  const [a, b] = node.inputs;
  const [first, second] = [pixels.get(a), pixels.get(b)];
  if (second !== undefined && first === undefined) return { ...node, inputs: [a, second] };
  const commutes = node.kind === 'mul' || node.sign !== -1;
  return first !== undefined && second === undefined && commutes ? { ...node, inputs: [b, first] } : node;
}

function tooMany({ name, sources, parts }: ArrangeNode): SystoleError {
  return new SystoleError('operator-limit', 'values are moved to too many places one by one', {
    where: `node ${sources.at(-1) ?? name}`,
    expected: `at most ${MOST_PARTS} regular parts`,
    actual: `${parts.length}`,
    hint: 'leave Expand out where Add or Mul follow: they broadcast one value for each channel by themselves',
  });
}
