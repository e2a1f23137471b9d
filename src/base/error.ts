/**
 * Every refusal is one of these: a code from one catalogue, a place in the user's model or file,
 * what was expected, what was found, and the way out. The CLI prints it; nothing else does.
 */
export class SystoleError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  readonly hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    detail: { where?: string; expected?: string; actual?: string; hint?: string } = {},
  ) {
    super(message);
    this.name = 'SystoleError';
    this.code = code;
    this.where = detail.where;
    this.expected = detail.expected;
    this.actual = detail.actual;
    this.hint = detail.hint;
  }
}

/** The catalogue: a code is added here once, and never reused for another meaning. */
export const ERROR_CODES = {
  'file-not-found': 'an input file is missing or unreadable',
  'not-onnx': 'the file is not an ONNX model',
  'onnx-truncated': 'the ONNX file ends early or is damaged',
  'onnx-too-large': 'the ONNX file declares more data than it holds or than is allowed',
  'onnx-external-data': 'the weights lie in a file beside the model',
  'graph-empty': 'the graph has no nodes',
  'graph-invalid': 'the graph breaks a validity rule',
  'graph-limit': 'the graph has a form that is not supported',
  'operator-unknown': 'an operator is not supported',
  'operator-limit': 'an operator is supported, but not with these attributes or inputs',
  'shape-dynamic': 'an input dimension is not fixed',
  'shape-mismatch': 'two shapes that must agree do not',
  'weights-not-finite': 'weights hold NaN or infinity',
  'data-shape': 'sample data have the wrong shape',
  'data-type': 'sample data have the wrong type or values',
  'data-file': 'a data file cannot be read',
  'calibration-needed': 'calibration data are needed',
  'usage-invalid': 'the command line asks for something that does not exist, or leaves something out',
  'option-invalid': 'an option has an impossible value',
  'preprocess-invalid': 'a preprocess file is not valid',
  'file-access': 'a file or directory cannot be read or written',
  'machine-invalid': 'a machine description breaks a rule',
  'machine-unknown': 'no machine of this name',
  'accumulator-range': "a layer's accumulator range exceeds the machine's",
  'requantize-range': "a requantization constant exceeds the machine's width",
  'memory-too-small': "the network does not fit one of the machine's memories",
  'network-unsupported': 'the integer network needs something this machine cannot do',
  'plan-invalid': 'a plan breaks a validity rule (a defect of Systole)',
  'output-exists': 'the output directory exists and is not ours, or --force is missing',
  'project-invalid': 'a compiled directory is damaged or incomplete',
  'tool-missing': 'an external tool is not installed',
  'tool-failed': 'an external tool failed',
  'identity-mismatch': 'the program was made for another machine',
  'frame-short': 'an input frame ended early',
  'frame-long': 'an input frame did not end where it should',
  'accelerator-error': 'the accelerator reported an error',
  'accelerator-timeout': 'the accelerator did not answer in time',
  'certificate-wrong': 'an exactness certificate does not hold (a defect of Systole)',
  'suite-invalid': 'a regression suite file is not valid',
  internal: 'a defect of Systole: something it did not expect',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;
