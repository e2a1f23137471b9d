/**
 * Sets up what a clean clone needs: Node packages, the compiled command, Verilator and a C++ compiler. Uses nothing but
 * Node itself, since it is what installs the rest. What is there already is left alone.
 * `--quiet` prints only what it has to do; `--demo` leaves out the tools that only the tests use.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const quiet = process.argv.includes('--quiet');
const demo = process.argv.includes('--demo');

/** Command that shows it is there, Debian package, and what it is for. */
const TOOLS = [
  { command: 'verilator', flag: '--version', packages: ['verilator'], purpose: 'simulation', tests: false },
  { command: 'g++', flag: '--version', packages: ['g++'], purpose: 'the simulator', tests: false },
  { command: 'cc', flag: '--version', packages: ['gcc', 'libc6-dev'], purpose: 'C host programs', tests: false },
  { command: 'yosys', flag: '-V', packages: ['yosys'], purpose: 'formal proofs', tests: true },
  { command: 'iverilog', flag: '-V', packages: ['iverilog'], purpose: 'the test bench', tests: true },
];
const say = (text) => quiet || console.log(text);

function run(command, args, what) {
  console.log(`set-up: ${what}`);
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return true;
  console.error(`${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-15).join('\n'));
  return false;
}

function fail(text) {
  console.error(`set-up: ${text}`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
}

/** npm writes node_modules/.package-lock.json at the end of an install: older than the lock file means stale. */
function installPackages() {
  const installed = `${ROOT}node_modules/.package-lock.json`;
  const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync(`${ROOT}package-lock.json`).mtimeMs;
  if (!stale) return say('Node packages are installed');
  if (!run('npm', ['ci', '--ignore-scripts'], 'installing Node packages (npm ci)')) fail('npm ci failed');
}

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

function buildCommand() {
  const built = `${ROOT}dist/src/cli/main.js`;
  const sources = ['src', 'sim', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'].map((path) =>
    newest(ROOT + path),
  );
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return say('the systole command is built');
  if (!run('npm', ['run', 'build'], 'building the systole command')) fail('npm run build failed');
}

const works = ({ command, flag }) => spawnSync(command, [flag], { encoding: 'utf8' }).status === 0;

function installTools() {
  const missing = TOOLS.filter((tool) => !(demo && tool.tests) && !works(tool));
  if (missing.length === 0) return say('the tools are installed');
  const packages = missing.flatMap((tool) => tool.packages);
  const names = missing.map((tool) => `${tool.command} (${tool.purpose})`).join(', ');
  const debian = spawnSync('apt-get', ['--version']).status === 0;
  if (!debian)
    fail(
      `missing: ${names}; install them with your system's package manager (macOS: brew install verilator yosys icarus-verilog)`,
    );
  if (process.getuid?.() !== 0) fail(`missing: ${names}; type: sudo apt-get install -y ${packages.join(' ')}`);
  run('apt-get', ['update', '-q'], 'reading the list of Debian packages');
  const options = ['install', '-y', '-q', '--no-install-recommends'];
  if (!run('apt-get', [...options, ...packages], `installing ${packages.join(', ')}`))
    fail(`could not install ${packages.join(', ')}`);
  const broken = missing.filter((tool) => !works(tool)).map((tool) => tool.command);
  if (broken.length > 0) fail(`${broken.join(', ')} does not run after its installation`);
}

checkNode();
installPackages();
buildCommand();
installTools();
