/** Average pools. One whose divisor changes at the border is several: for each part of the map where the same taps are inside. */
import type { AveragePoolNode } from '../../frontend/graph.js';
import { mapShape } from '../map-shape.js';
import { clamped } from './elementwise.js';
import { averagePending } from './layer-base.js';
import { poolRegions, type Region } from './pool-regions.js';
import type { Coded, Pending, Value } from './values.js';
import { codesOf, type Walk } from './walk.js';
import { wholeZero } from './whole-zero.js';

export function averageValue(walk: Walk, node: AveragePoolNode): Value {
  const codes = codesOf(walk, node.input, node);
  const shape = mapShape(walk.graph, node.output);
  if (node.border === undefined || node.pads.every((pad) => pad === 0)) {
    const padded = node.pads.some((pad) => pad > 0);
    return clamped(averagePending(node, padded ? wholeZero(walk.parts, codes) : codes, shape), node.clamp);
  }
  const from = mapShape(walk.graph, node.input);
  const regions = poolRegions(node, from, shape);
  const parts = regions.map((region, i) => {
    const pending = clamped(regionPending(walk, node, codes, region, i), node.clamp);
    const size = [region.to.height, region.to.width, shape.channels] as const;
    const [here, there] = [
      { ...AT_ZERO, y: 0, x: 0 },
      { ...AT_ZERO, y: region.to.y, x: region.to.x },
    ];
    return { place: { from: here, to: there, size }, value: pending };
  });
  return { kind: 'arranged', node, shape, parts, fill: null };
}

const AT_ZERO = { c: 0, yStep: 1, xStep: 1, cStep: 1 };

function regionPending({ parts }: Walk, node: AveragePoolNode, codes: Coded, region: Region, i: number): Pending {
  const { from, to, kernel } = region;
  const { channels, height, width } = parts.tensors.get(codes.tensor)!;
  const part = { ...node, name: `${node.name}.part${i}`, output: `${node.output}.part${i}`, kernel, pads: NO_PADS };
  const whole = from.height === height && from.width === width;
  const input = whole ? codes : parts.sliced(codes, from, `${part.output}.input`);
  return averagePending(part, input, { height: to.height, width: to.width, channels });
}

const NO_PADS = [0, 0, 0, 0] as const;
