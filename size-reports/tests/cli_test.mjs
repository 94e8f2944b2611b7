// The command line: what it prints, its exit status, and bad input, which is one
// line and status 2, never a stack trace and never a wait.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { here, output, runTests, scratchFolder, size } from './harness.mjs';
import { code, custom, declare, functions, header, largeModule, leb, moduleOf, namesOf, section, text, vector, voidType } from './modules.mjs';
import { changedReport, report } from './reports.mjs';

const folder = scratchFolder();
function file(name, contents) {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const small = file('small.wasm', moduleOf(functions([], [0x41, 0x2a, 0x1a]), namesOf([[0, 'malloc'], [1, 'main']])));
const grown = file('grown.wasm', moduleOf(functions([], [0x41, 0x2a, 0x1a, 0x41, 0x2a, 0x1a]), namesOf([[0, 'malloc'], [1, 'main']])));
const unnamed = file('unnamed.wasm', moduleOf(functions([])));
const base = file('base.json', JSON.stringify(report));
const head = file('head.json', JSON.stringify(changedReport));

function refused(words, ...args) {
  const { status, stdout, stderr, error } = size(...args);
  ok(!error, String(error));
  deepEqual([status, stdout], [2, ''], stderr);
  match(stderr, words);
  match(stderr, /^size: [^\n]+\n$/, 'one line');
}

// Bytes of a program, cut off: the tools behind say so, in their words.
function truncatedProgram() {
  return file('cut.elf', readFileSync(process.execPath).subarray(0, 5000));
}

// A linear memory of 8192 GiB in the header of a file that is 40 bytes long, a
// section that says it has 4 GiB, and as many functions.
const enormous = [
  ['memory.wasm', moduleOf(section(5, vector([4, ...leb(2 ** 47)]))), null],
  ['section.wasm', Buffer.from([...header, 10, ...leb(2 ** 32 - 1), 1]), /says it has 4294967295 bytes, 1 are left \(at offset 14\)/],
  ['count.wasm', Buffer.from([...header, ...section(3, leb(2 ** 32 - 1))]), /4294967295 elements does not fit/],
];

await runTests({
  'what is not a module or an object is refused'() {
    refused(/none\.wasm: no such file/, 'measure', join(folder, 'none.wasm'));
    refused(/a directory, not a file/, 'measure', folder);
    refused(/the file is empty \(at offset 0\)/, 'measure', file('empty.wasm', ''));
    refused(/neither a wasm module nor a native object, archive or program \(at offset 0\)/, 'measure', file('text.wasm', 'int main() {}\n'));
    refused(/a component, not a module \(at offset 4\)/, 'measure', file('component.wasm', Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])));
    refused(/not a regular file/, 'measure', '/dev/zero');
    output('mkfifo', [join(folder, 'pipe')]);
    refused(/not a regular file/, 'measure', join(folder, 'pipe'));
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    refused(/a link to itself/, 'measure', join(folder, 'loop'));
  },
  'malformed modules are refused, with the offset'() {
    refused(/cut\.wasm: .*\(at offset \d+\)/, 'measure', file('cut.wasm', readFileSync(small).subarray(0, 30)));
    refused(/unknown section 77 \(at offset 8\)/, 'measure', file('section77.wasm', Buffer.from([...header, 77, 0])));
    refused(/names function 7 "ghost", of 1/, 'measure', file('lying.wasm', moduleOf(functions([]), namesOf([[7, 'ghost']]))));
    refused(/unknown instruction 0xff \(at offset 23\)/, 'measure', file('future.wasm', moduleOf(functions([0xff]))));
    equal(size('measure', '--no-features', join(folder, 'future.wasm')).status, 0);
    refused(/the functions of the unstripped twin differ/, 'measure', `${unnamed}=${small}`);
    for (const [name, bytes, words] of enormous) {
      const path = file(name, bytes);
      if (words) refused(words, 'measure', path);
      else equal(size('measure', path).status, 0);
    }
  },
  'malformed native files are refused'() {
    refused(/cut\.elf: /, 'measure', truncatedProgram());
    refused(/cut\.exe: /, 'measure', file('cut.exe', Buffer.from('MZ\0\0')));
    refused(/has no size \(at offset 56\)/, 'measure', file('cut.a', `!<arch>\n${'x'.repeat(100)}`));
  },
  'a module without names is measured, and a line says so'() {
    const { status, stdout, stderr } = size('measure', unnamed);
    equal(status, 0);
    match(stdout, /function 0 +code +2/);
    match(stderr, /1 of 1 functions have no name/);
    const twin = size('measure', `${unnamed}=${file('twin.wasm', moduleOf(functions([]), namesOf([[0, 'here']])))}`);
    match(twin.stdout, /here +code +2/);
    equal(twin.stderr, '');
    const exported = section(7, vector([...text('d'), 0, 0]));
    match(size('measure', file('exported.wasm', moduleOf(voidType, declare(1), exported, code([])))).stdout, /d +code +2/);
    match(size('measure', file('both.wasm', moduleOf(voidType, declare(1), exported, code([]), namesOf([[0, 'digits']])))).stdout, /digits +code +2/);
  },
  'names of any characters stay in their line'() {
    const { status, stdout } = size('measure', file('names.wasm', moduleOf(functions([]), namesOf([[0, 'two\nlines\u001b[2J']]))));
    equal(status, 0);
    match(stdout, /two·lines·\[2J +code +2/);
    refused(/no such file/, 'measure', join(folder, 'two\nlines.wasm'));
    refused(/names function 7 "two.nlines", of 1/, 'measure', file('lying.wasm', moduleOf(functions([]), namesOf([[7, 'two\nlines']]))));
  },
  'custom sections of any name are only weighed'() {
    const { status, stdout } = size('measure', file('custom.wasm', moduleOf(voidType, declare(1), code([]), custom('who knows', [1, 2, 3]), custom('', []))));
    equal(status, 0);
    match(stdout, /custom/);
    refused(/a name says it has/, 'measure', file('badcustom.wasm', Buffer.from([...header, 0, 2, ...text('abc').slice(0, 2)])));
  },
  'options are checked'() {
    refused(/Unknown option '--colour'/, 'measure', '--colour', small);
    refused(/no command weigh/, 'weigh', small);
    refused(/compare with 1 arguments/, 'compare', small);
    refused(/--threshold needs a number, not many/, 'compare', '--threshold', 'many', small, grown);
    refused(/ends in none of/, 'measure', '--write', join(folder, 'x.doc'), small);
    refused(/cannot be written/, 'measure', '--write', '/proc/none/x.md', small);
    refused(/no such list of an allocator's names/, 'measure', '--allocator', 'nobody', small);
    refused(/history needs --label/, 'history', join(folder, 'h.csv'), base);
    equal(size('--help').status, 0);
    match(size('--help').stdout, /size compare BASE HEAD/);
    equal(size().status, 2);
  },
  'allocator and marginal cost are measured'() {
    const path = join(folder, 'report.json');
    equal(size('measure', '--allocator', 'mote', '--null', unnamed, '--write', path, small).status, 0);
    const [{ measures, symbols }] = JSON.parse(readFileSync(path, 'utf8')).entries;
    deepEqual([measures.allocator, measures.marginal], [2, measures.total - readFileSync(unnamed).length]);
    deepEqual(symbols.map(({ name, allocator }) => [name, Boolean(allocator)]), [['main', false], ['malloc', true]]);
    mkdirSync(join(folder, 'null'), { recursive: true });
    refused(/null.*no such file/, 'measure', '--null', join(folder, 'null'), small);
  },
  'reports, modules and directories are compared'() {
    match(size('compare', '--threshold', '10', base, head).stdout, /web\/app\.wasm +1,200 +1,300 +\+100/);
    match(size('compare', small, grown).stdout, /main +5 +8 +\+3 +\+60\.0 %/);
    match(size('compare', small, small).stdout, /No change of size/);
    for (const [side, from] of [['one', small], ['two', grown]]) {
      mkdirSync(join(folder, side, 'deep'), { recursive: true });
      file(`${side}/deep/app.wasm`, readFileSync(from));
      file(`${side}/same.wasm`, readFileSync(small));
      file(`${side}/readme.txt`, 'passed over');
    }
    const { stdout } = size('compare', join(folder, 'one'), join(folder, 'two'));
    match(stdout, /deep\/app\.wasm +\d+ +\d+ +\+3/);
    match(stdout, /1 entry unchanged/);
    mkdirSync(join(folder, 'bare'), { recursive: true });
    refused(/no wasm module and no native file is in it/, 'compare', join(folder, 'bare'), join(folder, 'two'));
  },
  'a budget fails with 1 and says why'() {
    const budgets = file('budgets.json', JSON.stringify({ budgets: { 'web/app.wasm': { total: { bytes: 1290 } } }, unlimited: ['*'] }));
    const { status, stderr } = size('budget', budgets, head, base);
    equal(status, 1);
    match(stderr, /^size: web\/app\.wasm: total is 1,300 bytes, 10 over its budget of 1,290 bytes; grew: malloc \+90/);
    deepEqual([size('budget', budgets, base).status, size('budget', budgets, base).stderr], [0, '']);
    refused(/not JSON/, 'budget', file('broken.json', '{"budgets": '), base);
    refused(/the unknown key "limit"/, 'budget', file('unknown.json', '{"budgets": {"web/*": {"total": {"limit": 5}}}}'), base);
    refused(/no budget for the entry/, 'budget', file('missing.json', '{"budgets": {"web/*": {"total": {"bytes": 9999}}}}'), base);
  },
  'a report is shown in other forms, with its history'() {
    const history = join(folder, 'history.csv');
    equal(size('history', '--label', 'v1', '--date', '2026-01-02', '--entries', 'web/*', history, base).status, 0);
    match(readFileSync(history, 'utf8'), /^2026-01-02,v1,web\/app\.wasm,total,1200$/m);
    const page = join(folder, 'page.html');
    equal(size('show', '--title', 'Another <title>', '--history', history, '--write', page, base).status, 0);
    match(readFileSync(page, 'utf8'), /<title>Another &lt;title&gt;<\/title>[^]*"label":"v1"/);
  },
  'the package holds all that its command needs'() {
    output('npm', ['pack', '--silent', '--pack-destination', folder, join(here, '..')]);
    output('tar', ['xzf', 'mote-size-0.1.0.tgz'], { cwd: folder });
    const { bin } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
    const written = ['txt', 'md', 'json', 'csv', 'html'].flatMap((ending) => ['--write', join(folder, `packed.${ending}`)]);
    output(process.execPath, [join(folder, 'package', bin.size), 'measure', '--allocator', 'mote', ...written, small]);
    match(readFileSync(join(folder, 'packed.html'), 'utf8'), /<svg id="treemap"/);
  },
  'a module of 50 MB takes less than 5 s and 1 GB'() {
    const path = file('large.wasm', largeModule(50e6));
    // Processor time, so that a busy machine does not fail it.
    const recorder = file('recorder.cjs', `process.on('exit', () => {
      const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
      console.error('used', (userCPUTime + systemCPUTime) / 1e6, 's', maxRSS, 'KiB');
    });`);
    const { status, stdout, stderr } = size('measure', path, { env: { ...process.env, NODE_OPTIONS: `--require=${recorder}` } });
    const [, took, peak] = /used ([\d.]+) s (\d+) KiB/.exec(stderr).map(Number);
    equal(status, 0, stderr);
    match(stdout, /  5\d,\d{3},\d{3}  /);
    match(stderr, /not compressed/);
    console.log(`50 MB: ${took.toFixed(1)} s, ${(peak / 1024).toFixed(0)} MiB`);
    ok(took < 5 && peak < 2 ** 20, `${took} s, ${peak} KiB`);
  },
});
