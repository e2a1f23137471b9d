/** What a command hands to the frame, which alone prints it. */
export interface Outcome {
  /** The one object of --json. */
  readonly json: object;
  /** What a person reads; without the final newline. */
  readonly text: string;
  /** 3: a check found a mismatch; 1: something that is needed is missing. Default 0. */
  readonly exitCode?: 0 | 1 | 3;
}

/** One object, two spaces of indentation. Bigints become strings. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v), 2)}\n`;
}
