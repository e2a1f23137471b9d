/** JUnit XML as CI systems read it (the format of Ant's junitreport, one testsuite). */
export interface JunitCase {
  readonly group: string;
  readonly name: string;
  readonly seconds: number;
  readonly result:
    | { readonly kind: 'passed' }
    /** failure: a check found a difference; error: it could not be done; skipped: it was left out. */
    | { readonly kind: 'failure' | 'error' | 'skipped'; readonly message: string; readonly detail?: string };
}

export function junitXml(name: string, cases: readonly JunitCase[]): string {
  const count = (kind: JunitCase['result']['kind']) => cases.filter(({ result }) => result.kind === kind).length;
  const seconds = cases.reduce((sum, entry) => sum + entry.seconds, 0);
  const totals = attributes({
    name,
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite ${totals}>`,
    ...cases.map(caseXml),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseXml({ group, name, seconds, result }: JunitCase): string {
  const head = attributes({ classname: group, name, time: seconds.toFixed(3) });
  if (result.kind === 'passed') return `    <testcase ${head}/>`;
  const inner = attributes({ message: result.message });
  const body = result.detail === undefined ? '/>' : `>${escaped(result.detail)}</${result.kind}>`;
  return `    <testcase ${head}>\n      <${result.kind} ${inner}${body}\n    </testcase>`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}="${escaped(String(value))}"`)
    .join(' ');
}

/** Characters that XML 1.0 cannot hold at all become the replacement character. */
function escaped(text: string): string {
  return Array.from(text, (character) => (isXml(character.codePointAt(0)!) ? character : '\ufffd'))
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}

/** XML 1.0, production Char. */
function isXml(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}
