// Which misuse of the heap do mote and other allocators notice? The options are in
// `run`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, expectations } from './expectations.mjs';
import { nativeColumns, runNative } from './native.mjs';
import { tables } from './tables.mjs';
import { Failure, here, out } from './toolchain.mjs';
import { runWasm, wasmColumns } from './wasm.mjs';

const variant_count = 116;
const controlKind = 'control';
const marked = /(<!-- security:begin -->\n)[^]*?(<!-- security:end -->)/;

function options(args) {
  const result = { mode: 'print', added: [], words: [] };
  for (let i = 0; i < args.length; ++i) {
    const [name, library] = (args[i] === '--with' ? args[++i] ?? '' : '').split('=');
    if (['--check', '--update'].includes(args[i])) result.mode = args[i].slice(2);
    else if (args[i] === '--only' && args[i + 1]) result.words.push(args[++i]);
    else if (name && library) result.added.push({ name, library });
    else throw new Failure('usage: run [--check|--update] [--with NAME=LIBRARY]... [--only WORD]...');
  }
  if (result.mode === 'update' && (result.words.length > 0 || result.added.length > 0)) throw new Failure('--update is for all columns, and no others');
  return { ...result, isWanted: ({ name }) => result.words.length === 0 || result.words.some((word) => name.includes(word)) };
}

// A correct program runs to its end, and all that is compared is there.
function checkCells({ platform, name, cells }) {
  const [controls, cases] = [true, false].map((isControl) => cells.filter(({ kind }) => (kind === controlKind) === isControl));
  const stopped = controls.filter(({ outcome, how }) => outcome !== 'missed' || how !== '');
  if (controls.length !== 4 || stopped.length > 0) {
    throw new Failure(`${platform}, ${name}: stops a correct program: ${stopped.map((cell) => `${cell.name}: ${cell.how}`).join(', ')}`);
  }
  if (new Set(cases.map((cell) => cell.name)).size !== variant_count) throw new Failure(`${platform}, ${name}: not ${variant_count} cases`);
  return cases;
}

const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

async function measure({ added, isWanted }) {
  const start = performance.now();
  const [native, wasm] = [await nativeColumns({ added, isWanted }), await wasmColumns({ isWanted })];
  console.log(`built: ${seconds(start)}`);
  for (const [name, runColumns, columns] of [['native', runNative, native], ['wasm', runWasm, wasm]]) {
    const begin = performance.now();
    await runColumns(columns);
    console.log(`${name}: ${columns.length} allocators: ${seconds(begin)}`);
  }
  return [...native, ...wasm].map(({ platform, name, isMote, cells }) => ({ platform, name, isMote, cells: checkCells({ platform, name, cells }) }));
}

async function main() {
  const { mode, added, isWanted } = options(process.argv.slice(2));
  mkdirSync(out, { recursive: true });
  const columns = await measure({ added, isWanted });
  const made = tables(columns);
  writeFileSync(join(out, 'cells.json'), `${JSON.stringify(columns, null, 1)}\n`);
  writeFileSync(join(out, 'table.md'), `${made}\n`);

  const expectedFile = join(here, 'expected.json');
  if (mode === 'check') {
    const expected = JSON.parse(readFileSync(expectedFile, 'utf8'));
    const { passed, failures } = check(columns.filter(({ isMote }) => isMote), expected, isWanted);
    for (const failure of failures) console.log(failure);
    console.log(`${passed} passed, ${failures.length} failed`);
    if (failures.length > 0) process.exitCode = 1;
  } else if (mode === 'update') {
    const readme = join(here, 'README.md');
    const before = readFileSync(readme, 'utf8');
    if (!marked.test(before)) throw new Failure('README.md has no <!-- security:begin --> ... <!-- security:end -->');
    writeFileSync(readme, before.replace(marked, (_, begin, end) => `${begin}${made}\n${end}`));
    writeFileSync(expectedFile, `${JSON.stringify(expectations(columns.filter(({ isMote }) => isMote)), null, 1)}\n`);
  } else {
    console.log(made);
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`security: ${error.message}`);
  process.exitCode = 1;
}
