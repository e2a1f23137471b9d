/**
 * The wire form of ONNX (onnx.proto, IR version 3 and later): per message, field number -> what it holds.
 * varint, fixed32 and fixed64 fields may be packed where they repeat.
 */
export type FieldKind =
  | 'varint'
  | 'varints'
  | 'fixed32'
  | 'fixed32s'
  | 'fixed64s'
  | 'bytes'
  | { readonly message: MessageName };

export type MessageName =
  | 'Model'
  | 'Graph'
  | 'Node'
  | 'Attribute'
  | 'Tensor'
  | 'Segment'
  | 'SparseTensor'
  | 'ValueInfo'
  | 'Type'
  | 'TensorType'
  | 'SequenceType'
  | 'MapType'
  | 'OptionalType'
  | 'Shape'
  | 'Dimension'
  | 'Entry'
  | 'Annotation'
  | 'OpsetId'
  | 'Training'
  | 'Function';

const of = (message: MessageName): FieldKind => ({ message });

export const WIRE_SCHEMA: Readonly<Record<MessageName, Readonly<Record<number, FieldKind>>>> = {
  Model: {
    1: 'varint',
    2: 'bytes',
    3: 'bytes',
    4: 'bytes',
    5: 'varint',
    6: 'bytes',
    7: of('Graph'),
    8: of('OpsetId'),
    14: of('Entry'),
    20: of('Training'),
    25: of('Function'),
  },
  Graph: {
    1: of('Node'),
    2: 'bytes',
    5: of('Tensor'),
    10: 'bytes',
    11: of('ValueInfo'),
    12: of('ValueInfo'),
    13: of('ValueInfo'),
    14: of('Annotation'),
    15: of('SparseTensor'),
  },
  Node: { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'bytes', 5: of('Attribute'), 6: 'bytes', 7: 'bytes' },
  Attribute: {
    1: 'bytes',
    2: 'fixed32',
    3: 'varint',
    4: 'bytes',
    5: of('Tensor'),
    6: of('Graph'),
    7: 'fixed32s',
    8: 'varints',
    9: 'bytes',
    10: of('Tensor'),
    11: of('Graph'),
    13: 'bytes',
    14: of('Type'),
    15: of('Type'),
    20: 'varint',
    21: 'bytes',
    22: of('SparseTensor'),
    23: of('SparseTensor'),
  },
  Tensor: {
    1: 'varints',
    2: 'varint',
    3: of('Segment'),
    4: 'fixed32s',
    5: 'varints',
    6: 'bytes',
    7: 'varints',
    8: 'bytes',
    9: 'bytes',
    10: 'fixed64s',
    11: 'varints',
    12: 'bytes',
    13: of('Entry'),
    14: 'varint',
  },
  Segment: { 1: 'varint', 2: 'varint' },
  SparseTensor: { 1: of('Tensor'), 2: of('Tensor'), 3: 'varints' },
  ValueInfo: { 1: 'bytes', 2: of('Type'), 3: 'bytes' },
  Type: {
    1: of('TensorType'),
    4: of('SequenceType'),
    5: of('MapType'),
    6: 'bytes',
    8: of('TensorType'),
    9: of('OptionalType'),
  },
  TensorType: { 1: 'varint', 2: of('Shape') },
  SequenceType: { 1: of('Type') },
  MapType: { 1: 'varint', 2: of('Type') },
  OptionalType: { 1: of('Type') },
  Shape: { 1: of('Dimension') },
  Dimension: { 1: 'varint', 2: 'bytes', 3: 'bytes' },
  Entry: { 1: 'bytes', 2: 'bytes' },
  Annotation: { 1: 'bytes', 2: of('Entry') },
  OpsetId: { 1: 'bytes', 2: 'varint' },
  Training: { 1: of('Graph'), 2: of('Graph'), 3: of('Entry'), 4: of('Entry') },
  Function: {
    1: 'bytes',
    2: 'varint',
    3: 'varint',
    4: 'bytes',
    5: 'bytes',
    6: 'bytes',
    7: of('Node'),
    8: 'bytes',
    9: of('OpsetId'),
    10: 'bytes',
    11: of('Attribute'),
  },
};
