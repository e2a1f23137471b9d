/** JSON with keys in code point order and no spaces: equal values give equal bytes. Bigints become strings. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** The same order, two spaces of indentation and a final newline, for files people read. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(ordered(value), null, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, ordered(v)]));
}
