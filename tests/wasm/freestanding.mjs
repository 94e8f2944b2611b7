// Runs the cases of a freestanding test module in node:
//
//   node tests/wasm/freestanding.mjs MODULE INITIAL_PAGES
//
// Prints one line per failure and last `N passed, M failed`.
import { readFile } from 'node:fs/promises';
import { runCases } from './cases.mjs';

const [path, initialPages] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(path));
const { passed, failed, problems } = runCases(module, { initialPages: Number(initialPages) });
problems.forEach((problem) => console.error(problem));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
