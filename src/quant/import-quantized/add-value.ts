import type { AddNode } from '../../frontend/graph.js';
import type { MapShape } from '../float-network.js';
import { mapShape } from '../map-shape.js';
import { dyadic, multiply } from '../rational.js';
import { negatedChannel, residualChannel } from './channel.js';
import { ofChannel } from './grid.js';
import { identityPending } from './layer-base.js';
import type { Coded, Pending, Value } from './values.js';
import { codesOf, type Walk } from './walk.js';

/** A sum that is still pending takes the other operand as its residual; else one operand's codes do, as they are. */
export function addValue(walk: Walk, node: AddNode): Pending {
  const { values, graph } = walk;
  const [a, b] = node.inputs;
  const sign = node.sign ?? 1;
  const shape = mapShape(graph, node.output);
  if (a === b) return identityPending(node, codesOf(walk, a, node), shape, 1 + sign);
  const whole = (name: string): boolean => isWhole(mapShape(graph, name), shape);
  const host = node.inputs.find((name) => whole(name) && takesResidual(values.get(name)!));
  const first = host ?? (whole(a) ? a : b);
  const residual = codesOf(walk, first === a ? b : a, node);
  const pending =
    host === undefined
      ? identityPending(node, codesOf(walk, first, node), shape)
      : ofHost(values.get(host) as Pending, node);
  return withResidual(pending, residual, node, first === a ? [1, sign] : [sign, 1]);
}

function ofHost(pending: Pending, { sources }: AddNode): Pending {
  return { ...pending, sources: [...pending.sources, ...sources] };
}

function isWhole(map: MapShape, shape: MapShape): boolean {
  return map.height === shape.height && map.width === shape.width;
}

/** A sum of products that nothing has clamped, bent or pooled. */
function takesResidual(value: Value): boolean {
  if (value.kind !== 'pending' || value.onInputGrid || value.base.kind === 'product') return false;
  if (value.residual !== null || value.pools.length > 0 || value.curve !== null) return false;
  return value.channels.every(({ bounds }) => bounds.length === 0);
}

type Signs = readonly [pending: 1 | -1, residual: 1 | -1];

function withResidual(pending: Pending, residual: Coded, { output }: AddNode, [own, other]: Signs): Pending {
  const channels = pending.channels.map((channel, c) => {
    const signed = own < 0 ? negatedChannel(channel) : channel;
    return residualChannel(signed, multiply(ofChannel(residual.scales, c), dyadic(other)), residual.zero);
  });
  return { ...pending, channels, residual, output, steps: [] };
}
