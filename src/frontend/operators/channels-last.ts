/** qonnx.custom_op.channels_last: operators of ONNX whose tensors, convolution weights too, have the channels last. */
import { onChannelsLast } from '../import/channels-last.js';
import { CONV } from './conv.js';
import { BATCH_NORMALIZATION } from './normalization.js';
import { NEWEST_OPSET, type Operator } from './operator.js';
import { AVERAGE_POOL, MAX_POOL } from './pool.js';

const DOMAIN = 'qonnx.custom_op.channels_last';
/** An old operator set in which each has its attributes. */
const REAL_OPSET = 13;

const wrapped = (real: Operator, inputs: readonly number[]): Operator => ({
  ...{ name: real.name, domain: DOMAIN, opsets: [1, NEWEST_OPSET], unversioned: true },
  ...{ inputs: real.inputs, attributes: real.attributes },
  import: (call) => onChannelsLast({ ...call, opset: REAL_OPSET }, real.import!, inputs),
});

export const CHANNELS_LAST: readonly Operator[] = [
  wrapped(AVERAGE_POOL, [0]),
  wrapped(BATCH_NORMALIZATION, [0]),
  wrapped(CONV, [0, 1]),
  wrapped(MAX_POOL, [0]),
];
