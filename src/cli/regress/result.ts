/** What became of one case. */
export type CaseResult =
  | {
      readonly status: 'passed';
      readonly cycles: number;
      readonly planCycles: number;
      readonly utilization: number;
      readonly seconds: number;
    }
  /** mismatch: a bit or a cycle differs; error: it could not be verified. */
  | {
      readonly status: 'mismatch' | 'error';
      readonly message: string;
      readonly detail: string;
      readonly seconds: number;
    }
  | { readonly status: 'skipped' | 'not-run'; readonly message: string };
