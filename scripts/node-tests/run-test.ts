/** One node test: imported, run in ONNX Runtime, made an integer network, run in the program simulator. */
import { type ErrorCode, SystoleError } from '../../src/base/error.js';
import type { Graph } from '../../src/frontend/graph.js';
import { ImportRefusal, importOnnx } from '../../src/frontend/import-onnx.js';
import type { NodeTest } from './archive.js';
import { floatDifference } from './float-check.js';
import { type Form, formsOf } from './forms.js';
import { integerDifference } from './integer-check.js';
import { operatorsOf, relevanceOf } from './relevance.js';
import type { Outcome, TestResult } from './result.js';
import { beyondScope } from './scope.js';

/** Codes that are defects of Systole, or of its tools, wherever they come from. */
const DEFECTS: readonly ErrorCode[] = ['internal', 'plan-invalid', 'certificate-wrong', 'tool-failed', 'graph-invalid'];

export async function runNodeTest(test: NodeTest): Promise<TestResult> {
  const operators = operatorsOf(test);
  const relevance = relevanceOf(operators);
  const outcome: Outcome = relevance === 'none' ? { status: 'not-relevant' } : await outcomeOf(test);
  const beyond = relevance === 'none' ? null : beyondScope(test);
  return { name: test.name, operators, relevance, beyond, outcome };
}

/** Of the first form that is not refused; else the first refusal, or the one behind it where the array has nothing to do. */
async function outcomeOf(test: NodeTest): Promise<Outcome> {
  const forms = tried(test);
  if (!Array.isArray(forms) && typeof forms !== 'string') return forms;
  if (typeof forms === 'string') return { status: 'refused', code: 'operator-limit', message: `${forms} is not read` };
  let refused: Outcome | undefined;
  for (const form of forms) {
    const outcome = await outcomeOfForm(form);
    if (outcome.status !== 'refused') return outcome;
    if (refused === undefined || hasNothing(refused)) refused = outcome;
  }
  return refused!;
}

function tried(test: NodeTest): Form[] | string | Outcome {
  try {
    return formsOf(test);
  } catch (error) {
    return ofError(error, 'its constants');
  }
}

async function outcomeOfForm(form: Form): Promise<Outcome> {
  try {
    const graph = importOnnx(form.model);
    const difference = (await floatDifference(graph, form.runs)) ?? (await integerDifference(graph, form.runs));
    if (difference !== null) return { status: 'failed', message: `${form.name}: ${difference}` };
    return { status: 'passed', by: byWhom(graph, form), form: form.name };
  } catch (error) {
    return ofError(error, form.name);
  }
}

const hasNothing = (outcome: Outcome) =>
  outcome.status === 'refused' && /nothing for the array|is not computed by the network/.test(outcome.message);

/** Behind a halving, one node is the halving. */
function byWhom({ nodes }: Graph, { name }: Form): 'array' | 'host' {
  return nodes.length > (name.includes('halving') ? 1 : 0) ? 'array' : 'host';
}

function ofError(error: unknown, form: string): Outcome {
  if (!(error instanceof SystoleError)) return { status: 'failed', message: `${form}: ${stackOf(error)}` };
  const { code, message, where, expected, actual } = error;
  const details = [where, expected && `expected ${expected}`, actual && `is ${actual}`].filter(Boolean).join('; ');
  const words = `${message} (${form}; ${details})`;
  const defect = DEFECTS.includes(code) && !(error instanceof ImportRefusal);
  return defect ? { status: 'failed', message: `${words} [${code}]` } : { status: 'refused', code, message: words };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
