import { defineConfig } from 'vitest/config';

// Simulators are built on first use: seconds for each, minutes for a whole set of them on a cold cache.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 2 },
});
