#!/usr/bin/env node
// Measures wasm modules: sections, compressed sizes, imports, exports, memory
// and every function.
//
//   node size-reports/size.mjs [--json] MODULE.wasm[=UNSTRIPPED.wasm]...
//
// The names of functions come from the name section, or from the unstripped
// twin given after `=`, else only exported functions have a name. Exit status:
// 0, or 2 with one line on stderr for a file that cannot be measured.
import { wasmFileFigures } from './figures.mjs';
import { moduleText } from './report.mjs';
import { WasmError } from './wasm.mjs';

const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const files = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = options.find((option) => option !== '--json');
if (unknown || files.length === 0) {
  console.error(unknown ? `size: unknown option ${unknown}` : 'usage: size.mjs [--json] MODULE.wasm[=UNSTRIPPED.wasm]...');
  process.exit(2);
}

function measure(argument) {
  const [path, twin = null] = argument.split('=');
  try {
    return { path, ...wasmFileFigures(path, twin) };
  } catch (error) {
    if (!(error instanceof WasmError) && !error.code) throw error;
    console.error(`size: ${path}: ${error.message}`);
    return process.exit(2);
  }
}

const reports = files.map(measure);
console.log(options.includes('--json')
  ? JSON.stringify(reports, null, 2)
  : reports.map((report) => moduleText(report.path, report)).join('\n\n'));
