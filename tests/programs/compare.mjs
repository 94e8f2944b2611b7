// Builds the programs, runs their work with every malloc, and compares what they
// print; then with mote in every engine.
//   node tests/programs/compare.mjs [--rounds N] [--engines] [--check|--update] [PROGRAM...]
// Prints size, time and memory of each, and writes build/programs/report.json.
//   --engines   also bun and the browsers; writes build/toolchains/cells-programs.json
//   --check     size and memory must be those of README.md here
//   --update    writes them there
// Time never decides anything.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { profiles } from '../../size-reports/mote/build.mjs';
import { grouped, markdownTable, textTable } from '../../size-reports/tool/tables.mjs';
import { build, titleOf, wasmToolchains } from './build.mjs';
import { engines } from './engines.mjs';
import { programsNamed } from './programs.mjs';
import { toolchains } from '../toolchains/labels.mjs';
import { Failure, digest, inRounds, mebibytes, median, renewTable, root, runMain, runsInWords, seconds } from './support.mjs';

const node = engines.find(({ name }) => name === 'node');
const isMote = ({ malloc }) => malloc.startsWith('mote ');
const counts = { passed: 0, failed: 0, skipped: 0 };

function options(args) {
  const chosen = { rounds: 3, engines: false, mode: null, names: [] };
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === '--rounds') chosen.rounds = Number(args.shift());
    else if (arg === '--engines') chosen.engines = true;
    else if (arg === '--check' || arg === '--update') chosen.mode = arg.slice(2);
    else chosen.names.push(arg);
  }
  if (!(chosen.rounds >= 1)) throw new Failure('--rounds wants a number');
  return chosen;
}

// One case that counts; returns whether it passed.
async function attempt(name, action) {
  try {
    await action();
    counts.passed += 1;
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    counts.failed += 1;
    console.log(`failed: ${name}: ${error.message}`);
    return false;
  }
}

const label = (program, { toolchain, malloc }) => `${program.title}, ${titleOf(toolchain)}, ${malloc}`;

// What a module must answer: what the toolchain's own malloc answered first, or, of
// programs that are alike everywhere, what any did.
function requireAnswers(program, module, text) {
  const answers = program.answers(text);
  const key = program.alike ? '' : module.toolchain;
  program.expected ??= {};
  if (program.expected[key] === undefined) {
    program.summaries = { ...program.summaries, [key]: program.work(text) };
    program.expected[key] = answers;
  }
  if (program.expected[key] !== answers) throw new Failure('answers other than the one before; the output is beside the module');
}

// The first of the others is the toolchain's default; it runs again as a control
// where there are rounds to compare.
function withControls(program, rounds) {
  const defaults = wasmToolchains.map((toolchain) => program.modules.find((module) => module.toolchain === toolchain && !isMote(module)));
  const controls = rounds > 1 ? defaults.map((module) => ({ ...module, malloc: `${module.malloc} again`, isControl: true })) : [];
  return wasmToolchains.flatMap((toolchain) => [...program.modules, ...controls].filter((module) => module.toolchain === toolchain))
    .map((module) => ({ ...module, runs: [] }));
}

async function measure(program, rounds) {
  program.measured = withControls(program, rounds);
  // The defaults first, so that the answers are theirs.
  const order = [...program.measured].sort((a, b) => isMote(a) - isMote(b));
  program.roundCount = await inRounds(async () => {
    for (const module of order) {
      await attempt(label(program, module), async () => {
        const { text, ...figures } = await node.run(program, module);
        requireAnswers(program, module, text);
        module.runs.push(figures);
      });
    }
  }, rounds);
  program.measured = program.measured.filter(({ runs }) => runs.length > 0);
  for (const module of program.measured) {
    module.bytes = statSync(module.wasm).size;
    module.memory = Math.max(...module.runs.map(({ memory }) => memory));
  }
}

// In an engine other than node: mote's larger profile, after the toolchain's own
// malloc. What that cannot do there either, as where the engine's WASI is wrong,
// says nothing of mote.
async function outcomeIn(engine, program, toolchain) {
  const modules = program.modules.filter((module) => module.toolchain === toolchain);
  const run = async (module) => requireAnswers(program, module, (await engine.run(program, module)).text);
  try {
    await run(modules.find((module) => !isMote(module)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    counts.skipped += 1;
    console.log(`skipped: ${program.title}, ${titleOf(toolchain)}, ${engine.name}: the toolchain's own malloc: ${error.message}`);
    return `not possible: ${engine.name} fails the program with the toolchain's own malloc, too`;
  }
  const module = modules.find(({ malloc }) => malloc === 'mote standard');
  return await attempt(`${label(program, module)}, ${engine.name}`, () => run(module)) ? 'passed' : 'failed';
}

function outcomeInNode(program, toolchain) {
  const measured = program.measured.filter((module) => module.toolchain === toolchain && isMote(module) && module.runs.length === program.roundCount);
  return measured.length === profiles.length ? 'passed' : 'failed';
}

// For the table in the top README.
async function cellsOf(program) {
  const cells = [];
  for (const engine of engines) {
    for (const toolchain of engine.toolchains) {
      const outcome = engine === node ? outcomeInNode(program, toolchain) : await outcomeIn(engine, program, toolchain);
      cells.push({ toolchain: toolchains[toolchain](), engine: engine.title(), feature: program.title, outcome });
    }
  }
  return cells;
}

const timeRow = (program, { toolchain, malloc, bytes, memory, runs }) => {
  const times = runs.map((run) => run.seconds);
  return [program.title, titleOf(toolchain), malloc, grouped(bytes), seconds(median(times)), seconds(Math.min(...times)), mebibytes(memory)];
};

function print(programs) {
  for (const { title, expected, summaries } of programs) {
    for (const [key, text] of Object.entries(expected)) console.log(`  ${title}${key && `, ${titleOf(key)}`}: ${summaries[key]} (sha256 ${digest(text)}...)`);
  }
  console.log(`\n${textTable(['program', 'toolchain', 'malloc', 'module bytes', 'median s', 'best s', 'linear memory'],
    programs.flatMap((program) => program.measured.map((module) => timeRow(program, module))))}\n`);
  console.log(`  In node ${process.versions.node}. Time: inside the program, ${runsInWords(Math.min(...programs.map(({ roundCount }) => roundCount)))}; the
  same module again shows the noise. Linear memory never shrinks: its size at the
  end is the peak; it includes a stack of 1 MiB, Emscripten's of 5 MiB.\n`);
}

function report(programs) {
  return programs.map(({ name, title, expected, summaries, roundCount, measured }) => ({
    name, title, work: summaries, answers: Object.fromEntries(Object.entries(expected).map(([key, text]) => [key, digest(text)])), roundCount,
    modules: measured.map(({ toolchain, malloc, bytes, memory, runs, isControl }) => ({ toolchain: titleOf(toolchain), malloc, isControl, bytes, memory, seconds: runs.map((run) => run.seconds) })),
  }));
}

function renewReadme(programs, mode) {
  const rows = programs.flatMap((program) => program.measured.filter(({ isControl }) => !isControl)
    .map(({ toolchain, malloc, bytes, memory }) => [program.title, titleOf(toolchain), malloc, grouped(bytes), mebibytes(memory)]));
  const table = markdownTable(['program', 'toolchain', 'malloc', 'module bytes', 'linear memory'], rows);
  renewTable('tests/programs/README.md', 'programs', table, mode, 'bash tests/programs/run --update');
}

await runMain('programs', async () => {
  const chosen = options(process.argv.slice(2));
  const programs = programsNamed(chosen.names);
  await build(programs);
  for (const program of programs) await measure(program, chosen.rounds);
  print(programs);
  writeFileSync(join(root, 'build/programs/report.json'), `${JSON.stringify(report(programs), null, 2)}\n`);
  if (chosen.engines) {
    const cells = [];
    for (const program of programs) cells.push(...await cellsOf(program));
    mkdirSync(join(root, 'build/toolchains'), { recursive: true });
    writeFileSync(join(root, 'build/toolchains/cells-programs.json'), `${JSON.stringify(cells, null, 2)}\n`);
  }
  if (chosen.mode) await attempt('README.md', () => renewReadme(programs, chosen.mode));
  console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`);
  if (counts.failed > 0) process.exitCode = 1;
});
