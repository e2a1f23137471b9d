/** What docs/operators.md says of each operator beside what the table itself holds; by name, whatever the domain. */

/**
 * array: layers of the integer network. fused: part of a neighbouring layer. view: nothing is computed, its reader sees
 * the values in another order. copy: codes move to other places. host: behind the array, in float32, where the table of
 * the host's own operators (host/table.ts) does not say it. Nothing: of constants and shapes alone, while the model is
 * read.
 */
export type Place = 'array' | 'fused' | 'view' | 'copy' | 'host';

export interface Description {
  readonly runs: readonly Place[];
  /** Of its integers against the model's own arithmetic. */
  readonly exactness: string;
  readonly limits: string;
}

const CERTIFIED = 'exact sums; the step to codes as its certificate says';
const MOVED = 'exact: codes do not change';
const TABLE =
  'exact where each reachable sum has an entry in a table; else approximate, the ledger says by how many codes';
const FLOAT32 = 'float32, operation by operation';
const NUMBERS = 'exact in the numbers of the file';
const GRID = 'exact';

const layer = (limits: string): Description => ({ runs: ['array'], exactness: CERTIFIED, limits });
const fused = (limits: string): Description => ({ runs: ['fused', 'array'], exactness: CERTIFIED, limits });
const moved = (limits: string): Description => ({ runs: ['copy'], exactness: MOVED, limits });
const pointwise = (limits = ''): Description => ({ runs: ['array'], exactness: TABLE, limits });
const host = (limits: string): Description => ({ runs: ['host'], exactness: FLOAT32, limits });
const folded = (limits: string): Description => ({ runs: [], exactness: NUMBERS, limits });
const grid = (limits: string): Description => ({ runs: ['fused', 'array'], exactness: GRID, limits });

const WINDOW = 'one or two axes of space';
const FUSED = 'Relu, Clip, LeakyRelu, HardSigmoid, Sigmoid, Tanh';
const OPERANDS = 'constants: one for all or one a channel';

export const DESCRIPTIONS: Readonly<Record<string, Description>> = {
  Conv: layer(`${WINDOW}; weights and bias are constants`),
  ConvTranspose: layer(`${WINDOW}; weights are constants; one convolution for each phase of the stride`),
  Gemm: layer('the second matrix is a constant'),
  MatMul: layer('one matrix is a constant; a batch of them meets one tensor, or as many'),
  BatchNormalization: fused('as inference runs it; before a convolution that pads it is a layer of its own'),
  Add: {
    runs: ['array', 'fused', 'host'],
    exactness: CERTIFIED,
    limits: `two tensors of one shape, or of one pixel; ${OPERANDS}`,
  },
  Sub: { runs: ['array', 'fused', 'host'], exactness: CERTIFIED, limits: `as Add; ${OPERANDS}` },
  Mul: {
    runs: ['array', 'fused', 'host'],
    exactness: CERTIFIED,
    limits: `two tensors of one shape, or of one pixel; ${OPERANDS}`,
  },
  Div: {
    runs: ['fused', 'host'],
    exactness: CERTIFIED,
    limits: 'by constants: one for all or one a channel; of two tensors on the host',
  },
  Sum: { runs: ['array'], exactness: CERTIFIED, limits: 'as Add, of any number of tensors' },
  Mean: { runs: ['array'], exactness: CERTIFIED, limits: 'as Sum, then a scale' },
  MaxPool: { runs: ['array'], exactness: MOVED, limits: `${WINDOW}; no indices; pads less than the window` },
  AveragePool: layer(
    `${WINDOW}; pads less than the window; a divisor that changes at the border becomes several layers`,
  ),
  GlobalMaxPool: { runs: ['array'], exactness: MOVED, limits: '' },
  GlobalAveragePool: layer(''),
  ReduceMean: layer('over all of space; over other axes on the host'),
  Concat: moved(
    'along channels, rows or columns; parts of one precision or brought to one; a constant among them is one number',
  ),
  Split: moved('sizes are constants'),
  Slice: moved('starts, ends and steps are constants'),
  Gather: moved('indices are constants'),
  Pad: moved('of channels, rows and columns; pads are constants; zeros that only windows read are their pads'),
  Expand: moved('the shape is a constant'),
  Tile: moved('repeats are constants'),
  DepthToSpace: moved(''),
  SpaceToDepth: moved(''),
  Resize: moved('nearest, by whole factors or onto any size; at most 128 regular parts'),
  Upsample: moved('nearest'),
  Reshape: { runs: ['view', 'copy', 'host'], exactness: MOVED, limits: 'the shape is a constant' },
  Flatten: { runs: ['view', 'host'], exactness: MOVED, limits: '' },
  Squeeze: { runs: ['view', 'host'], exactness: MOVED, limits: '' },
  Unsqueeze: { runs: ['view', 'host'], exactness: MOVED, limits: '' },
  Transpose: { runs: ['view', 'copy', 'host'], exactness: MOVED, limits: 'the batch stays first' },
  Relu: fused(''),
  Clip: fused('bounds are constants'),
  LeakyRelu: pointwise(),
  PRelu: { ...pointwise('slopes are constants: one for all or one a channel'), runs: ['array'] },
  Sigmoid: { ...pointwise('behind the last layer on the host'), runs: ['array', 'host'] },
  Tanh: { ...pointwise('behind the last layer on the host'), runs: ['array', 'host'] },
  HardSigmoid: { ...pointwise('behind the last layer on the host'), runs: ['array', 'host'] },
  HardSwish: pointwise(),
  Elu: pointwise(),
  Selu: pointwise(),
  Celu: pointwise(),
  Softplus: pointwise(),
  Softsign: pointwise(),
  Swish: pointwise(),
  Gelu: pointwise(),
  FastGelu: pointwise(),
  QuickGelu: pointwise(),
  Mish: pointwise(),
  Sign: pointwise(),
  Abs: { ...pointwise('behind the last layer on the host'), runs: ['array', 'host'] },
  Neg: { runs: ['fused', 'host'], exactness: CERTIFIED, limits: '' },
  Floor: grid('on the array as a quantizer of scale 1'),
  Ceil: grid('on the array as a quantizer of scale 1'),
  Round: grid('on the array as a quantizer of scale 1'),
  QuantizeLinear: grid('scale and zero point are constants, for the tensor or one a channel; no blocks, no float8'),
  DequantizeLinear: grid('scale and zero point are constants, for the tensor or one a channel; no blocks, no float8'),
  Quant: grid('scale, zero point and bits are constants; scale and zero point for the tensor or one a channel'),
  IntQuant: grid('as Quant'),
  BipolarQuant: grid('the scale is a constant, for the tensor or one a channel'),
  Trunc: grid('of codes; scales, zero point and bits are constants'),
  MultiThreshold: grid('thresholds are constants, for the tensor or one row a channel'),
  QLinearConv: layer(`${WINDOW}; all but the data is constant`),
  QLinearMatMul: layer('all but the first matrix is constant'),
  QGemm: layer('all but the first matrix is constant'),
  QLinearAdd: layer('scales and zero points are constants'),
  QLinearMul: layer('scales and zero points are constants'),
  QLinearConcat: moved('scales and zero points are constants; parts of another scale go through a layer first'),
  QLinearAveragePool: layer(`${WINDOW}; channels first or last`),
  QLinearGlobalAveragePool: layer('channels first or last'),
  QLinearSigmoid: { runs: ['array', 'host'], exactness: TABLE, limits: 'scales and zero points are constants' },
  QLinearLeakyRelu: { runs: ['array'], exactness: TABLE, limits: 'scales and zero points are constants' },
  QLinearReduceMean: layer('over all of space'),
  FusedConv: layer(`as Conv; activations ${FUSED}`),
  FusedGemm: layer(`as Gemm; activations ${FUSED}`),
  FusedMatMul: layer('as MatMul; batches are not transposed'),
  QLinearSoftmax: host('at the end of the network'),
  ConvInteger: layer(`${WINDOW}; weights and zero points are constants`),
  MatMulInteger: layer('the second matrix and the zero points are constants'),
  XnorPopcountMatMul: layer('bipolar operands as 0 and 1; the second matrix is a constant'),
  Im2Col: {
    runs: ['view'],
    exactness: MOVED,
    limits: 'in front of the matrix that makes it a convolution; pads are zeros',
  },
  MaxPoolNHWC: { runs: ['array'], exactness: MOVED, limits: `${WINDOW}; pads less than the window` },
  QuantAvgPool2d: grid('of codes, rounded down as FINN does'),
  Softmax: host('at the end of the network'),
  LogSoftmax: host('at the end of the network'),
  ArgMax: host('at the end of the network; ties to the lowest index'),
  ArgMin: host('at the end of the network; ties to the lowest index'),
  TopK: host('at the end of the network; k is a constant; ties to the lowest index'),
  NonMaxSuppression: host('at the end of the network; one image; thresholds are constants'),
  ReduceMax: layer('over all of space; over other axes on the host'),
  ReduceMin: layer('over all of space; over other axes on the host'),
  ReduceSum: layer('over all of space; over other axes on the host'),
  Exp: host('at the end of the network'),
  Log: host('at the end of the network'),
  Sqrt: host('at the end of the network'),
  Reciprocal: host('at the end of the network'),
  Pow: { runs: ['array', 'host'], exactness: CERTIFIED, limits: 'squares; other powers at the end of the network' },
  Max: {
    runs: ['fused', 'host'],
    exactness: CERTIFIED,
    limits: 'with a constant, one for all; of two tensors on the host',
  },
  Min: {
    runs: ['fused', 'host'],
    exactness: CERTIFIED,
    limits: 'with a constant, one for all; of two tensors on the host',
  },
  Identity: { runs: ['view'], exactness: MOVED, limits: '' },
  Dropout: { runs: ['view'], exactness: MOVED, limits: 'as inference runs it: it does nothing; no mask' },
  Cast: {
    runs: ['view', 'fused'],
    exactness: MOVED,
    limits: 'of computed values: to a floating-point type; codes become numbers',
  },
  Constant: folded('no strings, no sparse tensors'),
  ConstantOfShape: folded(''),
  Shape: folded('of constants and of computed tensors'),
};
