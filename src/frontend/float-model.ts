/**
 * Float execution: ONNX Runtime's WebAssembly on one thread, so that a model gives the same bytes on every machine.
 * Nothing is fetched; the runtime's module lies beside its JavaScript.
 */
import * as ort from 'onnxruntime-web';
import { SystoleError } from '../base/error.js';
import { floatToHalf, halfToFloat } from './onnx/half.js';

export interface FloatModelTensor {
  readonly name: string;
  /** ONNX Runtime's name of the element type, such as float32 or int8. */
  readonly type: string;
  /** A string for a dimension that the model leaves open. */
  readonly shape: readonly (number | string)[];
}

export interface FloatModel {
  readonly inputs: readonly FloatModelTensor[];
  readonly outputs: readonly FloatModelTensor[];
  /**
   * Runs the model on its one input, or on all of them in its own order, row major, values converted to its element type. Without
   * `shape` the declared one is taken; where one dimension is open, the values' number says how long it is; where several are, the
   * first says it and the others are 1.
   * Returns every output by name as float32.
   * @throws SystoleError data-shape for another number of values, data-type for values the input's type cannot hold,
   * operator-limit for another number of inputs, tool-failed where ONNX Runtime gives up
   */
  run(input: Float32Array | readonly Float32Array[], shape?: readonly number[]): Promise<Map<string, Float32Array>>;
  close(): Promise<void>;
}

/** ORT_LOGGING_LEVEL_FATAL: what goes wrong arrives as an exception, and needs no second telling on stderr. */
const FATAL_ONLY = 4;

/** Element types that numbers convert to, with the integers they hold. */
const INTEGER_TYPES = {
  int8: { make: Int8Array, min: -(2 ** 7), max: 2 ** 7 - 1 },
  uint8: { make: Uint8Array, min: 0, max: 2 ** 8 - 1 },
  int16: { make: Int16Array, min: -(2 ** 15), max: 2 ** 15 - 1 },
  uint16: { make: Uint16Array, min: 0, max: 2 ** 16 - 1 },
  int32: { make: Int32Array, min: -(2 ** 31), max: 2 ** 31 - 1 },
  uint32: { make: Uint32Array, min: 0, max: 2 ** 32 - 1 },
} as const;

export interface FloatModelOptions {
  /**
   * Every operator by itself: otherwise ONNX Runtime fuses quantizers into their neighbours, drops some, and quantizes
   * weights beside them, which moves results by a code or more.
   */
  readonly asWritten?: boolean;
}

/** @throws SystoleError tool-failed for a model that ONNX Runtime does not take. */
export async function openFloatModel(onnxBytes: Uint8Array, options: FloatModelOptions = {}): Promise<FloatModel> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
  const session = await createSession(onnxBytes, options.asWritten ? 'disabled' : 'all');
  const inputs = session.inputMetadata.map(tensorInfo);
  const outputs = session.outputMetadata.map(tensorInfo);
  return {
    inputs,
    outputs,
    run: async (values, shape) => {
      const given = values instanceof Float32Array ? [values] : values;
      checkCount(inputs, given.length);
      const feeds = inputs.map((input, i) => {
        const dims = shape ?? resolveShape(input, given[i]!.length);
        checkSize(input, dims, given[i]!.length);
        return [input.name, toTensor(input, given[i]!, dims)] as const;
      });
      const results = await runSession(session, Object.fromEntries(feeds));
      return new Map(outputs.map(({ name }) => [name, toFloats(name, results[name]!)]));
    },
    close: () => session.release(),
  };
}

async function createSession(
  onnxBytes: Uint8Array,
  graphOptimizationLevel: 'disabled' | 'all',
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(onnxBytes, {
      executionProviders: ['wasm'],
      graphOptimizationLevel,
      logSeverityLevel: FATAL_ONLY,
    });
  } catch (error) {
    throw failed('ONNX Runtime does not take the model', error);
  }
}

async function runSession(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
): Promise<ort.InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, { logSeverityLevel: FATAL_ONLY });
  } catch (error) {
    throw failed('ONNX Runtime stopped while running the model', error);
  }
}

function failed(message: string, error: unknown): SystoleError {
  const actual = error instanceof Error ? error.message : String(error);
  return new SystoleError('tool-failed', message, { where: 'onnxruntime-web', actual });
}

function tensorInfo(metadata: ort.InferenceSession.ValueMetadata): FloatModelTensor {
  if (!metadata.isTensor) {
    throw new SystoleError('operator-limit', 'the model takes or gives something that is no tensor', {
      where: metadata.name,
    });
  }
  return { name: metadata.name, type: metadata.type, shape: metadata.shape };
}

function checkCount(inputs: readonly FloatModelTensor[], given: number): void {
  if (inputs.length === given) return;
  throw new SystoleError('operator-limit', 'the model has another number of inputs', {
    expected: `values for ${inputs.map(({ name }) => name).join(', ') || 'none'}`,
    actual: `${given} arrays of values`,
  });
}

function resolveShape(input: FloatModelTensor, elements: number): number[] {
  const known = input.shape.filter((n): n is number => typeof n === 'number').reduce((a, b) => a * b, 1);
  let rest = elements / known;
  return input.shape.map((n) => {
    if (typeof n === 'number') return n;
    const size = rest;
    rest = 1;
    return size;
  });
}

function checkSize(input: FloatModelTensor, shape: readonly number[], elements: number): void {
  const expected = shape.reduce((a, b) => a * b, 1);
  if (expected === elements && shape.every((n) => Number.isInteger(n) && n >= 0)) return;
  throw new SystoleError('data-shape', 'an input has the wrong size', {
    where: input.name,
    expected: input.shape.map(String).join('x'),
    actual: `${elements} values`,
  });
}

function toTensor(input: FloatModelTensor, values: Float32Array, shape: readonly number[]): ort.Tensor {
  const { type } = input;
  if (type === 'float32') return new ort.Tensor('float32', values, shape);
  if (type === 'float16') return new ort.Tensor('float16', Uint16Array.from(values, floatToHalf), shape);
  if (type === 'float64') return new ort.Tensor('float64', Float64Array.from(values), shape);
  if (type === 'int64') {
    checkIntegers(input, values, -(2 ** 53), 2 ** 53);
    return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
  }
  if (!(type in INTEGER_TYPES)) {
    throw new SystoleError('data-type', 'an input has an element type that is not supported', {
      where: input.name,
      expected: ['float32', 'float16', 'float64', 'int64', ...Object.keys(INTEGER_TYPES)].join(', '),
      actual: type,
    });
  }
  const integer = INTEGER_TYPES[type as keyof typeof INTEGER_TYPES];
  checkIntegers(input, values, integer.min, integer.max);
  return new ort.Tensor(type as keyof typeof INTEGER_TYPES, integer.make.from(values) as never, shape);
}

function checkIntegers(input: FloatModelTensor, values: Float32Array, min: number, max: number): void {
  const bad = values.findIndex((x) => !Number.isInteger(x) || x < min || x > max);
  if (bad < 0) return;
  throw new SystoleError('data-type', 'an input holds a value that its element type does not', {
    where: `${input.name}, element ${bad}`,
    expected: input.type,
    actual: `${values[bad]}`,
  });
}

function toFloats(name: string, tensor: ort.Tensor): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  if (tensor.type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, halfToFloat);
  if (tensor.type === 'string') {
    throw new SystoleError('data-type', 'an output has an element type that is not supported', {
      where: name,
      actual: tensor.type,
    });
  }
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}
