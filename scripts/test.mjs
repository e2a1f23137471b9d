/** `npm test`: formatting and lint, types, every test; ends with one line, `N passed, N failed[, N skipped]`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = `${ROOT}.cache/vitest.json`;
const bin = (name) => `${ROOT}node_modules/.bin/${name}`;
const count = { passed: 0, failed: 0, skipped: 0 };

function check(title, command, args) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  const good = result.status === 0;
  count[good ? 'passed' : 'failed'] += 1;
  console.log(`${good ? '✓' : '✗'} ${title}`);
  if (!good) console.log(`${result.stdout ?? ''}${result.stderr ?? ''}`.trim());
}

function vitest(args) {
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  rmSync(RESULTS, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`];
  const result = spawnSync(bin('vitest'), ['run', ...reporters, ...args], { cwd: ROOT, stdio: 'inherit' });
  try {
    const found = JSON.parse(readFileSync(RESULTS, 'utf8'));
    count.passed += found.numPassedTests;
    count.failed += found.numFailedTests;
    count.skipped += found.numPendingTests + found.numTodoTests;
  } catch {
    console.log('vitest left no results');
  }
  // A file that cannot be loaded, or an unhandled error, fails the run without failing a test.
  if (result.status !== 0 && count.failed === 0) count.failed += 1;
}

const selected = process.argv.slice(2);
if (selected.length === 0) {
  check('formatting and lint', bin('biome'), ['check', '.']);
  check('types', bin('tsc'), ['--noEmit']);
}
vitest(selected);
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
process.exitCode = count.failed > 0 ? 1 : 0;
