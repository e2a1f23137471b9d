/** One case of a regression: compiled in memory, verified, compared with the plan. */
import type { Machine } from '../../arch/machine.js';
import { planNetwork } from '../../arch/plan/plan-network.js';
import { countCycles, countInterval } from '../../arch/timing/count-cycles.js';
import { projectFiles } from '../../hdlgen/project-files.js';
import type { TemplateSource } from '../../hdlgen/templates.js';
import { inputCodes } from '../../quant/numerics.js';
import { decodeModel } from '../../runtime/model.js';
import { projectInMemory } from '../../runtime/project.js';
import type { VerifyReport } from '../../runtime/verify/report.js';
import { verifyProject } from '../../runtime/verify/verify-project.js';
import { asSystoleError, errorText } from '../frame/errors.js';
import { asPlanned } from '../model/as-planned.js';
import { divergenceText } from '../model/divergence-text.js';
import { quantizeLimits } from '../model/machine-options.js';
import { STALLS } from '../model/stalls.js';
import { packageVersion } from '../package.js';
import type { Case } from './cases.js';
import type { ModelSource } from './model-source.js';
import type { CaseResult } from './result.js';

export interface CaseJob {
  readonly case: Case;
  readonly machine: Machine;
  readonly source: ModelSource;
  readonly seed: number;
  readonly cacheDir: string;
  readonly templates: TemplateSource;
}

/** What a machine may answer to a network that was made without it in mind. */
const DOES_NOT_FIT: readonly string[] = [
  'memory-too-small',
  'accumulator-range',
  'requantize-range',
  'network-unsupported',
];

export async function runCase(job: CaseJob): Promise<CaseResult> {
  const start = performance.now();
  const seconds = () => Math.round(performance.now() - start) / 1000;
  try {
    return judged(await verifyCase(job), seconds());
  } catch (error) {
    const { code, message } = asSystoleError(error);
    if (job.source.random && DOES_NOT_FIT.includes(code)) return { status: 'skipped', message: `${message} [${code}]` };
    return {
      status: 'error',
      message: `${message} [${code}]`,
      detail: errorText(asSystoleError(error)),
      seconds: seconds(),
    };
  }
}

async function verifyCase({
  case: { precision, stalls, images },
  machine,
  source,
  seed,
  cacheDir,
  templates,
}: CaseJob) {
  const network = await source.network(precision, quantizeLimits([machine]));
  const plan = planNetwork(network, machine);
  const cycles = countCycles(machine, plan.images);
  const interval = countInterval(machine, plan.images);
  const files = projectFiles({ plan, cycles, interval, templates, systole: packageVersion(), inputs: [], options: {} });
  const model = decodeModel(projectInMemory('regress', files));
  const frames = (await source.images(images)).map((image) => inputCodes(network, image));
  return verifyProject(model, frames, { cacheDir, seed, pipelined: true, ...(stalls && { stalls: STALLS }) });
}

function judged(report: VerifyReport, seconds: number): CaseResult {
  const { bitExact, mismatches, images, cycles, planCycles, interval, planInterval, utilization } = report;
  if (!bitExact) {
    const detail = report.firstDivergence === null ? '' : divergenceText(report.firstDivergence);
    return { status: 'mismatch', message: `${mismatches} of ${images} images differ`, detail, seconds };
  }
  if (!asPlanned(report) || cycles === null || utilization === null) {
    const message = `${cycles} cycles, planned ${planCycles}; ${interval} from frame to frame, planned ${planInterval}`;
    return { status: 'mismatch', message, detail: '', seconds };
  }
  return { status: 'passed', cycles, planCycles, utilization, seconds };
}
