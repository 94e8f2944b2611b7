#!/usr/bin/env node
// Measures the size of wasm modules and native files, compares measurements and
// holds them to budgets.
//
//   size measure FILE[=UNSTRIPPED]...     what files weigh
//   size show REPORT.json                 a report, in another form
//   size compare BASE HEAD                what changed; each is a report, a file,
//                                         or a directory of files
//   size budget BUDGETS.json HEAD [BASE]  fail when a limit is exceeded
//   size history HISTORY.csv HEAD         append the sizes to a history
//
//   --write FILE        write the result there too; the ending says in which form:
//                       .txt .md .json .benchmark.json .csv .html (repeatable)
//   --allocator LIST    which symbols are the allocator's: the list of that name
//                       in size-reports/patterns, or a file (repeatable)
//   --null FILE         the same file with a null allocator, or a directory of
//                       them: the rest is what the allocator costs
//   --threshold BYTES   show no change that is smaller
//   --history FILE      draw this history in the HTML page
//   --label NAME, --date DATE, --entries PATTERN    for `history`
//   --title TEXT
//   --compress, --no-compress    gzip and brotli; by default up to 8 MiB
//   --no-features       do not look into types and functions for the features they
//                       use; some may be newer than this tool
//
// Exit status: 0; 1 for an exceeded budget; 2, with one line on stderr, for what
// cannot be measured or read.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { budgetLines, exceeded, readBudgets } from './tool/budgets.mjs';
import { compare } from './tool/compare.mjs';
import { compressedMax } from './tool/figures.mjs';
import { appendHistory, readHistory } from './tool/history.mjs';
import { InputError } from './tool/input.mjs';
import { loadReport, measure } from './tool/report.mjs';
import { grouped, printable } from './tool/tables.mjs';
import { inForm, writeResult } from './tool/write.mjs';

const strings = ['title', 'null', 'threshold', 'history', 'label', 'date', 'entries'];
const options = {
  ...Object.fromEntries(strings.map((name) => [name, { type: 'string' }])),
  write: { type: 'string', multiple: true, default: [] },
  allocator: { type: 'string', multiple: true, default: [] },
  compress: { type: 'boolean' }, 'no-compress': { type: 'boolean' }, 'no-features': { type: 'boolean' }, help: { type: 'boolean' },
};

const usage = readFileSync(new URL(import.meta.url), 'utf8').split('\n').filter((line) => line.startsWith('//'))
  .map((line) => line.replace(/^\/\/ ?/, '')).join('\n');

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new InputError(error.message.split('\n')[0]);
  }
}

function wholeNumber(text, name) {
  if (!/^\d+$/.test(text)) throw new InputError(`--${name} needs a number, not ${text}`);
  return Number(text);
}

// Prints `result` and writes it to every file that was asked for.
function deliver(result, { write, threshold = '0', history }) {
  const whole = { ...result, threshold: wholeNumber(threshold, 'threshold'), history: history === undefined ? null : readHistory(history) };
  for (const path of write) writeResult(path, whole);
  process.stdout.write(inForm('.txt', whole));
}

// What a table with gaps does not say by itself.
function notes({ entries }, { compress }) {
  for (const { name, format, measures, symbols } of entries) {
    if (format !== 'wasm') continue;
    if (compress === undefined && !('gzip' in measures)) {
      console.error(`size: ${name}: larger than ${grouped(compressedMax)} bytes, so not compressed; --compress does it`);
    }
    const functions = symbols.filter(({ section }) => section === 'code');
    const unnamed = functions.filter((symbol) => /^function \d+$/.test(symbol.name));
    if (unnamed.length > 0) {
      console.error(`size: ${name}: ${unnamed.length} of ${functions.length} functions have no name and go by index; FILE=UNSTRIPPED gives them names`);
    }
  }
}

const commands = {
  async measure(files, values, how) {
    const report = await measure(files, { title: values.title, ...how });
    notes(report, how);
    deliver({ report, comparison: null }, values);
  },
  async show([path], values, how) {
    const report = await loadReport(path, how);
    deliver({ report: values.title === undefined ? report : { ...report, title: values.title }, comparison: null }, values);
  },
  async compare([basePath, headPath], values, how) {
    const base = await loadReport(basePath, how);
    const report = await loadReport(headPath, how);
    deliver({ report, comparison: compare(base, report, { title: values.title }) }, values);
  },
  async budget([budgetsPath, headPath, basePath], values, how) {
    const budgets = readBudgets(budgetsPath);
    const report = await loadReport(headPath, how);
    const found = exceeded(budgets, report, basePath === undefined ? null : await loadReport(basePath, how));
    for (const line of budgetLines(found)) console.error(`size: ${printable(line)}`);
    if (found.length > 0) return 1;
    console.log(`size: within the budgets of ${budgetsPath}`);
    return 0;
  },
  async history([historyPath, headPath], { label, date = new Date().toISOString().slice(0, 10), entries }, how) {
    if (label === undefined) throw new InputError('history needs --label, the name of the release or merge');
    const report = await loadReport(headPath, how);
    console.log(`size: ${appendHistory(historyPath, report, { label, date, pattern: entries })} lines for ${label} in ${historyPath}`);
  },
};
const argumentCounts = { measure: [1, Infinity], show: [1, 1], compare: [2, 2], budget: [2, 3], history: [2, 2] };

async function main() {
  const { values, positionals: [name, ...rest] } = readArguments();
  if (values.help || name === undefined) {
    console.log(usage.trimEnd());
    return values.help ? 0 : 2;
  }
  if (!Object.hasOwn(commands, name)) throw new InputError(`no command ${name}; there are ${Object.keys(commands).join(', ')}`);
  const [least, most] = argumentCounts[name];
  if (rest.length < least || rest.length > most) throw new InputError(`${name} with ${rest.length} arguments; see --help`);
  const compress = values['no-compress'] ? false : values.compress;
  return await commands[name](rest, values, { lists: values.allocator, nothing: values.null ?? null, compress, decodes: !values['no-features'] }) ?? 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`size: ${printable(error.message)}`);
  process.exitCode = 2;
}
