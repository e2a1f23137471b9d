import type { Relevance } from './relevance.js';

/** What became of one test. */
export type Outcome =
  | {
      readonly status: 'passed';
      /** The array has a part in it, or the host computes it all. */
      readonly by: 'array' | 'host';
      /** How the test was put to the importer. */
      readonly form: string;
    }
  /** With the limit's own code and words. */
  | { readonly status: 'refused'; readonly code: string; readonly message: string }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'not-relevant' };

export interface TestResult {
  readonly name: string;
  readonly operators: readonly string[];
  readonly relevance: Relevance;
  /** Why this form of the operators is beyond what is meant to work; null for one that is not. */
  readonly beyond: string | null;
  readonly outcome: Outcome;
}
