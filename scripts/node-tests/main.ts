/**
 * `npm run node-tests`: the ONNX backend's node tests of the operators that Systole takes.
 * Exit code 1 where one fails; a refusal is none, it names its limit.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openProgress } from '../../src/cli/frame/progress.js';
import { processTerminal } from '../../src/cli/frame/terminal.js';
import { readNodeTests } from './archive.js';
import { reportText, summaryOf } from './report.js';
import type { TestResult } from './result.js';
import { runNodeTest } from './run-test.js';

const USAGE = `usage: npm run node-tests -- [--filter TEXT] [--json] [--archive FILE]
  --filter TEXT   only tests whose name holds TEXT
  --json          one JSON object on stdout
  --archive FILE  the tests (default: ../shared/models/onnx-node-tests.tar.gz beside this repository)`;

/** From dist/scripts/node-tests. */
const ARCHIVE = fileURLToPath(new URL('../../../../shared/models/onnx-node-tests.tar.gz', import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      filter: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      archive: { type: 'string', default: ARCHIVE },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (!existsSync(values.archive)) {
    console.error(`node-tests: ${values.archive} is not there; --archive FILE says where the tests are`);
    return 1;
  }
  const tests = readNodeTests(values.archive).filter(({ name }) => name.includes(values.filter));
  const progress = openProgress(processTerminal());
  const results: TestResult[] = [];
  for (const test of tests) {
    results.push(await runNodeTest(test));
    progress.count('node tests', results.length, tests.length);
  }
  progress.stop();
  const summary = summaryOf(results);
  console.log(values.json ? JSON.stringify({ summary, results }, null, 2) : reportText(results));
  return summary.body.failed + summary.host.failed + summary.beyond.failed > 0 ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`node-tests: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
