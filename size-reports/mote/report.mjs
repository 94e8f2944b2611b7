// Measures mote and its peers and writes the report in every form; called by
// size-reports/report, which first sees to the tools.
//
//   node mote/report.mjs [--smallest | --check | --update | --append LABEL]
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { budgetLines, exceeded, readBudgets } from '../tool/budgets.mjs';
import { appendHistory, readHistory } from '../tool/history.mjs';
import { InputError } from '../tool/input.mjs';
import { reportText } from '../tool/text.mjs';
import { writeResult } from '../tool/write.mjs';
import { BuildError, here, out, root } from './build.mjs';
import { check, pin } from './expected.mjs';
import { freestanding } from './freestanding.mjs';
import { measureAll, toolchains } from './measure.mjs';
import { checkReadme, writeReadme } from './readme.mjs';

const historyPath = join(here, 'history.csv');
const forms = ['report.md', 'report.json', 'report.benchmark.json', 'report.csv', 'report.html'];

// The tools of the toolchains, for the foot of the report.
async function describe(report, some = toolchains) {
  const versions = await Promise.all(some.map((toolchain) => toolchain.versions()));
  return { ...report, tools: [...new Set(versions.flatMap((one) => one.split(', '))), report.tools].join(', ') };
}

// A case for each file of expected/, and one for README.md.
async function verify(report) {
  const { problems, notes, count } = await check(report);
  const readme = checkReadme();
  for (const note of notes) console.log(`size: ${note}`);
  for (const [key, lines] of problems) for (const line of lines) console.error(`size: ${key}: ${line}`);
  for (const line of readme) console.error(`size: ${line}`);
  const failed = problems.size + readme.length;
  if (failed > 0) console.error('size: after an intended change, run `bash size-reports/report --update` and commit what it changed');
  console.log(`${count + 1 - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

// The bars that mote aims at. Missing one is shown and fails nothing: what fails
// is a size that differs from the expected one.
function printBudgets(report) {
  const lines = budgetLines(exceeded(readBudgets(join(here, 'budgets.json')), report));
  for (const line of lines) console.log(`size: above the bar: ${line}`);
  if (lines.length === 0) console.log('size: within the bars of size-reports/budgets.json');
}

// One line a release: what a module pays for the whole C API, everywhere.
function append(report, label) {
  const date = execFileSync('git', ['log', '-1', '--format=%cs'], { cwd: root, encoding: 'utf8' }).trim();
  const entries = report.entries.filter(({ name }) => /\/c_api\/mote/.test(name));
  console.log(`size: ${appendHistory(historyPath, { ...report, entries }, { label, date })} lines for ${label} in size-reports/history.csv`);
}

// The modules that have nothing but an allocator, mote's function by function.
async function printSmallest(log) {
  const report = await describe(await measureAll(log, [freestanding]), [freestanding]);
  console.log(`\n${reportText(report, report.entries.filter(({ variant }) => /^mote /.test(variant)))}`);
  return 0;
}

async function main([mode, label]) {
  const log = (line) => console.log(`size: ${line}`);
  if (mode === '--smallest') return printSmallest(log);
  const report = await describe(await measureAll(log));
  if (mode === '--append') append(report, label);
  const result = { report, comparison: null, history: readHistory(historyPath), threshold: 0 };
  for (const form of forms) writeResult(join(out, form), result);
  printBudgets(report);
  if (mode === '--check') return verify(report);
  if (mode === '--update') {
    await pin(report);
    writeReadme();
  }
  console.log(`\n${reportText(report)}\nsize: written to build/size: ${forms.join(', ')}`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError) && !(error instanceof InputError)) throw error;
  console.error(`size: ${error.message}`);
  process.exitCode = 1;
}
