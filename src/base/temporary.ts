/** Paths that must not outlive the process: who makes one says so, and a killed command line removes those left. */
const paths = new Set<string>();

/** Runs `work` while `path` counts as temporary; removing it in the end is the caller's. */
export async function whileTemporary<T>(path: string, work: () => Promise<T>): Promise<T> {
  paths.add(path);
  try {
    return await work();
  } finally {
    paths.delete(path);
  }
}

/** The paths that are temporary now, newest first. */
export function temporaryPaths(): readonly string[] {
  return [...paths].reverse();
}
