import type { AffineNode, ArrangeNode, Graph, GraphNode, GraphTensor } from '../graph.js';
import { countUses, hasClamp, isOpen, isPureClamp, operandsOf, unusedName, withNodes } from '../graph-nodes.js';

interface Channels {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/**
 * Layers, rearranged map, batch norm or clamp -> layers, batch norm or clamp, rearranged map: values are the same
 * wherever they lie, and before the map the affine node becomes part of the layers, the phases of a transposed
 * convolution say. Only where all of them take it and nothing else sees what lies between. Where a model is quantized,
 * only clamps go: its constants stay as they are.
 */
export function affineBeforeArrange(graph: Graph): Graph {
  const next = movedOnce(graph);
  return next === graph ? graph : affineBeforeArrange(next);
}

/** Of several affine nodes in a row the first. */
function movedOnce(graph: Graph): Graph {
  const uses = countUses(graph);
  const makers = new Map(graph.nodes.map((node) => [node.output, node]));
  const quantized = graph.nodes.some(({ kind }) => kind === 'quant');
  const tensors = new Map<string, GraphTensor>(graph.tensors);
  const gone = new Set<GraphNode>();
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const arrange = node.kind === 'affine' && uses.get(node.input) === 1 ? makers.get(node.input) : undefined;
    if (node.kind !== 'affine' || arrange?.kind !== 'arrange') return [node];
    const inputs = operandsOf(arrange);
    const takes = (name: string): boolean => uses.get(name) === 1 && absorbs(makers.get(name), node, quantized);
    const fill = fillBehind(graph, arrange, node);
    const channels =
      inputs.every(takes) && fill !== null ? inputs.map((name) => channelsOf(graph, arrange, name, node)) : [null];
    if (!channels.every((one) => one !== null)) return [node];
    gone.add(arrange);
    const moved = inputs.map((input, i): AffineNode => {
      const output = unusedName(tensors, `${node.output}.before${i}`);
      tensors.set(output, { name: output, shape: graph.tensors.get(input)!.shape });
      const { norm: _, divisor: __, ...rest } = node;
      return { ...rest, ...channels[i]!, name: `${node.name}.before${i}`, input, output };
    });
    const now = new Map(moved.map(({ input, output }) => [input, output]));
    const parts = arrange.parts.map((part) => ({ ...part, input: now.get(part.input)! }));
    return [...moved, { ...arrange, parts, fill: fill!, output: node.output }];
  });
  return gone.size === 0
    ? graph
    : withNodes(
        graph,
        nodes.filter((node) => !gone.has(node)),
        tensors,
      );
}

/** Whether the node that makes a tensor takes the affine node in (fuse-affine.ts). */
function absorbs(maker: GraphNode | undefined, affine: AffineNode, quantized: boolean): boolean {
  if (maker === undefined || !hasClamp(maker)) return false;
  if (isPureClamp(affine)) return true;
  return (
    !quantized && isOpen(maker.clamp) && (maker.kind === 'conv' || maker.kind === 'dense' || maker.kind === 'affine')
  );
}

/** What the fill becomes; null where the channels make different values of it. */
function fillBehind(
  graph: Graph,
  { parts, fill, output }: ArrangeNode,
  { scale, shift, clamp }: AffineNode,
): number | null {
  const size = graph.tensors.get(output)!.shape.reduce((product, n) => product * n, 1);
  if (parts.reduce((sum, { size: [a, b, c] }) => sum + a * b * c, 0) === size) return fill;
  const values = new Set(Array.from(scale, (s, c) => clamped(Math.fround(fill * s + shift[c]!), clamp)));
  const [only] = values;
  return values.size === 1 ? only! : null;
}

function clamped(x: number, { min, max }: AffineNode['clamp']): number {
  return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, x));
}

/** For each channel of the input the constants of the channel that it goes to; null where it goes to different ones. */
function channelsOf(graph: Graph, { parts }: ArrangeNode, input: string, affine: AffineNode): Channels | null {
  const channels = graph.tensors.get(input)!.shape[1]!;
  const scale = new Float32Array(channels).fill(1);
  const shift = new Float32Array(channels);
  const known = new Uint8Array(channels);
  for (const { from, to, size } of parts.filter((part) => part.input === input)) {
    for (let k = 0; k < size[2]; k++) {
      const c = from.c + k * from.cStep;
      const [s, b] = [affine.scale[to.c + k * to.cStep]!, affine.shift[to.c + k * to.cStep]!];
      if (known[c] !== 0 && (scale[c] !== s || shift[c] !== b)) return null;
      scale[c] = s;
      shift[c] = b;
      known[c] = 1;
    }
  }
  return { scale, shift };
}
