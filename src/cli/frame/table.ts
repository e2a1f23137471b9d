import Table from 'cli-table3';

/** What a table draws no lines with: columns apart by two spaces, a line under the head. */
const PLAIN = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows under their titles; numbers belong into columns marked right. */
export function table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) drawn.push(row.map(String));
  return trimmed(drawn.toString());
}

/** Names and values, one a line. */
export function facts(entries: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

const NAME_WIDTH = 40;

/** Names from a model, the middle left out of those too long for a table; where that makes names equal, what tells them apart is shown. */
export function shortNames(names: readonly string[]): string[] {
  const groups = new Map<string, Set<string>>();
  for (const name of names) {
    const short = withoutMiddle(name);
    groups.set(short, (groups.get(short) ?? new Set()).add(name));
  }
  return names.map((name) => {
    const alike = groups.get(withoutMiddle(name))!;
    return alike.size === 1 ? withoutMiddle(name) : aroundDifference(name, commonStart([...alike]));
  });
}

function withoutMiddle(name: string): string {
  if (name.length <= NAME_WIDTH) return name;
  return `${name.slice(0, 15)}...${name.slice(3 + 15 - NAME_WIDTH)}`;
}

/** Of a name that is longer than a table has room for. */
function aroundDifference(name: string, from: number): string {
  const shown = Math.min(Math.max(3, from - 8), name.length - 20);
  return `...${name.slice(shown, shown + 15)}...${name.slice(21 - NAME_WIDTH)}`;
}

function commonStart(names: readonly string[]): number {
  const [first = '', ...others] = names;
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  return length;
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}
