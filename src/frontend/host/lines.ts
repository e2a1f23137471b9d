/** What the host does along axes: the largest values, sums and means. */
import type { Shape } from '../graph.js';
import type { ReduceFunction } from '../host-step.js';
import { hostOperand, hostResult, hostStep } from '../import/host.js';
import { keepImages } from '../import/images.js';
import { mismatch } from '../import/refuse.js';
import { unusedName } from '../import/state.js';
import { elementsOf, type HostValue } from '../import/value.js';
import { axisList, oneAxis } from '../operators/axes.js';
import type { ImportCall } from '../operators/operator.js';
import type { HostImporter } from './elementwise.js';
import { computedInput, oneNumber, wholeNumbers } from './operand.js';

export function best(kind: 'argmax' | 'argmin'): HostImporter {
  return (call) => {
    const x = computedInput(call, 0);
    const axis = oneAxis(call, call.attributes.int('axis'), x.shape.length);
    keepImages(call, x.shape, [axis]);
    const keepdims = call.attributes.int('keepdims') === 1;
    const shape = keepdims ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1);
    if (call.attributes.int('select_last_index') === 1) return [lastBest(call, kind, x, axis, shape)];
    return [hostResult(call, { kind, axis }, [x], shape)];
  };
}

/** Of equal values the last: the first one from the end. */
function lastBest(call: ImportCall, kind: 'argmax' | 'argmin', x: HostValue, axis: number, shape: Shape): HostValue {
  const { state, node } = call;
  const part = (suffix: string) => ({ name: unusedName(state, `${node.outputs[0]!}.${suffix}`), source: node.name });
  const last = x.shape[axis]! - 1;
  const along = (there: number, elsewhere: number) => x.shape.map((_, i) => (i === axis ? there : elsewhere));
  const turned = { kind: 'slice', starts: along(last, 0), steps: along(-1, 1) } as const;
  const fromEnd = hostStep(
    state,
    { kind, axis },
    [hostStep(state, turned, [x], x.shape, part('reversed'))],
    shape,
    part('fromEnd'),
  );
  const most = { kind: 'constant', shape: [], data: Float32Array.of(last) } as const;
  return hostResult(call, { kind: 'binary', fn: 'sub' }, [most, fromEnd], shape);
}

export function reduce(fn: ReduceFunction): HostImporter {
  return (call) => {
    const x = computedInput(call, 0);
    const given = call.attributes.ints('axes') ?? wholeNumbers(call, 1, 'the axes') ?? [];
    if (given.length === 0 && call.attributes.int('noop_with_empty_axes') === 1) return [x];
    const axes = given.length === 0 ? [...x.shape.keys()] : axisList(call, given, x.shape.length);
    keepImages(call, x.shape, axes);
    const shape =
      call.attributes.int('keepdims') === 1
        ? x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
        : x.shape.filter((_, axis) => !axes.includes(axis));
    return [hostResult(call, { kind: 'reduce', fn, axes }, [x], shape)];
  };
}

/** Values, and their indices. */
export const topK: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), x.shape.length);
  keepImages(call, x.shape, [axis]);
  const count = call.attributes.has('k') ? call.attributes.int('k') : oneNumber(call, 1, 'k', 0);
  if (!Number.isInteger(count) || count < 1 || count > x.shape[axis]!) {
    throw mismatch(call, 'k is not a number of values along the axis', {
      expected: `1..${x.shape[axis]}`,
      actual: `${count}`,
    });
  }
  const largest = call.attributes.int('largest') === 1;
  return twoResults(call, x, { kind: 'topk', axis, count, largest }, x.shape.with(axis, count));
};

function twoResults(
  call: ImportCall,
  x: HostValue,
  op: { readonly kind: 'topk'; readonly axis: number; readonly count: number; readonly largest: boolean },
  shape: readonly number[],
): HostValue[] {
  const names = [0, 1].map((i) => call.node.outputs[i] || unusedName(call.state, `${call.node.name}.unused`));
  const outputs = names.map((name) => ({ name, shape }));
  call.state.host.push({ op, inputs: [hostOperand(x)], outputs, source: call.source ?? call.node.name });
  return names.map((name) => ({ kind: 'host', shape, name }));
}

/** Before operator set 13 the axes from `axis` on were taken together. */
const ONE_AXIS = 13;

export function softmax(kind: 'softmax' | 'logsoftmax'): HostImporter {
  return (call) => {
    const value = computedInput(call, 0);
    const { shape } = value;
    const together = call.opset < ONE_AXIS;
    const given = call.attributes.has('axis') ? call.attributes.int('axis') : together ? 1 : -1;
    const axis = together && given === shape.length ? given : oneAxis(call, given, shape.length);
    keepImages(call, shape, [axis]);
    const inner = elementsOf(shape.slice(axis));
    if (!together || inner === shape[axis]) return [hostResult(call, { kind, axis }, [value], shape)];
    const source = call.node.name;
    const part = (suffix: string) => ({ name: unusedName(call.state, `${call.node.outputs[0]!}.${suffix}`), source });
    const flat = [elementsOf(shape) / inner, inner];
    const lines = hostStep(call.state, { kind: 'reshape' }, [value], flat, part('lines'));
    const shares = hostStep(call.state, { kind, axis: 1 }, [lines], flat, part('shares'));
    return [hostResult(call, { kind: 'reshape' }, [shares], shape)];
  };
}
