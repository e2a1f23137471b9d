/** Functions of single values and of two tensors, done by the host. */

import type { BinaryFunction, UnaryFunction } from '../host-step.js';
import { type HostInput, hostResult, hostStep, madeType } from '../import/host.js';
import { keepImages } from '../import/images.js';
import { broadcastShape } from '../import/per-channel.js';
import { limit, mismatch } from '../import/refuse.js';
import { unusedName } from '../import/state.js';
import type { HostValue } from '../import/value.js';
import { isFloatType } from '../onnx/tensor.js';
import type { ImportCall } from '../operators/operator.js';
import { computedInput, hostInput } from './operand.js';

export type HostImporter = (call: ImportCall) => readonly HostValue[];

export function unary(fn: UnaryFunction): HostImporter {
  return (call) => {
    const x = computedInput(call, 0);
    return [hostResult(call, { kind: 'unary', fn }, [x], x.shape)];
  };
}

export function binary(fn: BinaryFunction): HostImporter {
  return (call) => {
    const operands = [hostInput(call, 0), hostInput(call, 1)] as const;
    return [hostResult(call, { kind: 'binary', fn }, operands, jointShape(call, ...operands))];
  };
}

/** Of integers, indices say, towards zero: exact below 2^24. */
export const quotient: HostImporter = (call) => {
  const operands = [hostInput(call, 0), hostInput(call, 1)] as const;
  const shape = jointShape(call, ...operands);
  const op = { kind: 'binary', fn: 'div' } as const;
  const isWhole = operands.some((operand, i) => {
    if (operand.kind === 'host') return madeType(call.state, operand) === 'int64';
    const constant = call.inputs[i];
    return constant?.kind === 'constant' && constant.tensor.type === 'int';
  });
  if (!isWhole) return [hostResult(call, op, operands, shape)];
  const source = call.source ?? call.node.name;
  const name = unusedName(call.state, `${call.node.outputs[0]!}.quotient`);
  const real = hostStep(call.state, op, operands, shape, { name, source });
  return [hostResult(call, { kind: 'unary', fn: 'trunc' }, [real], shape)];
};

/** Of any number of tensors, two at a time from the first on. */
export function several(fn: BinaryFunction): HostImporter {
  return (call) => [combined(call, fn, 'last')];
}

export const mean: HostImporter = (call) => {
  const sum = combined(call, 'add', 'more');
  const count = { kind: 'constant', shape: [], data: Float32Array.of(call.inputs.length) } as const;
  return [hostResult(call, { kind: 'binary', fn: 'div' }, [sum, count], sum.shape)];
};

function combined(call: ImportCall, fn: BinaryFunction, end: 'last' | 'more'): HostValue {
  const [first, ...rest] = call.inputs.map((_, i) => hostInput(call, i));
  if (first === undefined) throw limit(call, 'it has no input');
  if (rest.length === 0) return computedInput(call, 0);
  const source = call.source ?? call.node.name;
  return rest.reduce<HostInput>((all, next, i) => {
    const shape = jointShape(call, all, next);
    const op = { kind: 'binary', fn } as const;
    if (i === rest.length - 1 && end === 'last') return hostResult(call, op, [all, next], shape);
    const name = unusedName(call.state, `${call.node.outputs[0]!}.part${i}`);
    return hostStep(call.state, op, [all, next], shape, { name, source });
  }, first) as HostValue;
}

function jointShape(call: ImportCall, a: HostInput, b: HostInput): readonly number[] {
  const shape = broadcastShape(a.shape, b.shape);
  if (shape !== null) {
    // A constant for each image.
    const computed = [a, b].filter(({ kind, shape: own }) => kind === 'host' && own.length === shape.length);
    if (shape[0] !== 1) for (const x of computed) keepImages(call, x.shape, [0]);
    return shape;
  }
  throw mismatch(call, 'the tensors do not go together', { actual: `${a.shape.join('x')} and ${b.shape.join('x')}` });
}

const FLOAT_MAX = 3.4028234663852886e38;
const INPUT_FORM = 11;

export const clip: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const bound = (index: number, name: string): number | null => {
    if (call.opset < INPUT_FORM) {
      const value = call.attributes.float(name);
      return Math.abs(value) < FLOAT_MAX ? value : null;
    }
    if ((call.inputs[index] ?? null) === null) return null;
    const input = hostInput(call, index);
    if (input.kind === 'constant' && input.data.length === 1) return input.data[0]!;
    throw limit(call, 'a bound must be one constant number');
  };
  return [hostResult(call, { kind: 'clip', min: bound(1, 'min'), max: bound(2, 'max') }, [x], x.shape)];
};

/** TensorProto.DataType */
const BOOL = 9;

/** To integers: towards zero. Values stay float32, exact up to 2^24. */
export const cast: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const to = call.attributes.int('to');
  if (isFloatType(to)) return [x];
  if (to === BOOL) throw limit(call, 'a computed tensor becomes truth values');
  return [hostResult(call, { kind: 'unary', fn: 'trunc' }, [x], x.shape)];
};

/** clamp(alpha * x + beta, 0, 1), rounded after each. */
export const hardSigmoid: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const source = call.source ?? call.node.name;
  const number = (value: number) => ({ kind: 'constant', shape: [], data: Float32Array.of(value) }) as const;
  const part = (suffix: string) => ({ name: unusedName(call.state, `${call.node.outputs[0]!}.${suffix}`), source });
  const { state, attributes } = call;
  const scaled = hostStep(
    state,
    { kind: 'binary', fn: 'mul' },
    [x, number(attributes.float('alpha'))],
    x.shape,
    part('scaled'),
  );
  const shifted = hostStep(
    state,
    { kind: 'binary', fn: 'add' },
    [scaled, number(attributes.float('beta'))],
    x.shape,
    part('shifted'),
  );
  return [hostResult(call, { kind: 'clip', min: 0, max: 1 }, [shifted], x.shape)];
};
