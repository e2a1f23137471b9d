/** Ctrl-C and kill: nothing half-written stays, the children end with us (execa sees to that at exit). */
import { rmSync } from 'node:fs';
import { temporaryPaths } from '../../base/temporary.js';

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export function exitOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.once(signal, () => {
      removeTemporaries();
      process.exit(code);
    });
  }
}

function removeTemporaries(): void {
  for (const path of temporaryPaths()) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    } catch {
      // A child still writes into it; the rest is removed all the same.
    }
  }
}
