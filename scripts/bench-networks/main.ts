/** `npm run bench-networks -- --list`, or `-- NAME -o FILE`: the networks of the bench as ONNX files. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BENCH_NETWORKS, type BenchNetwork, benchNetwork } from './table.js';

const USAGE = `usage: npm run bench-networks -- --list | NAME -o FILE
  --list     the networks: name, input, multiplications, weights, source
  -o FILE    writes the network NAME as an ONNX file`;

function main(): void {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean', default: false }, output: { type: 'string', short: 'o' } },
    allowPositionals: true,
  });
  const [name, ...others] = positionals;
  if (values.list && positionals.length === 0 && values.output === undefined) {
    console.log(BENCH_NETWORKS.map(line).join('\n'));
  } else if (name !== undefined && others.length === 0 && values.output !== undefined && !values.list) {
    writeFileSync(values.output, benchNetwork(name));
  } else {
    throw new Error(USAGE);
  }
}

function line({ name, inputShape, macs, weights, citation }: BenchNetwork): string {
  const millions = (count: number): string => `${(count / 1e6).toFixed(3)} M`.padStart(12);
  return `${name.padEnd(18)} ${inputShape.join('x').padEnd(12)} ${millions(macs)} ${millions(weights)}  ${citation}`;
}

try {
  main();
} catch (error) {
  console.error(`bench-networks: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
