/** Yosys on a machine's Verilog, its result kept by the content of all that goes in. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { whileTemporary } from '../../base/temporary.js';
import { NETLIST, type SynthesisJob, warningsThatMatter } from '../../hdlgen/synth/script.js';
import { writeFiles } from '../../runtime/project.js';
import { runTool } from './run-tool.js';

export interface Synthesized {
  /** Of Yosys' write_json. */
  readonly netlist: string;
  readonly warnings: readonly string[];
  readonly tool: string;
}

/** @throws SystoleError tool-missing, tool-failed */
export async function synthesize(job: SynthesisJob, cacheDir: string): Promise<Synthesized> {
  const version = await runTool('yosys', ['-V'], '.');
  const tool = /^Yosys \S+/.exec(version.stdout)?.[0] ?? 'Yosys';
  const key = createHash('sha256')
    .update(JSON.stringify([tool, [...job.files]]))
    .digest('hex');
  const home = join(cacheDir, 'netlists', key.slice(0, 32));
  if (!existsSync(home)) await build(job, home);
  const read = (name: string) => readFile(join(home, name), 'utf8');
  return { netlist: await read(NETLIST), warnings: warningsThatMatter(await read('yosys.log')), tool };
}

/** `home` appears whole or not at all. */
async function build(job: SynthesisJob, home: string): Promise<void> {
  await mkdir(dirname(home), { recursive: true });
  const work = await mkdtemp(`${home}.tmp-`);
  await whileTemporary(work, async () => {
    try {
      await writeFiles(work, job.files);
      const { stdout, stderr } = await runTool('yosys', ['-q', '-s', job.script], work);
      await writeFile(join(work, 'yosys.log'), `${stdout}\n${stderr}`);
      await rename(work, home).catch((error: unknown) => {
        if (!existsSync(home)) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}
