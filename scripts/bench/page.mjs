/** The bench's results as text: the same tables on the terminal and in docs/benchmarks.md. */

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows @returns {string} Markdown, columns aligned */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const percent = (share) => (share === null || share === undefined ? 'none' : `${(100 * share).toFixed(1)} %`);
const seconds = (value) => `${value.toFixed(1)} s`;
const grouped = (value) =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

const figure = (row, text) => (row.refusal === null ? text(row) : '');
const asked = ({ utilization, cycles }) => (cycles === null ? percent(utilization) : `${grouped(cycles)} cycles`);
const verdictOf = (row) =>
  row.refusal !== null
    ? `refused: ${row.refusal}`
    : row.bitExact && row.cycles === row.planCycles
      ? 'bit-exact, cycles as planned'
      : 'MISMATCH';

/** Names of the waterfall's parts as the machine has them, and as people say them. */
const WATERFALL = {
  ...{ fill: 'fill', compute: 'compute', rows: 'wait for input', weights: 'wait for weights' },
  ...{ post: 'wait for post-processing', fetch: 'wait for records', drain: 'drain' },
};

export const SECTIONS = {
  rows: (rows) =>
    table(
      [
        'network',
        'precision',
        'machine',
        'cycles',
        'utilization',
        'asked',
        'best peer',
        'latency',
        'interval',
        'verdict',
      ],
      rows.map((row) => [
        ...[row.network, row.precision, row.machine],
        figure(row, ({ cycles }) => grouped(cycles)),
        figure(row, ({ utilization }) => percent(utilization)),
        `${row.aim.cycles === null ? 'at least' : 'at most'} ${asked(row.aim)}`,
        row.peer,
        figure(row, ({ milliseconds }) => `${milliseconds.toFixed(3)} ms`),
        figure(row, ({ interval }) => grouped(interval)),
        verdictOf(row),
      ]),
    ),
  waterfalls: (rows) => {
    const made = rows.filter(({ refusal }) => refusal === null);
    const parts = Object.keys(WATERFALL).filter((part) => made.some(({ waterfall }) => part in waterfall));
    return table(
      ['network', 'machine', 'cycles', ...parts.map((part) => WATERFALL[part])],
      made.map(({ network, machine, planCycles, waterfall }) => [
        ...[network, machine, grouped(planCycles)],
        ...parts.map((part) => grouped(waterfall[part] ?? 0)),
      ]),
    );
  },
  areas: (rows) => {
    const made = rows.filter(({ synthesis }) => (synthesis ?? null) !== null);
    if (made.length === 0) return 'Not synthesized.';
    return table(
      ['network', 'machine', 'device', 'LUT', 'FF', 'block RAM', 'DSP', 'utilization', 'latency'],
      made.map(({ network, machine, synthesis, utilization, milliseconds }) => [
        ...[network, machine, synthesis.device],
        ...[synthesis.lut, synthesis.ff, synthesis.bram, synthesis.dsp].map(grouped),
        ...[percent(utilization), `${milliseconds.toFixed(3)} ms`],
      ]),
    );
  },
  rowTimes: (rows) =>
    table(
      ['network', 'machine', 'compile', 'verify'],
      rows
        .filter(({ refusal }) => refusal === null)
        .map((row) => [row.network, row.machine, seconds(row.seconds.compile), seconds(row.seconds.verify)]),
    ),
  time: (rows) =>
    table(
      ['what', 'time', 'aim'],
      rows.map((row) => [row.what, seconds(row.seconds), row.aim === null ? '' : `under ${row.aim} s`]),
    ),
  networks: (rows) =>
    table(
      ['network', 'weights', 'cycles', 'planned', 'utilization', 'latency', 'images', 'verdict'],
      rows.map((row) => [
        row.network,
        `${row.weights} bit`,
        grouped(row.cycles),
        grouped(row.planCycles),
        percent(row.utilization),
        `${row.milliseconds.toFixed(3)} ms`,
        `${row.images}`,
        row.bitExact ? 'bit-exact' : 'MISMATCH',
      ]),
    ),
  accuracy: (rows) =>
    table(
      ['network', 'weights', 'right', 'of', 'float model', 'agreement', 'images a second'],
      rows.map((row) => [
        row.network,
        `${row.weights} bit`,
        `${row.correct}`,
        `${row.images}`,
        percent(row.floatTop1),
        percent(row.agreement),
        grouped(row.imagesPerSecond),
      ]),
    ),
  simulation: (rows) =>
    table(
      ['network', 'machine', 'cycles a second', 'MACs of the array a second', 'useful ones', 'asked'],
      rows.map((row) => [
        ...[row.network, row.machine],
        ...[row.cyclesPerSecond, row.macsPerSecond, row.usefulPerSecond].map((count) =>
          row.refusal === null ? grouped(count) : 'refused',
        ),
        `at least ${grouped(row.aim)}`,
      ]),
    ),
};

const TEXT = {
  rows: [
    'Utilization at batch 1',
    'Useful digit-MACs for each multiplier and cycle; cycles from the first input beat to the last output beat of one image in RTL simulation, in the run that holds every layer against the golden model. Weights are random, and so are the inputs: no cycle depends on them. Latency at an assumed 100 MHz; interval: cycles from image to image when the next one always waits.',
  ],
  waterfalls: ['Where the cycles go', 'They add up to the total.'],
  areas: [
    'What the machines are made of',
    'Synthesized for the device by Yosys: the machine of each row with its memories as they are.',
  ],
  rowTimes: ['Time of the rows', 'Wall clock; verify builds the simulator where it is missing.'],
  time: ['Time', 'Wall clock. "Cached" means that the simulator of the machine had been built before.'],
  networks: [
    'Networks in Verilator',
    'Machine 1x16x16 with digits (8, 3), activations 8 bits, first and last layer 8-bit weights; batch 1, full rate. Latency at an assumed 100 MHz.',
  ],
  accuracy: [
    'Accuracy of the integer networks',
    'Post-training quantization, activations 8 bits, first and last layer 8-bit weights. resnet8 is calibrated on the images it is judged on (there are no others); shapes on seeds of its own; agreement is with the float model.',
  ],
  simulation: [
    'Speed of the simulation',
    'One process of the Verilated machine; the time of one image is subtracted, so that start-up does not count. Of the array: all products that its multipliers make in those cycles; the useful ones as in the utilization.',
  ],
};

/** @param {any} results see bench.mjs @returns {string} docs/benchmarks.md */
export function page(results) {
  const { node, verilator, cores } = results.environment;
  const sections = Object.entries(TEXT).map(([key, [title, text]]) => {
    const notes = results.skipped.filter((note) => note.section === key).map((note) => `Skipped: ${note.text}`);
    const rows = results[key] ?? results.rows;
    const body = rows.length > 0 ? SECTIONS[key](rows) : '';
    return [`## ${title}`, text, body, ...notes].filter((part) => part !== '').join('\n\n');
  });
  const head = `# Benchmarks\n\nWritten by \`npm run bench\`. Node ${node}, ${verilator}, ${cores} cores.`;
  return `${[head, ...sections].join('\n\n')}\n`;
}
