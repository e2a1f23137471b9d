/** `npm run mutation`: every injected fault, not only the sample that `npm test` takes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('test.mjs', import.meta.url));
const result = spawnSync(process.execPath, [script, 'test/mutation'], {
  stdio: 'inherit',
  env: { ...process.env, MUTATION: 'all' },
});
process.exitCode = result.status ?? 1;
