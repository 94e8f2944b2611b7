// The test programs as mutants need them: one for each test source, built in a copy
// of the project, quickly.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const compiler = 'clang++-19';
const googletest = '/usr/src/googletest/googletest';
const flags = ['-std=c++20', '-Isrc', '-Isrc/include', '-Iwasm', '-Inative', '-I.', '-Itests',
  '-isystem', `${googletest}/include`, '-DMOTE_PROFILE_STANDARD', '-DMOTE_ALIGNMENT=16', '-pthread'];
const secondsMax = 300;  // how long a program may take as it is
const secondsMin = 10;  // and with a mutant: so long, and so often its usual time
const secondsFactor = 4;
const memoryKilobytes = 64_000_000;  // a mutant may ask for memory without end

// What tests are linked with.
const trap = ['native/trap.cpp'];
const asMalloc = [...trap, 'native/malloc.cpp', 'native/malloc_info.cpp', 'native/operator_new.cpp',
  'src/arena.cpp'];
// In the order in which they are tried: the quicker ones first. What takes long to run
// is worth being compiled with optimisation.
const folders = { unit: trap, collections: trap, names: asMalloc, faults: trap, property: trap };

const optimisation = (source) => (/^tests\/(faults|property)\//.test(source) ? '-O1' : '-O0');

export function programs(root) {
  return Object.entries(folders).flatMap(([folder, others]) =>
    readdirSync(join(root, 'tests', folder))
      .filter((file) => file.endsWith('_test.cpp'))
      .map((file) => ({
        name: `${folder}/${file.replace('.cpp', '')}`,
        sources: [`tests/${folder}/${file}`, ...others],
      })));
}

const filesOf = new Map();  // by source, what it includes; mutants change none of that

// The project's files in a list of dependencies.
function included(listed) {
  return new Set(listed.split(/[\s\\]+/).filter((name) => name !== '' && !name.startsWith('/') && !name.endsWith(':'))
    .map((name) => relative('.', name)));
}

export class Bench {
  static out;
  static library;
  static precompiled(level) { return join(Bench.out, `common${level}.pch`); }

  // What does not depend on the project: GoogleTest's header precompiled, and itself.
  static async precompile(tests, out) {
    Bench.out = out;
    await Promise.all(['-O0', '-O1'].map((level) => run(compiler, [...flags, level, '-fpch-instantiate-templates',
      '-x', 'c++-header', join(tests, 'mutation/common.hpp'), '-o', Bench.precompiled(level)])));
  }
  static async buildLibrary() {
    Bench.library = ['gtest-all', 'gtest_main'].map((name) => join(Bench.out, `${name}.o`));
    await Promise.all(Bench.library.map((object) => run(compiler, ['-std=c++20', '-O1', `-I${googletest}`,
      `-I${googletest}/include`, '-c',
      `${googletest}/src/${object.replace(/^.*\/(.*)\.o$/, '$1.cc')}`, '-o', object])));
  }

  constructor(folder) {
    this.folder = folder;
    this.objects = new Map();  // by source: whether it is built, and what it includes
  }

  // The first of the program's sources that includes the file, if any does.
  async sourceWith(program, file) {
    for (const source of program.sources) if ((await this.filesOf(source)).has(file)) return source;
    return undefined;
  }

  filesOf(source) {
    if (!filesOf.has(source)) {
      filesOf.set(source, run(compiler, [...flags, '-w', '-MM', source], { cwd: this.folder })
        .then(({ stdout }) => included(stdout)));
    }
    return filesOf.get(source);
  }

  // The program must pass as the project is; also notes its time. For a bench whose
  // sources have no mutant at the moment.
  async prove(program) {
    const begin = performance.now();
    const failure = await this.failure(program, null);
    if (failure) throw new Error(`${program.name} fails as it is: ${failure}`);
    program.seconds = (performance.now() - begin) / 1000;
  }

  // Builds and runs it, what includes `file` anew; why it fails, or null.
  async failure(program, file) {
    for (const source of program.sources) {
      const known = this.objects.get(source);
      if (known && !known.has(file)) continue;
      const problem = await this.compile(source);
      // What was built from a mutant is not kept.
      if (problem || this.objects.get(source).has(file)) this.objects.delete(source);
      if (problem) return problem;
    }
    await this.link(program);
    return this.execute(program);
  }

  object(source) { return `${source.replaceAll('/', '-')}.o`; }

  async compile(source) {
    const object = this.object(source);
    const problem = await this.refusal(source, ['-MD', '-MF', `${object}.d`, '-c', '-o', object]);
    if (!problem) this.objects.set(source, included(readFileSync(join(this.folder, `${object}.d`), 'utf8')));
    return problem;
  }

  // Whether it would compile; as `refusal`.
  check(source) { return this.refusal(source, ['-fsyntax-only']); }

  // 'a static_assert' or null.
  async refusal(source, action) {
    // Else the compiler, which knows what malloc means, would fold what is tested.
    const isOfMalloc = /^(native|src|tests\/names)\//.test(source);
    const own = isOfMalloc ? ['-fno-builtin'] : ['-include-pch', Bench.precompiled(optimisation(source))];
    try {
      await run(compiler, [...flags, optimisation(source), ...own, '-w', ...action, source], { cwd: this.folder });
      return null;
    } catch ({ stderr }) {
      if (stderr.includes('static assertion failed')) return 'a static_assert';
      throw new Error(`does not compile: ${stderr.split('\n').find((line) => line.includes('error:'))}`);
    }
  }

  link(program) {
    return run(compiler, ['-fuse-ld=lld', '-pthread',
      ...program.sources.map((source) => this.object(source)), ...Bench.library, '-o', 'program'],
    { cwd: this.folder });
  }

  async execute(program) {
    const seconds = program.seconds ? secondsMin + secondsFactor * program.seconds : secondsMax;
    const limit = Math.ceil(seconds);
    try {
      await run('bash', ['-c', `ulimit -c 0 -v ${memoryKilobytes}; exec ./program --gtest_fail_fast`],
        { cwd: this.folder, timeout: limit * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 28 });
      return null;
    } catch (error) {
      const { stdout, stderr, killed, signal, code } = error;
      if (!killed && !signal && typeof code !== 'number') throw error;
      if (killed) return `a hang, ${limit} s`;
      const failed = /\[  FAILED  \] ([^\s,]+)/.exec(stdout);
      if (failed) return failed[1];
      const started = stdout.split('\n').filter((line) => line.includes('[ RUN ')).at(-1);
      const reason = /^mote: .*$/m.exec(stderr)?.[0] ?? signal ?? `exit status ${code}`;
      return `${started?.replace(/^.*\] /, '') ?? 'before the first test'}: ${reason}`;
    }
  }
}
