// Runs the modules that sqlite/build made on workload.sql, compares what they
// print with the native sqlite3, and prints a table of size, time and memory.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { grouped, textTable } from '../../../size-reports/tool/tables.mjs';
import { Failure, digest, inRounds, mebibytes, median, output, root, runMain, runsInWords, seconds } from '../support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const directory = join(root, 'build/programs/sqlite');
const script = join(here, 'workload.sql');

const modules = [
  { toolchain: 'WASI', allocator: 'mote', file: 'wasi-mote.wasm' },
  { toolchain: 'WASI', allocator: 'dlmalloc (wasi-libc)', file: 'wasi-dlmalloc.wasm' },
  { toolchain: 'Emscripten', allocator: 'mote', file: 'emscripten-mote.js' },
  { toolchain: 'Emscripten', allocator: 'dlmalloc', file: 'emscripten-dlmalloc.js' },
  { toolchain: 'Emscripten', allocator: 'emmalloc', file: 'emscripten-emmalloc.js' },
];

// Node 18 and newer have a fetch, which the glue of Emscripten 3.1.6 prefers
// to reading a file.
const nodeFlags = ['--no-warnings', '--no-experimental-fetch'];

function runNative() {
  const text = output('sqlite3', ['-batch', '-bail', '-init', '/dev/null', ':memory:'], { input: readFileSync(script), stdio: ['pipe', 'pipe', 'pipe'] });
  writeFileSync(join(directory, 'native.txt'), text);
  return text;
}

function runModule(module, expected) {
  const resultPath = join(directory, `${module.file}.txt`);
  const figures = JSON.parse(output('node', [...nodeFlags, join(here, 'host.mjs'), join(directory, module.file), script, resultPath], {}, `${module.toolchain} with ${module.allocator}`));
  if (readFileSync(resultPath, 'utf8') !== expected) {
    throw new Failure(`${module.toolchain} with ${module.allocator} answers other than the native sqlite3: compare ${resultPath} with native.txt there`);
  }
  return figures;
}

function row({ toolchain, allocator, file, runs }) {
  const times = runs.map((run) => run.seconds);
  const wasm = join(directory, file.replace(/\.js$/, '.wasm'));
  return [
    toolchain, allocator, grouped(statSync(wasm).size), seconds(median(times)),
    seconds(Math.min(...times)),
    mebibytes(Math.max(...runs.map((run) => run.memory))),
  ];
}

await runMain('sqlite', () => {
  const expected = runNative();
  const lines = expected.trimEnd().split('\n').length;
  const filled = expected.split('\n').find((line) => line.startsWith('filled|'))?.split('|') ?? [];
  if (!(Number(filled[3]) >= 200000) || lines < 100) throw new Failure('the native sqlite3 did not do the work');
  for (const module of modules) module.runs = [];
  const runCount = inRounds((i, count) => {
    for (const module of modules) {
      const figures = runModule(module, expected);
      module.runs.push(figures);
      console.log(`  round ${i} of ${count}: ${module.toolchain}, ${module.allocator}: ${seconds(figures.seconds)} s, answers equal`);
    }
  });
  const version = /SQLITE_VERSION +"([\d.]+)"/.exec(readFileSync(join(root, 'build/tools/node_modules/better-sqlite3/deps/sqlite3/sqlite3.h'), 'utf8'))[1];
  const nativeVersion = output('sqlite3', ['--version']).split(' ')[0];
  console.log(`
  SQLite ${version} in node ${process.versions.node}: ${grouped(filled[3])} rows filled, indexed, queried, updated, deleted,
  vacuumed in memory. All ${lines} lines of answers equal those of the native sqlite3 ${nativeVersion}
  on the same SQL (sha256 ${digest(expected)}...) in each of the ${modules.length * runCount} runs.
`);
  console.log(textTable(['toolchain', 'malloc', 'module bytes', 'median s', 'best s', 'linear memory'], modules.map(row)));
  console.log(`
  Time: inside the program, ${runsInWords(runCount)}.
  Linear memory never shrinks: its size at the end is the peak; Emscripten's
  includes a 5 MiB stack.
  SQLite's own pool for small blocks (lookaside) and its memory statistics are off.`);
});
