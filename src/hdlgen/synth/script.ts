/** What Yosys is told: read, check, synthesize with the hierarchy kept, write the netlist. */
import { TARGET_FACTS, type Target } from './targets.js';

export const NETLIST = 'netlist.json';

/** An adder stays an adder: a tree of them would become compressors of LUTs, larger than the carry chains they replace. */
const ADDERS = `(* techmap_celltype = "$add" *)
module one_adder_one_chain (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire [Y_WIDTH-1:0] x, c;
  \\$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH))
      _TECHMAP_REPLACE_ (.A(A), .B(B), .Y(Y), .CI(1'b0), .BI(1'b0), .X(x), .CO(c));
endmodule
`;

export interface SynthesisJob {
  /** Path -> text, all that Yosys reads, the script too. */
  readonly files: ReadonlyMap<string, string>;
  readonly script: string;
}

/** @param verilog bare file name -> text: *.v are read, *.vh included. */
export function synthesisJob(verilog: ReadonlyMap<string, string>, top: string, target: Target): SynthesisJob {
  const sources = [...verilog.keys()].filter((name) => name.endsWith('.v')).sort();
  const script = [
    ...sources.map((name) => `read_verilog -I rtl rtl/${name}`),
    `hierarchy -check -top ${top}`,
    'proc',
    'check -assert',
    'select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr',
    'opt_expr',
    'opt_clean',
    'wreduce',
    'techmap -map adders.v t:$add',
    `${TARGET_FACTS[target].command} -top ${top}`,
    `write_json ${NETLIST}`,
    '',
  ].join('\n');
  const files = new Map<string, string>([...verilog].map(([name, text]) => [`rtl/${name}`, text]));
  return { files: files.set('adders.v', ADDERS).set('synth.ys', script), script: 'synth.ys' };
}

/** Of Yosys' warnings those that say something about the hardware. */
export function warningsThatMatter(log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => /^Warning: /.test(line));
  return [...new Set(lines.filter((line) => !HARMLESS.some((pattern) => pattern.test(line))))];
}

const HARMLESS = [
  // Its own library cells have wider ports than a narrow memory uses.
  /^Warning: Resizing cell port .* from \d+ bits to \d+ bits\.$/,
  // The row counters: all are read at once.
  /^Warning: Replacing memory \\count_q with list of registers\./,
];
