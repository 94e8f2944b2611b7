// WASI: both sysroots, commands, reactors, components; what must not link.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Cells, expect, node, output, program, refusal, root, runRecipe, tools, wasmtime, wizer } from './cells.mjs';
import { onlyBuilt, toolchains } from './labels.mjs';

const cells = new Cells('wasi');
const sysroot = `${root}/build/tools/wasip1`;
const host = ['--no-warnings', `${root}/tests/wasm/wasi.mjs`];

const sysroots = [
  {
    toolchain: toolchains.wasi(), short: 'debian', target: ['--target=wasm32-wasi'],
    libc: '/usr/lib/wasm32-wasi/libc.a',
  },
  {
    toolchain: toolchains.newerWasi(), short: 'yowasp',
    target: ['--target=wasm32-wasip1', `--sysroot=${sysroot}`, `-resource-dir=${sysroot}/resources`],
    libc: `${sysroot}/lib/wasm32-wasip1/libc.a`,
  },
];
const archive = `${root}/build/wasi/libmote.a`;
const object = `${root}/build/wasi/mote.o`;
const include = `-I${root}/src/include`;

async function definedNames(file, member) {
  const printed = await output('llvm-nm-19', ['--defined-only', '--extern-only', file]);
  const lines = printed.split('\n');
  const begin = member ? lines.indexOf(`${member}:`) + 1 : 0;
  if (member && begin === 0) throw new Error(`${file} has no ${member}`);
  const end = member ? lines.indexOf('', begin) : lines.length;
  return lines.slice(begin, end).map((line) => line.split(' ').at(-1)).filter((name) => name);
}

for (const { toolchain, short, target, libc } of sysroots) {
  const path = (name) => cells.path(`${short}_${name}`);
  const link = (name, inputs, flags = []) => output(inputs.some((input) => input.endsWith('pp')) ? 'clang++-19' : 'clang-19', [
    ...target, include, '-O2', '-fno-exceptions', '-Wno-#warnings', ...inputs, ...flags, '-O0', '-o', path(name)]);

  const command = (engine, feature, name, inputs, said, flags) => cells.add(toolchain, engine, feature, async () => {
    await link(name, inputs, flags);
    const printed = await (engine === node ? output('node', [...host, path(name)])
      : output(wizer, [path(name), '--allow-wasi', '--init-func', '_start', '-o', `${path(name)}.snapshot`]));
    expect(printed.includes(said), `it printed ${printed}`);
  });
  command(node, 'command', 'command.wasm', [program('main.c'), archive], 'blocks held');
  command(wasmtime, 'command', 'command_in_wizer.wasm', [program('main.c'), archive], 'blocks held');
  command(node, 'command: one object', 'object.wasm', [program('main.c'), object], 'blocks held');
  command(node, 'C++', 'cxx.wasm', [program('main.cpp'), archive], '500 lists, 199990000');
  command(wasmtime, 'C++', 'cxx_in_wizer.wasm', [program('main.cpp'), archive], '500 lists, 199990000');
  command(node, 'memory at its maximum', 'exhausted.wasm', [program('exhausted.c'), archive], 'exhausted and refilled',
    ['-fno-builtin', '-Wl,--max-memory=2097152']);
  command(node, 'foreign sbrk and memory.grow', 'foreign.wasm', [program('foreign_wasi.c'), archive], 'nothing was overwritten', ['-fno-builtin']);
  command(node, '-flto', 'lto.wasm', [program('main.c'), archive], 'blocks held', ['-flto']);

  cells.add(toolchain, node, 'reactor', async () => {
    await link('reactor.wasm', [program('reactor.c'), archive], ['-mexec-model=reactor']);
    const script = `const module = new WebAssembly.Module(require('node:fs').readFileSync(${JSON.stringify(path('reactor.wasm'))}));
      const { WASI } = require('node:wasi');
      const [a, b] = [0, 1].map(() => {
        const wasi = new WASI({ version: 'preview1' });
        const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
        wasi.initialize(instance);
        return instance.exports;
      });
      console.log([a.run(1), a.run(2), b.run(1)].join());`;
    const [first, second, again] = (await output('node', ['--no-warnings', '-e', script])).trim().split(',').map(Number);
    expect(first > 1000 && second > 1000 && again === first, `it returned ${[first, second, again]}`);
  });

  const namesOfMalloc = () => definedNames(libc, 'dlmalloc.o').catch(() => definedNames(libc, 'dlmalloc.c.obj'));
  cells.add(toolchain, onlyBuilt, 'every name of the libc\'s own malloc', async () => {
    const wanted = await namesOfMalloc();
    const own = new Set(await definedNames(object));
    const missing = wanted.filter((name) => !own.has(name));
    expect(wanted.length >= 10 && missing.length === 0, `of ${wanted.length}, ${missing} are missing`);
  });

  // Whatever a program has of the libc, its malloc is not pulled in.
  for (const [kind, input] of [['archive', archive], ['one object', object]]) {
    cells.add(toolchain, node, `beside all of the libc: ${kind}`, async () => {
      const malloc = new Set(await namesOfMalloc());
      const others = (await definedNames(libc)).filter((name) => /^\w+$/.test(name) && !malloc.has(name));
      expect(others.length > 1000, `${others.length} names`);
      const wanted = path(`libc_${kind.replace(' ', '_')}.rsp`);
      writeFileSync(wanted, others.map((name) => `-Wl,-u,${name}\n`).join(''));
      await link(`libc_${kind}.wasm`, [program('main.c'), input], [`@${wanted}`, '-Wl,--trace-symbol=malloc']);
      expect((await output('node', [...host, path(`libc_${kind}.wasm`)])).includes('blocks held'), 'it does not run');
    });
  }

  cells.add(toolchain, onlyBuilt, 'half of the names defined twice is a link error', async () => {
    for (const input of [archive, object]) {
      const message = await refusal('clang-19', [...target, '-fno-builtin', program('partial.c'), input, '-O0', '-o', path('partial.wasm')]);
      expect(/duplicate symbol: (malloc|free)/.test(message), `the message is ${message}`);
    }
  });

  const stops = (feature, name, cause) => cells.add(toolchain, node, feature, async () => {
    await link(`${name}.wasm`, [program(`${name}.c`), archive]);
    const message = await refusal('node', [...host, path(`${name}.wasm`)]);
    expect(message.includes('freed once') && !message.includes('freed twice') && message.includes(cause), `the message is ${message}`);
  });
  stops('a double free stops', 'double_free', 'mote_trap_double_free');
  stops('a pointer that is no block stops', 'foreign_pointer', 'mote_trap_invalid_pointer');

  cells.add(toolchain, node, 'snapshot (by wizer)', async () => {
    await link('snapshot.wasm', [program('snapshot.c'), archive], ['-mexec-model=reactor']);
    await output(wizer, [path('snapshot.wasm'), '--allow-wasi', '--init-func', 'wizer.initialize', '-o', path('restored.wasm')]);
    const module = new WebAssembly.Module(readFileSync(path('restored.wasm')));
    const imports = { wasi_snapshot_preview1: new Proxy({}, { get: () => () => 0 }) };
    const checked = new WebAssembly.Instance(module, imports).exports.run();
    expect(checked > 1000, `run returned ${checked}`);
  });

  // The core module of the component.
  const componentCore = () => link('component.wasm', [program('component.cpp'), `${root}/wasm/wasi/cabi_realloc.cpp`, archive],
    ['-mexec-model=reactor', '-std=c++20', `-I${root}/src`]);
  const core = async () => {
    await componentCore();
    const module = new WebAssembly.Module(readFileSync(path('component.wasm')));
    expect(WebAssembly.Module.imports(module).length === 0, 'it has imports');
    return new WebAssembly.Instance(module).exports;
  };

  cells.add(toolchain, node, 'cabi_realloc', async () => {
    const { cabi_realloc: realloc, memory, _initialize, used } = await core();
    const before = realloc(0, 0, 8, 100); // no constructor has run
    new Uint8Array(memory.buffer, before, 100).fill(9);
    _initialize();
    expect(used() === 2, `${used()} blocks after a constructor's and ours`);
    for (let align = 1; align <= 65536; align *= 2) {
      for (const size of [1, 10, 1000, 100000]) {
        const at = realloc(0, 0, align, size);
        expect(at > 0 && at % align === 0, `${size} bytes by ${align} are at ${at}`);
        const moved = realloc(at, size, align, 3 * size);
        expect(moved > 0 && moved % align === 0, `moved by ${align} to ${moved}`);
      }
      expect(realloc(0, 0, align, 0) === align, 'nothing is not at its alignment');
      expect(realloc(align, 0, align, 10) % align === 0, 'nothing does not grow');
    }
    const grown = realloc(before, 100, 8, 50000);
    expect(new Uint8Array(memory.buffer, grown, 100).every((byte) => byte === 9), 'what was written is lost');
  });

  // The libc's and wit-bindgen's are weak: whether they come first or last, and by
  // CMake's target too.
  cells.add(toolchain, node, 'cabi_realloc: beside a weak one', async () => {
    const weak = path('weak_cabi_realloc.o');
    const strong = `${root}/wasm/wasi/cabi_realloc.cpp`;
    await output('clang-19', [...target, '-O2', '-c', program('weak_cabi_realloc.c'), '-o', weak]);
    for (const [i, order] of [[weak, strong, archive], [archive, strong, weak]].entries()) {
      const name = `weak_${i}.wasm`;
      await link(name, [program('component.cpp'), ...order], ['-mexec-model=reactor', '-std=c++20', `-I${root}/src`]);
      const { cabi_realloc: realloc } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path(name)))).exports;
      expect(realloc(0, 0, 64, 10) % 64 === 0, 'it is not aligned');
    }
  });

  cells.add(toolchain, node, 'cabi_realloc: refusals', async () => {
    const { cabi_realloc: realloc, _initialize } = await core();
    _initialize();
    for (const args of [[0, 0, 3, 10], [0, 0, 0, 10], [0, 0, 24, 0], [0, 0, 8, 0xFFFFFF00]]) {
      let trapped;
      try {
        realloc(...args);
      } catch (error) {
        trapped = error;
      }
      expect(trapped instanceof WebAssembly.RuntimeError && trapped.stack.includes('mote_trap_component_refused'), `${args}: ${trapped?.stack}`);
    }
    expect(realloc(0, 0, 8, 10) > 0, 'it does not go on');
  });

  cells.add(toolchain, node, 'component (jco-transpile)', async () => {
    await componentCore();
    const jco = (file) => import(pathToFileURL(`${tools}/@bytecodealliance/jco-transpile/dist/${file}.js`));
    const { componentEmbed, componentNew } = await jco('wasm-tools');
    const { transpileBytes } = await jco('transpile');
    const binary = readFileSync(path('component.wasm'));
    const witSource = readFileSync(program('component.wit'), 'utf8');
    const embedded = await componentEmbed({ binary, witSource, world: 'greeter', stringEncoding: 'utf8' });
    const component = await componentNew(embedded, []);
    const { files } = await transpileBytes(component, { name: 'greeter', outDir: path('greeter') });
    for (const [file, bytes] of Object.entries(files)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    writeFileSync(join(path('greeter'), 'package.json'), '{"type": "module"}');
    const { greet, sum, used } = await import(pathToFileURL(join(path('greeter'), 'greeter.js')));
    const names = Array.from({ length: 1000 }, (_, i) => `wörld ${i} `.repeat(1 + i % 7));
    expect(greet(names) === `hello ${names.join(' ')}`, 'the names are not what they were');
    const before = used();
    for (let round = 0; round < 100; ++round) {
      expect(greet(names.slice(0, round)) === ['hello', ...names.slice(0, round)].join(' '), 'the names are not what they were');
      const numbers = BigUint64Array.from({ length: round * 50 }, (_, i) => BigInt(i) << 33n);
      expect(sum(numbers) === numbers.reduce((a, b) => a + b, 0n), 'the sum is wrong');
    }
    expect(used() === before, `${used() - before} blocks were not freed`);
  });
}

// Only CMake's own toolchain file is needed, the other sysroot's differs in nothing.
cells.add(sysroots[0].toolchain, node, 'CMake: mote::component', async () => {
  const folder = cells.path('cmake');
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/CMakeLists.txt`, `cmake_minimum_required(VERSION 3.25)
project(component LANGUAGES C CXX)
add_subdirectory(${root} mote)
add_executable(component ${program('weak_cabi_realloc.c')} ${program('component.cpp')})
target_link_libraries(component PRIVATE mote::component mote::mote)
target_link_options(component PRIVATE -mexec-model=reactor)
`);
  await output('cmake', ['-G', 'Ninja', '-S', folder, '-B', `${folder}/build`, `-DCMAKE_TOOLCHAIN_FILE=${root}/wasm/toolchains/wasi.cmake`, '-DCMAKE_BUILD_TYPE=Release']);
  await output('cmake', ['--build', `${folder}/build`, '--target', 'component']);
  const module = new WebAssembly.Module(readFileSync(`${folder}/build/component.wasm`));
  const { cabi_realloc: realloc } = new WebAssembly.Instance(module).exports;
  expect(realloc(0, 0, 64, 10) % 64 === 0, 'it is not aligned');
});

cells.add(sysroots[0].toolchain, node, 'recipe', async () => {
  const printed = await runRecipe('wasm/README.md', 'wasi', { 'program.c': '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { void* volatile p = malloc(9); puts(p ? "served" : "null"); free(p); }\n' });
  expect(printed.includes('served'), `it printed ${printed}`);
});

await cells.finish();
