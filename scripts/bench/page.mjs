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

export const SECTIONS = {
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
      ['network', 'cycles a second', 'digit-MACs a second'],
      rows.map((row) => [row.network, grouped(row.cyclesPerSecond), grouped(row.macsPerSecond)]),
    ),
};

const TEXT = {
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
    'One process of the Verilated 1x16x16 machine; the time of one image subtracted, so start-up does not count.',
  ],
};

/** @param {any} results see bench.mjs @returns {string} docs/benchmarks.md */
export function page(results) {
  const { node, verilator, cores } = results.environment;
  const sections = Object.entries(TEXT).map(([key, [title, text]]) => {
    const notes = results.skipped.filter((note) => note.section === key).map((note) => `Skipped: ${note.text}`);
    const body = results[key].length > 0 ? SECTIONS[key](results[key]) : '';
    return [`## ${title}`, text, body, ...notes].filter((part) => part !== '').join('\n\n');
  });
  const head = `# Benchmarks\n\nWritten by \`npm run bench\`. Node ${node}, ${verilator}, ${cores} cores.`;
  return `${[head, ...sections].join('\n\n')}\n`;
}
