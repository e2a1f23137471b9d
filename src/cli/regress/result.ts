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
  /** skipped: its model is not here; not-run: the time was over. */
  | { readonly status: 'skipped' | 'not-run'; readonly message: string };

export type CaseStatus = CaseResult['status'];

/** Results that stay true as long as nothing that went into them changes. */
export function isLasting({ status }: CaseResult): boolean {
  return status === 'passed' || status === 'mismatch';
}
