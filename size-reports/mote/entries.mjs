// Builds the entries into a folder, measures them and prints the report.
//
//   node entries.mjs BUILD_DIRECTORY [--check | --update]
//
// Called by size-reports/measure, which first sees to the tools.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, allocators, buildAll, entries, toolchain } from './build.mjs';
import { check, pin } from './expected.mjs';
import { compressors, wasmFileFigures } from './figures.mjs';
import { functionWords, grouped, markdownTable, textTable, wrapped } from './report.mjs';

const alignmentOf = new Map(allocators.map(({ name, alignment }) => [name, alignment]));
const head = ['allocator', 'align', 'raw', 'gzip', 'brotli', 'over nothing'];

function rowsOf(entry) {
  const baseline = entry.modules['nothing (baseline)'].total;
  return Object.entries(entry.modules).map(([name, { total, gzip, brotli }]) => [
    name, String(alignmentOf.get(name) ?? '-'), grouped(total), grouped(gzip), grouped(brotli),
    total === baseline ? '-' : grouped(total - baseline),
  ]);
}

async function measureAll(directory) {
  const modules = new Map(entries.map(({ name }) => [name, {}]));
  await buildAll(directory, (entry, allocator, { module, named }) => {
    modules.get(entry.name)[allocator.name] = wasmFileFigures(module, named);
    console.log(`  built: ${allocator.name}: ${entry.title}`);
  });
  console.log();
  const inOrder = (found) => Object.fromEntries(allocators
    .filter(({ name }) => name in found).map(({ name }) => [name, found[name]]));
  return {
    toolchain: await toolchain(),
    compressors,
    entries: entries.map(({ name, title }) => ({ name, title, modules: inOrder(modules.get(name)) })),
  };
}

function asText(report) {
  const width = Math.max(...allocators.map(({ name }) => name.length));
  const functions = (entry) => Object.entries(entry.modules)
    .map(([name, figures]) => wrapped(`  ${name.padEnd(width)}  `, functionWords(figures)));
  return report.entries
    .map((entry) => [entry.title, textTable(head, rowsOf(entry)), '', '  bytes per function', ...functions(entry)].join('\n'))
    .concat(`${report.toolchain}; ${report.compressors}`)
    .join('\n\n');
}

function asMarkdown(report) {
  const functions = (entry) => Object.entries(entry.modules)
    .map(([name, figures]) => `- ${name}: ${functionWords(figures).join(', ')}`);
  return report.entries
    .map((entry) => [`## ${entry.title}`, '', markdownTable(head, rowsOf(entry)), '', 'Bytes per function:', '', ...functions(entry)].join('\n'))
    .concat(`${report.toolchain}; ${report.compressors}`)
    .join('\n\n');
}

async function main([directory, mode]) {
  mkdirSync(directory, { recursive: true });
  const report = await measureAll(directory);
  writeFileSync(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(directory, 'report.md'), `${asMarkdown(report)}\n`);
  if (mode === '--update') pin(report);
  if (mode !== '--check') {
    console.log(asText(report));
    return 0;
  }
  const { problems, notes } = check(report);
  for (const note of notes) console.log(`size: ${note}`);
  for (const problem of problems) console.error(`size: ${problem}`);
  if (problems.length > 0) {
    console.error('size: after an intended change, run `bash size-reports/measure --update` and commit size-reports/expected');
    return 1;
  }
  const count = report.entries.reduce((sum, entry) => sum + Object.keys(entry.modules).length, 0);
  console.log(`size: all modules weigh what size-reports/expected says\n${count} passed, 0 failed`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`size: ${error.message}`);
  process.exitCode = 1;
}
