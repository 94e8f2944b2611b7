// Runs one suite in whatever engine this is: { passed, failed, problems }, and
// `isSkipped` where the engine does not know such memories.
// Nothing here knows the engine; `load(file)` gives the bytes of a file.
import { runCases } from '../wasm/cases.mjs';
import { runCommand } from './wasi.mjs';
import { runHeapTests } from './heap_tests.mjs';

const kinds = {
  cases: (module, suite) => runCases(module, suite),
  command: (module, { file }) => readTestProgram(runCommand(module, [file])),
  exports: runExports,
  heap: runHeapTests,
};

// A memory with 64-bit addresses and a table with 64-bit indices, which LLVM's
// wasm64 has: section 4 and 5 of the binary format.
const knowsWasm64 = () => WebAssembly.validate(new Uint8Array(
  [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 4, 4, 1, 0x70, 4, 0, 5, 3, 1, 4, 1]));

export async function runSuite(suite, load) {
  if (suite.is64 && !knowsWasm64()) return { passed: 0, failed: 0, problems: [], isSkipped: true };
  try {
    const bytes = await load(suite.file);
    const result = suite.kind === 'emscripten' ? readTestProgram(await runEmscripten(new TextDecoder().decode(bytes)))
      : await kinds[suite.kind](await WebAssembly.compile(bytes), suite);
    if (result.passed + result.failed > 0) return result;
    return { passed: 0, failed: 1, problems: ['ran no test'] };
  } catch (error) {
    return { passed: 0, failed: 1, problems: [`${error}\n${error.stack}`] };
  }
}

// What GoogleTest, Rust's harness and Zig's say at their end.
const passedLines = [/^\[  PASSED  \] (\d+) test/m, /^test result: \w+\. (\d+) passed/m, /^All (\d+) tests passed/m];
const failedLine = /^\[  FAILED  \] .* ms\)$|^test .* FAILED$|^.*\.\.\. FAIL .*$/gm;

function readTestProgram({ status, output }) {
  const passed = Number(passedLines.map((line) => line.exec(output)?.[1]).find(Boolean) ?? 0);
  const failures = [...output.matchAll(failedLine)].map(([line]) => line);
  // It crashed, or said that all is well when it had run nothing.
  if (status !== 0 && failures.length === 0) failures.push(`exit status ${status}\n${output.slice(-2000)}`);
  return { passed, failed: failures.length, problems: failures };
}

// A program that emcc linked into one file of JavaScript. Without node's names it
// takes this for a worker or a shell, whose ways of reading files it does not need.
function runEmscripten(script) {
  return new Promise((resolve) => {
    let output = '';
    const print = (line) => { output += `${line}\n`; };
    const Module = {
      print, printErr: print, onExit: (status) => resolve({ status, output }), onAbort: (reason) => resolve({ status: `aborted: ${reason}`, output }),
    };
    new Function('Module', 'process', 'require', script)(Module);
  });
}

// A test is an export, named `test...`, that stops the module when it fails, or
// `refuse...`, that must stop it.
function runExports(module) {
  const tests = WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => /^(test|refuse)_/.test(name));
  const problems = [];
  for (const test of tests) {
    let stopped = null;
    try {
      new WebAssembly.Instance(module).exports[test]();
    } catch (error) {
      stopped = error;
    }
    if (test.startsWith('test') && stopped) problems.push(`${test}: ${stopped}\n${stopped.stack}`);
    if (test.startsWith('refuse') && !(stopped instanceof WebAssembly.RuntimeError)) problems.push(`${test}: ${stopped ?? 'went on'}`);
  }
  return { passed: tests.length - problems.length, failed: problems.length, problems };
}
