/** The shape of the model's input, one image: the batch is 1, everything else must be a number. */
import { SystoleError } from '../../base/error.js';
import { rangeOfType } from '../onnx/integers.js';
import { LIMITS } from '../onnx/limits.js';
import type { OnnxValueInfo } from '../onnx/model.js';
import { elementTypeName, isFloatType } from '../onnx/tensor.js';

/**
 * @param given what the user says it is
 * @throws SystoleError shape-dynamic where a dimension other than the batch is open and not given; option-invalid or
 * shape-mismatch for an impossible `given`; graph-limit for an input of other types than floating point and codes; onnx-too-large
 */
export function inputShape(input: OnnxValueInfo, given: readonly number[] | undefined): number[] {
  if (!isFloatType(input.elementType) && rangeOfType(input.elementType) === null) {
    throw new SystoleError('graph-limit', 'the input has a type that is not supported', {
      where: `input ${input.name}`,
      expected: 'floating point, or integers of up to 16 bits',
      actual: elementTypeName(input.elementType),
      hint: 'export the model with a float32 input',
    });
  }
  const shape = given === undefined ? declaredShape(input) : givenShape(input, given);
  const elements = shape.reduce((product, n) => product * n, 1);
  if (elements <= LIMITS.elements && shape.length <= LIMITS.rank) return shape;
  throw new SystoleError('onnx-too-large', 'the input has more values than are allowed', {
    where: `input ${input.name}`,
    expected: `at most ${LIMITS.elements} values in ${LIMITS.rank} dimensions`,
    actual: shape.join('x'),
  });
}

/** The batch that the model is fixed to; 1 where it is open. */
export function fixedBatch({ shape }: OnnxValueInfo): number {
  const first = shape !== null && shape.length > 1 ? shape[0] : 1;
  return typeof first === 'number' && first > 1 ? first : 1;
}

function declaredShape(input: OnnxValueInfo): number[] {
  const { shape } = input;
  if (shape === null) {
    throw new SystoleError('shape-dynamic', 'the model does not say which shape its input has', {
      where: `input ${input.name}`,
      hint: 'say it: --input-shape 1,3,224,224',
    });
  }
  const one = shape.map((n, axis) => (axis === 0 && shape.length > 1 ? 1 : n));
  if (one.every((n): n is number => typeof n === 'number' && n > 0)) return one;
  throw new SystoleError('shape-dynamic', 'a dimension of the input is not fixed', {
    where: `input ${input.name}`,
    expected: 'numbers',
    actual: shapeText(shape),
    hint: `say how large it is: --input-shape ${one.map(dimensionText).join(',')}`,
  });
}

function givenShape(input: OnnxValueInfo, given: readonly number[]): number[] {
  const where = `input ${input.name}`;
  if (given.length === 0 || given.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new SystoleError('option-invalid', 'the input shape has an impossible dimension', {
      where: '--input-shape',
      expected: 'whole numbers from 1 on',
      actual: given.join(','),
    });
  }
  const declared = input.shape ?? given;
  const agrees = (n: number | string, axis: number): boolean => typeof n === 'string' || n === 0 || n === given[axis];
  const batch = declared.length > 1 ? 1 : 0;
  if (declared.length !== given.length || !declared.every((n, axis) => axis < batch || agrees(n, axis))) {
    throw new SystoleError('shape-mismatch', 'the given input shape is not the one the model declares', {
      where,
      expected: shapeText(declared),
      actual: given.join('x'),
    });
  }
  return [...given];
}

function shapeText(shape: readonly (number | string)[]): string {
  return shape.map(dimensionText).join('x');
}

/** A dimension without a number or a symbol is written `?`. */
function dimensionText(n: number | string): string {
  return n === '' || n === 0 ? '?' : `${n}`;
}
