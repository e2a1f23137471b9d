/** docs/operators.md, from the operator table. */
import { hostImporter } from '../../src/frontend/host/table.js';
import { DESCRIPTIONS } from '../../src/frontend/operators/descriptions.js';
import { type AttributeSpec, NEWEST_OPSET, type Operator } from '../../src/frontend/operators/operator.js';
import { OPERATORS } from '../../src/frontend/operators/table.js';

const HEAD = `# Operators

Printed from the operator table (\`src/frontend/operators/\`) by \`npm run docs\`. An operator that is not here is refused by name,
one that is here with an attribute or an input beyond its limits by that; \`systole inspect\` says where and what to do.

- **Operator sets**: first and last whose form of the operator is known. **Inputs**: fewest and most.
- **Attributes** with the default, in braces the values that are taken; *until* the last operator set that has it as an attribute.
- **Runs**: *array*: layers of the integer network; *fused*: part of a neighbouring layer; *view*: its reader sees the values in
  another order; *copy*: codes move; *host*: behind the array, in float32; *folded*: of constants and shapes, while the model is read.
- **Exactness** is that of the integers against the arithmetic of a model that says how it is quantized. For a float model the
  choice of scales comes before it: that is an approximation, whose accuracy \`systole evaluate\` measures.
`;

/** ONNX's own domain first, then the others by name; operators of several domains once, under the first. */
export function operatorsPage(operators: readonly Operator[] = OPERATORS): string {
  const domains = [...new Set(operators.map(({ domain }) => domain))].sort();
  const sections = domains.map((domain) => {
    const own = operators.filter((operator) => operator.domain === domain).sort(byName);
    const title = domain === '' ? 'ONNX' : `\`${domain}\``;
    return [`## ${title}`, '', ...tableOf(own)].join('\n');
  });
  return `${[HEAD, ...sections].join('\n')}\n`;
}

function byName(a: Operator, b: Operator): number {
  return a.name < b.name ? -1 : 1;
}

const COLUMNS = ['operator', 'operator sets', 'inputs', 'attributes', 'runs', 'exactness', 'limits'];

function tableOf(operators: readonly Operator[]): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(COLUMNS), row(COLUMNS.map(() => '---')), ...operators.map((operator) => row(cellsOf(operator))), ''];
}

function cellsOf(operator: Operator): string[] {
  const description = DESCRIPTIONS[operator.name];
  if (description === undefined) throw new Error(`there is no description of ${operator.name}`);
  const { runs, exactness, limits } = description;
  const attributes = Object.entries(operator.attributes).map(([name, spec]) => attributeText(name, spec));
  const onHost = hostImporter({ node: { operator: operator.name, domain: operator.domain } }) !== undefined;
  const isFolded = operator.fold !== undefined || operator.name === 'Shape';
  const places = new Set([...runs, ...(onHost ? ['host'] : []), ...(isFolded ? ['folded'] : [])]);
  const list = attributes.join(', ');
  return [operator.name, opsetsOf(operator), inputsOf(operator), list, [...places].join(', '), exactness, limits];
}

function opsetsOf({ domain, opsets: [from, to] }: Operator): string {
  if (domain !== '') return from === to ? `${from}` : `from ${from}`;
  return to === NEWEST_OPSET ? `from ${from}` : `${from} to ${to}`;
}

function inputsOf({ inputs: [fewest, most] }: Operator): string {
  if (fewest === most) return `${fewest}`;
  return most === Number.POSITIVE_INFINITY ? `${fewest} or more` : `${fewest} to ${most}`;
}

/** The ends of float32, which bound nothing. */
const FLOAT_MAX = 3.4028234663852886e38;

function attributeText(name: string, spec: AttributeSpec): string {
  const value = 'default' in spec && spec.default !== undefined ? ` = ${numberText(spec.default)}` : '';
  const only = 'only' in spec && spec.only !== undefined ? ` {${spec.only.join(', ')}}` : '';
  const notes = [
    ...(spec.required ? ['required'] : []),
    ...(spec.until === undefined ? [] : [`until ${spec.until}`]),
    ...(spec.type === 'ignored' ? ['without effect'] : []),
  ];
  return `\`${name}\`${value}${only}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function numberText(value: number | string): string {
  if (value === FLOAT_MAX) return 'the largest float32';
  return value === -FLOAT_MAX ? 'the smallest float32' : `${value}`;
}
