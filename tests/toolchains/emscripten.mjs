// Emscripten: what must link and run, what must not link, and what must stop.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Cells, expect, here, node, output, program, refusal, root, runRecipe } from './cells.mjs';
import { onlyBuilt, toolchains } from './labels.mjs';

const cells = new Cells('emscripten');
const toolchain = toolchains.emscripten();
const build = `${root}/build/emscripten`;
const archive = `${build}/libmote.a`;
const object = `${build}/mote.o`;
const alignment = /^MOTE_ALIGNMENT:STRING=(\d+)$/m.exec(readFileSync(`${build}/CMakeCache.txt`, 'utf8'))[1];
const common = [`-I${root}/src/include`, `-DMOTE_ALIGNMENT=${alignment}`, '-sSINGLE_FILE=1', '-sEXIT_RUNTIME=1'];
// The compiler may assume that malloc succeeds.
const literal = '-fno-builtin';
const growing = ['-sALLOW_MEMORY_GROWTH=1', ...common];

function isNewer(name, version) {
  const own = /[\d.]+$/.exec(name)[0].split('.').map(Number);
  const at = own.findIndex((part, i) => part !== version[i]);
  return at < 0 || own[at] >= version[at];
}

const compiler = (source) => (source.endsWith('pp') ? 'em++' : 'emcc');
const base = (feature) => cells.path(feature.replace(/[^\w.]+/g, '_'));

async function build_and_run(feature, source, flags, library) {
  const js = `${base(feature)}.js`;
  await output(compiler(source), [program(source), library, ...flags, '-o', js]);
  return output('node', [js]);
}

// The usual cell: a program that says `said` when all is well.
function runs(feature, source, flags, { said = 'blocks held', library = archive } = {}) {
  cells.add(toolchain, node, feature, async () => {
    const printed = await build_and_run(feature, source, flags, library);
    expect(printed.includes(said), `it printed ${printed}`);
  });
}

function refuses(feature, source, flags, pattern, library = archive) {
  cells.add(toolchain, onlyBuilt, feature, async () => {
    const message = await refusal(compiler(source), [program(source), library, ...flags, '-o', `${base(feature)}.js`]);
    expect(pattern.test(message), `the message is ${message}`);
  });
}

runs('-sMALLOC=none', 'main.c', [...growing, '-O2', '-sMALLOC=none']);
runs('beside the default malloc', 'main.c', [...growing, '-O2']);
runs('beside the default malloc: emmalloc', 'main.c', [...growing, '-O2', '-sMALLOC=emmalloc']);
runs('-sMALLOC=none: one object', 'main.c', [...growing, '-O2', '-sMALLOC=none'], { library: object });
runs('beside the default malloc: one object', 'main.c', [...growing, '-O2'], { library: object });
for (const level of ['-O0', '-O1', '-O3', '-Os', '-Oz']) runs(`-O0 to -Oz: ${level}`, 'main.c', [...growing, level]);
runs('-flto', 'main.c', [...growing, '-O2', '-flto']);
runs('-flto: -sMALLOC=none', 'main.c', [...growing, '-O3', '-flto', '-sMALLOC=none']);
runs('C++', 'main.cpp', [...growing, '-O1', '-std=c++17', '-sMALLOC=none'], { said: '500 lists, 199990000' });
runs('-flto: C++', 'main.cpp', [...growing, '-O2', '-flto', '-std=c++17'], { said: '500 lists, 199990000' });
runs('C++: -fexceptions', 'main.cpp', [...growing, '-O1', '-fexceptions', '-std=c++17'], { said: '500 lists, 199990000' });
runs('-sSAFE_HEAP', 'main.c', [...growing, '-O1', '-sSAFE_HEAP=1', '-sMALLOC=none']);
runs('-sASSERTIONS=2', 'main.c', [...growing, '-O1', '-sASSERTIONS=2', '-sMALLOC=none']);
runs('-fsanitize=undefined', 'main.c', [...growing, '-O1', '-fsanitize=undefined']);
runs('-sMAXIMUM_MEMORY=4GB', 'above_2_GiB.c', [...growing, '-O1', literal, '-sMAXIMUM_MEMORY=4GB', '-sMALLOC=none'], { said: 'written and read back' });
runs('foreign sbrk and memory.grow', 'foreign.c', [...growing, '-O1', literal, '-sMALLOC=none'], { said: 'nothing was overwritten' });
runs('foreign sbrk and memory.grow: beside dlmalloc', 'foreign.c', [...growing, '-O1', literal], { said: 'nothing was overwritten' });
for (const [kind, flags] of [['dlmalloc', []], ['emmalloc', ['-sMALLOC=emmalloc']], ['-sMALLOC=none', ['-sMALLOC=none']]]) {
  runs(`names that the runtime calls: ${kind}`, 'runtime_names.c', [...growing, '-O1', literal, ...flags], { said: 'all names' });
}
runs('names of dlmalloc and emmalloc: dlmalloc', 'dlmalloc_names.c', [...growing, '-O1', literal], { said: 'all names' });
runs('names of dlmalloc and emmalloc: dlmalloc, -sMALLOC=none', 'dlmalloc_names.c', [...growing, '-O1', literal, '-sMALLOC=none'], { said: 'all names' });
runs('names of dlmalloc and emmalloc: emmalloc', 'emmalloc_names.c', [...growing, '-O1', literal, '-sMALLOC=emmalloc'], { said: 'all names' });
runs('names of dlmalloc and emmalloc: emmalloc, -sMALLOC=none', 'emmalloc_names.c', [...growing, '-O1', literal, '-sMALLOC=none'], { said: 'all names' });
// Three growths from 16 MiB, rounded to pages.
for (const [kind, step, [min, max]] of [
  ['by a fifth', [], [16 / 5, 24 / 5]],
  ['by no more than is needed', ['-sMEMORY_GROWTH_GEOMETRIC_STEP=0'], [1 / 16, 2 / 16]],
  ['by steps of 8 MiB', ['-sMEMORY_GROWTH_LINEAR_STEP=8MB'], [8, 8]],
]) {
  const bounds = [['MIN', min * 2 ** 20], ['MAX', max * 2 ** 20 + 65536]].map(([name, bytes]) => `-DSTEP_${name}=${Math.floor(bytes)}`);
  runs(`growth as it is set, and new views: ${kind}`, 'growth.c', [...growing, '-O1', literal, '-sINITIAL_MEMORY=16MB', ...step, ...bounds], { said: 'grown as set' });
}
runs('memory at its maximum', 'exhausted.c', [...growing, '-O1', literal, '-sMAXIMUM_MEMORY=32MB'], { said: 'exhausted and refilled' });
runs('memory that may not grow', 'exhausted.c', [...common, '-O1', literal, '-sABORTING_MALLOC=0', '-sMALLOC=none'], { said: 'exhausted and refilled' });

const refusing = cells.path('refuse_growth.js');
writeFileSync(refusing, `WebAssembly.Memory.prototype.grow = function () { throw new RangeError('no'); };\n`);
runs('growth refused by the host', 'exhausted.c', [...growing, '-O1', literal, '--pre-js', refusing], { said: 'exhausted and refilled' });

// What serves under these is their own malloc, so the linker must say that there
// are two.
for (const sanitizer of ['address', 'leak']) {
  refuses(`-fsanitize=address or leak is a link error: ${sanitizer}`, 'main.c', [...growing, '-O1', `-fsanitize=${sanitizer}`], /duplicate symbol: malloc/);
}

// Under shared memory what Emscripten refuses may be there. From the sources,
// because the archive is for one thread.
cells.add(toolchain, node, 'memory that another thread grew', async () => {
  const js = cells.path('raced_growth.js');
  const sources = ['wasm/emscripten/malloc.cpp', 'wasm/trap.cpp'].map((source) => `${root}/${source}`);
  const objects = [...sources, program('raced_growth.c')].map((source, i) => ({ source, object: `${js}.${i}.o` }));
  const folders = ['src', 'src/include', 'wasm'].map((folder) => `-I${root}/${folder}`);
  for (const { source, object: to } of objects) {
    await output(compiler(source), ['-pthread', '-O1', literal, ...(source.endsWith('pp') ? ['-std=c++20', '-fno-exceptions', '-DMOTE_THREADS_PER_THREAD', ...folders] : []),
      '-DMOTE_PROFILE_STANDARD', `-DMOTE_ALIGNMENT=${alignment}`, '-c', source, '-o', to]);
  }
  await output('emcc', ['-pthread', '-O1', '-sSINGLE_FILE=1', '-sEXIT_RUNTIME=1', '-sALLOW_MEMORY_GROWTH', '-sMALLOC=none', '-Wno-pthreads-mem-growth', ...objects.map(({ object: from }) => from), '-o', js]);
  const printed = await output('node', ['--no-experimental-fetch', js]);
  expect(printed.includes('served all the same'), `it printed ${printed}`);
});

// Without JavaScript around it: the one import beside WASI's says that memory grew.
const standaloneHost = (wasm) => `const { WASI } = require('node:wasi');
  const wasi = new WASI({ version: 'preview1', args: [], returnOnExit: true });
  const module = new WebAssembly.Module(require('node:fs').readFileSync(${JSON.stringify(wasm)}));
  let grown = 0;
  const instance = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi.wasiImport,
    env: { emscripten_notify_memory_growth() { ++grown; } },
  });
  process.exitCode = wasi.start(instance) || (grown ? 0 : 2);`;
cells.add(toolchain, node, '-sSTANDALONE_WASM', async () => {
  const wasm = cells.path('standalone.wasm');
  await output('emcc', [program('main.c'), archive, ...growing.slice(0, 3), '-O2', '-sINITIAL_MEMORY=1MB', '-sTOTAL_STACK=64KB', '-sSTANDALONE_WASM', '-sMALLOC=none', '-o', wasm]);
  const printed = await output('node', ['--no-warnings', '-e', standaloneHost(wasm)]);
  expect(printed.includes('blocks held') && printed.includes('exited'), `it printed ${printed}`);
});

cells.add(toolchain, node, 'a module instantiated twice', async () => {
  const js = cells.path('twice.js');
  await output('emcc', [archive, '-O1', '-sMODULARIZE', '-sSINGLE_FILE=1', '-sALLOW_MEMORY_GROWTH', '-sMALLOC=none', '--no-entry',
    '-sEXPORTED_FUNCTIONS=_malloc,_free', '-o', js]);
  const script = `const make = require(${JSON.stringify(js)});
    Promise.all([make(), make()]).then(([a, b]) => {
      const p = a._malloc(1000), q = b._malloc(1000);
      a.HEAPU8.fill(7, p, p + 1000);
      if (p !== q || b.HEAPU8.subarray(q, q + 1000).some((byte) => byte === 7)) throw new Error('shared');
      a._free(p);
      if (b._malloc(1000) === q) throw new Error('one heap');
      console.log('two heaps');
    });`;
  expect((await output('node', ['-e', script])).includes('two heaps'), 'they are not apart');
});

// A double free, a pointer of somebody else: a trap with its cause's name.
const stops = (feature, source, cause) => cells.add(toolchain, node, feature, async () => {
  const js = `${base(feature)}.js`;
  await output('emcc', [program(source), archive, ...growing, '-O1', '--profiling-funcs', '-sMODULARIZE', '-sINVOKE_RUN=0', '-sEXPORTED_FUNCTIONS=_main', '-o', js]);
  const message = await refusal('node', ['-e', `require(${JSON.stringify(js)})().then(({ _main }) => {
    try { _main(0, 0); } catch (error) { console.log(error.stack); process.exitCode = 1; }
  });`]);
  expect(message.includes('freed once') && !message.includes('freed twice'), `it printed ${message.slice(-1000)}`);
  expect(message.includes(cause), `the message is ${message.slice(-1000)}`);
});
stops('a double free stops', 'double_free.c', 'mote_trap_double_free');
stops('a pointer that is no block stops', 'foreign_pointer.c', 'mote_trap_invalid_pointer');

refuses('half of the names defined twice is a link error', 'partial.c', [...growing, literal], /duplicate symbol: (malloc|free)/);
refuses('half of the names defined twice is a link error: one object', 'partial.c', [...growing, literal], /duplicate symbol: (malloc|free)/, object);

// Every name that one of Emscripten's own allocators defines is either defined
// here, or a program that uses it does not link: neither silence nor two heaps.
const libraries = (await output('em-config', ['CACHE'])).trim();
const names = async (file) => {
  const printed = await output('llvm-nm-19', ['--defined-only', '--extern-only', '--format=just-symbols', file]);
  return new Set(printed.split('\n').filter((line) => /^\w+$/.test(line)));
};
const own = await names(object);
const systemLibraries = `${libraries}/sysroot/lib/wasm32-emscripten`;

// Everything in the libc, some of which calls malloc by other names: nothing may
// bring the default allocator in, which would be silent.
for (const malloc of ['dlmalloc', 'emmalloc', 'none']) {
  cells.add(toolchain, node, `beside all of the libc: ${malloc}`, async () => {
    const all = await names(`${systemLibraries}/libc.a`);
    expect(all.size > 1000 && own.size > 40, `${all.size} names, ${own.size} of mote's`);
    const [js, wanted] = [`${base(`beside_libc_${malloc}`)}.js`, `${base(`beside_libc_${malloc}`)}.rsp`];
    writeFileSync(wanted, [...all].filter((name) => !own.has(name)).map((name) => `-Wl,-u,${name}\n`).join(''));
    const linked = await output('emcc', [program('main.c'), archive, ...growing, '-O1', `@${wanted}`, `-sMALLOC=${malloc}`, '-sERROR_ON_UNDEFINED_SYMBOLS=0', '-Wl,--trace', '-o', js]);
    expect(linked.split('\n').length > 900 && !/lib(dl|em)malloc/.test(linked), `it links ${linked.split('\n').filter((line) => /malloc/.test(line))}`);
    expect((await output('node', [js])).includes('blocks held'), 'it does not run');
  });
}

for (const malloc of ['dlmalloc', 'dlmalloc-debug', 'emmalloc', 'emmalloc-debug']) {
  cells.add(toolchain, onlyBuilt, `a link error for each name that is missing: ${malloc}`, async () => {
    const library = `${systemLibraries}/lib${malloc}.a`;
    const missing = [...await names(library)].filter((name) => !own.has(name));
    const assertions = malloc.endsWith('-debug') ? ['-sASSERTIONS=1'] : ['-sASSERTIONS=0'];
    for (const name of missing) {
      const source = cells.path(`${malloc}_${name}.c`);
      writeFileSync(source, `void ${name}(void);\nvoid free(void*);\nvoid* malloc(unsigned long);\n`
        + `int main(void) { free(malloc(1)); ${name}(); }\n`);
      for (const kind of [malloc.replace('dlmalloc-debug', 'dlmalloc'), 'none']) {
        const message = await refusal('emcc', [source, archive, ...growing, '-O1', ...assertions, `-sMALLOC=${kind}`, '-o', `${source}.js`]);
        expect(/duplicate symbol|undefined symbol/.test(message), `${name}, ${kind}: ${message}`);
      }
    }
    console.log(`  ${malloc}: a link error are ${missing.join(', ') || 'none'}`);
  });
}

// What neither mote nor Emscripten has, though other C libraries do.
cells.add(toolchain, onlyBuilt, 'a link error for each name that is missing: of other libraries', async () => {
  for (const name of ['mallinfo2', 'malloc_info', 'create_mspace', 'mspace_malloc']) {
    const source = cells.path(`other_${name}.c`);
    writeFileSync(source, `void ${name}(void);\nvoid* malloc(unsigned long);\nint main(void) { ${name}(); return malloc(1) == 0; }\n`);
    const message = await refusal('emcc', [source, archive, ...growing, '-O1', '-o', `${source}.js`]);
    expect(message.includes(`undefined symbol: ${name}`), `${name}: ${message}`);
  }
});

// Before 3.1.54 there are no external ports: a stand-in does with the file what
// Emscripten does.
const hasPorts = isNewer(toolchain, [3, 1, 54]);
const withPort = (port, args) => (hasPorts ? ['emcc', [`--use-port=${port}`, ...args]] : ['python3', [`${here}/port.py`, port, cells.folder, ...args]]);
cells.add(toolchain, node, hasPorts ? 'port file' : 'port file (with a stand-in for external ports)', async () => {
  const port = `${root}/wasm/emscripten/mote.py`;
  const flags = growing.filter((flag) => !/^-I|MOTE_ALIGNMENT/.test(flag));
  for (const [options, alignment] of [['', 8], [':profile=tiny:alignment=16', 16], [':profile=hardened', 8]]) {
    const js = cells.path('port.js');
    await output(...withPort(port + options, [program('main.c'), ...flags, `-DMOTE_ALIGNMENT=${alignment}`, '-O1', '-flto', '-o', js]));
    expect((await output('node', [js])).includes('blocks held'), `aligned to ${alignment}: it does not run`);
  }
  for (const [options, said] of [[':profile=huge', /profile is huge, must be one of/], [':speed=high', /speed.* is not supported/]]) {
    const message = await refusal(...withPort(port + options, [program('main.c'), '-o', cells.path('refused.js')]));
    expect(said.test(message), `it says ${message}`);
  }
});

// A CMake project that takes mote in.
cells.add(toolchain, node, 'CMake: add_subdirectory', async () => {
  const folder = cells.path('cmake');
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/CMakeLists.txt`, `cmake_minimum_required(VERSION 3.25)
project(program LANGUAGES C CXX)
add_subdirectory(${root} mote)
add_executable(program ${program('main.c')})
target_link_libraries(program PRIVATE mote::mote)
target_link_options(program PRIVATE -sMALLOC=none -sALLOW_MEMORY_GROWTH=1 -sSINGLE_FILE=1 -sEXIT_RUNTIME=1)
`);
  await output('cmake', ['-G', 'Ninja', '-S', folder, '-B', `${folder}/build`, `-DCMAKE_TOOLCHAIN_FILE=${root}/wasm/toolchains/emscripten.cmake`]);
  await output('cmake', ['--build', `${folder}/build`]);
  expect((await output('node', [`${folder}/build/program.js`])).includes('blocks held'), 'it does not run');
});

cells.add(toolchain, node, 'recipe', async () => {
  const printed = await runRecipe('wasm/README.md', 'emscripten', { 'program.c': '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { void* volatile p = malloc(9); puts(p ? "served" : "null"); free(p); }\n' });
  expect(printed.includes('served'), `it printed ${printed}`);
});

cells.add(toolchain, node, 'recipe: threads', async () => {
  const printed = await runRecipe('README.md', 'emscripten-threads', {
    'program.cpp': `#include <cstdio>
#include <string>
#include <thread>
int main() {
  auto* from_main = new std::string(1000, 'x');
  std::thread([=] {
    delete from_main;
    std::string own(2000, 'y');
    std::printf("%zu bytes in a thread\\n", own.size());
  }).join();
}
` }, 'node --no-experimental-fetch program.js\n');
  expect(printed.includes('2000 bytes in a thread'), `it printed ${printed}`);
});

await cells.finish();
