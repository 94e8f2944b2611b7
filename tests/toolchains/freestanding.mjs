// The one file: every clang there is, small memories, snapshots, 64-bit memories,
// pages of one byte.
import { readFileSync, writeFileSync } from 'node:fs';
import { openChromium, openFirefox } from '../../size-reports/tests/browsers.mjs';
import { names, titleOf, withoutWasm64 } from '../engines/engines.mjs';
import { Cells, expect, node, out, output, program, refusal, root, runRecipe, sourceIn, tools, wasmtime, wizer } from './cells.mjs';
import { onlyBuilt, toolchains } from './labels.mjs';

const cells = new Cells('freestanding');
const file = `${out}/mote.cpp`;
const include = `-I${root}/src/include`;
const deno = `${tools}/@deno/linux-x64-glibc/deno`;

// As the README has it; only -std and -c are needed beside what a module wants.
// -nostdlibinc: no header but the compiler's own can be had.
const recipe = ['-std=c++20', '-Oz', '-nostdlib', '-nostdlibinc', '-fno-builtin', '-fno-exceptions', '-fno-rtti'];
const optimisations = [['-O0'], ['-O1'], ['-O2'], ['-O3'], ['-O2', '-flto']];

// Compiles the one file and a program of C, links them; the module's path.
async function build(name, source, { clang = 19, target = 'wasm32', optimisation = [], features = [], definitions = [], link = [] } = {}) {
  const path = cells.path(name);
  await output(`clang++-${clang}`, [`--target=${target}`, ...recipe, ...optimisation, ...features, ...definitions, '-c', file, '-o', `${path}.mote.o`]);
  const cxx = source.endsWith('pp');
  const language = cxx ? [`clang++-${clang}`, '-std=c++20', `-I${root}`, `-I${root}/src`, ...definitions] : [`clang-${clang}`];
  await output(language[0], [...language.slice(1), `--target=${target}`, ...features, include, '-O1', ...optimisation, '-nostdlib', '-fno-builtin', '-c', program(source), '-o', `${path}.o`]);
  await output(`wasm-ld-${clang}`, [...(target === 'wasm64' ? ['-mwasm64'] : []), '--no-entry', ...link, `${path}.o`, `${path}.mote.o`, '-o', `${path}.wasm`]);
  return `${path}.wasm`;
}
const instantiate = (path, imports) => new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), imports).exports;

const alignments = [8, 16];
const profiles = ['TINY', 'STANDARD', 'HARDENED'].flatMap((profile) => alignments.map((alignment) => ({
  name: `${profile.toLowerCase()}: ${alignment} bytes`, definitions: [`-DMOTE_PROFILE_${profile}`, `-DMOTE_ALIGNMENT=${alignment}`], alignment,
})));
const threadings = [['locked', 'THREADS_LOCKED'], ['per thread', 'PROFILE_THREADS']].flatMap(([kind, choice]) => alignments.map((alignment) => ({
  name: `${kind}, ${alignment} bytes`, definitions: [`-DMOTE_${choice}`, `-DMOTE_ALIGNMENT=${alignment}`], alignment,
})));
const atomics = ['-matomics', '-mbulk-memory'];
const sharedMemory = ['--shared-memory', '--import-memory', '--max-memory=67108864'];

for (const clang of [14, 15, 16, 19, 22]) {
  const toolchain = toolchains.freestanding(clang);
  for (const { name, definitions, alignment } of profiles) {
    cells.add(toolchain, node, `one file, ${name}`, async () => {
      const path = await build(`clang${clang}_${name.replace(/\W+/g, '_')}`, 'module.c', { clang, definitions, link: ['--export=malloc'] });
      const { run, malloc } = instantiate(path);
      const checked = run(1, 20000, 9000);
      expect(checked > 1000, `run returned ${checked}`);
      expect(malloc(1) % alignment === 0, 'it is not aligned');
    });
  }
  for (const { name, definitions, alignment } of threadings) {
    cells.add(toolchain, node, `one file, threads: ${name}`, async () => {
      const path = await build(`clang${clang}_${name.replace(/\W+/g, '_')}`, 'module.c', { clang, definitions, features: atomics,
        link: [...sharedMemory, '--export=malloc', '--export=mote_thread_end'] });
      const memory = new WebAssembly.Memory({ initial: 32, maximum: 1024, shared: true });
      const { run, malloc, mote_thread_end: end } = instantiate(path, { env: { memory } });
      const checked = run(1, 20000, 9000);
      end();
      expect(checked > 1000 && malloc(1) % alignment === 0, `run returned ${checked}`);
    });
  }
  for (const optimisation of optimisations) {
    cells.add(toolchain, node, `one file, -O0 to -O3, -flto: ${optimisation}`, async () => {
      const path = await build(`clang${clang}${optimisation.join('')}`, 'module.c', { clang, optimisation, link: ['--export=malloc'] });
      const { run, malloc } = instantiate(path);
      const checked = run(1, 20000, 9000);
      expect(checked > 1000 && malloc(1) % 16 === 0, `run returned ${checked}`);
    });
  }
  cells.add(toolchain, onlyBuilt, 'one file, without -std=c++20 an error that says so', async () => {
    const said = await refusal(`clang++-${clang}`, ['--target=wasm32', '-std=c++17', ...recipe.slice(1), '-fsyntax-only', file]);
    expect(/error: "?mote.cpp is C\+\+20/.test(said), `it says ${said.slice(0, 300)}`);
  });
}

const clang = toolchains.freestanding();

// Both ways give the same module, once each has been linked with the same exports:
// all names of C, mote.h and inspect.h. Of arenas and operator new the one file
// has up to 24 bytes less, because there the compiler sees who ignores a size.
const isElsewhere = (name) => /^_Z|^mote_arena_|^mote_trap_/.test(name);
const choices = [
  ...['tiny', 'standard', 'hardened'].flatMap((profile) => alignments.map((alignment) => ({ profile, alignment, threads: 'none' }))),
  ...['tiny', 'standard', 'hardened'].flatMap((profile) => alignments.map((alignment) => ({ profile, alignment, threads: 'locked' }))),
  ...['standard', 'hardened'].flatMap((profile) => alignments.map((alignment) => ({ profile, alignment, threads: 'per_thread' }))),
];
for (const { profile, alignment, threads } of choices) {
  const name = `${profile}-${alignment}-${threads}`;
  cells.add(clang, onlyBuilt, `the same bytes as the library: ${name}`, async () => {
    const folder = cells.path(`library-${name}`);
    await output('cmake', ['--preset', 'wasm', '-B', folder, '-DMOTE_TESTS=OFF', `-DMOTE_PROFILE=${profile}`, `-DMOTE_ALIGNMENT=${alignment}`, `-DMOTE_THREADS=${threads}`], { cwd: root });
    await output('cmake', ['--build', folder, '--target', 'mote']);
    const object = cells.path(`same-${name}.o`);
    const isShared = threads !== 'none';
    await output('clang++-19', ['--target=wasm32', ...recipe, '-DNDEBUG', '-mbulk-memory', '-msign-ext', '-mnontrapping-fptoint', '-mmutable-globals',
      ...(isShared ? [...atomics, `-DMOTE_THREADS_${threads.toUpperCase()}`] : []), `-DMOTE_PROFILE_${profile.toUpperCase()}`, `-DMOTE_ALIGNMENT=${alignment}`,
      '-c', file, '-o', object]);
    const printed = await output('llvm-nm-19', ['--defined-only', '--extern-only', '--format=just-symbols', object]);
    const names = printed.split('\n').filter((line) => /^\w+$/.test(line));
    const core = names.filter((symbol) => !isElsewhere(symbol));
    expect(['malloc', 'free_sized', 'mote_realloc_sized', 'mote_walk'].every((symbol) => core.includes(symbol)) && names.length > core.length + 30, `the names are ${names}`);
    const both = (functions) => Promise.all([object, `${folder}/libmote.a`].map(async (input, i) => {
      const path = cells.path(`same-${name}-${functions.length}-${i}.wasm`);
      await output('wasm-ld-19', ['--no-entry', '--gc-sections', '--strip-all', ...(isShared ? sharedMemory : []), ...functions.map((exported) => `--export=${exported}`), input, '-o', path]);
      return readFileSync(path);
    }));
    const [one, other] = await both(core);
    expect(one.length > 3000 && one.equals(other), `${one.length} and ${other.length} bytes`);
    const [all, others] = await both(names);
    expect(all.length <= others.length && others.length <= all.length + 24, `of all names, ${all.length} and ${others.length} bytes`);
  });
}

cells.add(clang, node, 'a fixed memory of one page', async () => {
  for (const { name, definitions } of profiles) {
    const path = await build(`one_page_${name.replace(/\W+/g, '_')}`, 'module.c', { definitions,
      link: ['-z', 'stack-size=8192', '--initial-memory=65536', '--max-memory=65536', '--export=malloc'] });
    const { run, malloc, memory } = instantiate(path);
    const checked = run(1, 20000, 40);
    expect(checked > 1000 && memory.buffer.byteLength === 65536, `${name}: run returned ${checked}`);
    let served = 0;
    while (malloc(1000)) served += 1000;
    expect(served > 30000, `${name}: ${served} bytes of a page`);
  }
});

cells.add(clang, node, 'a static array of 256 KiB serves 240 KiB', async () => {
  for (const { name, definitions } of profiles) {
    const path = await build(`static_array_${name.replace(/\W+/g, '_')}`, 'static_array.cpp', { definitions });
    for (const size of [64, 256, 1024, 4096, 16384, 245760]) {
      const { served_bytes: served } = instantiate(path);
      const [first, again] = [served(size), served(size)];
      // Small blocks of the tiny profile have a header each, those of the
      // hardened one a seal; a slab of the standard one loses its last block of
      // 256 bytes to the next header.
      const least = size < 256 && !name.startsWith('standard') ? 256 * 1024 * size / (size + 16) - 6000
        : size === 256 ? 239 * 1024 : 240 * 1024;
      expect(first >= least && again >= first, `${name}: ${first}, then ${again} bytes in blocks of ${size}`);
    }
  }
});

cells.add(clang, onlyBuilt, 'half of the names defined twice is a link error', async () => {
  const [source, own] = [cells.path('partial.c'), cells.path('partial.o')];
  writeFileSync(source, `void* malloc(unsigned long size) { return (void*)(size & 0); }
void* calloc(unsigned long count, unsigned long size);
void* run(void) { return calloc(1, malloc(1) == 0); }
`);
  await output('clang-19', ['--target=wasm32', '-nostdlib', '-O1', '-c', source, '-o', own]);
  for (const input of [cells.path('partial.mote.o'), `${root}/build/wasm/libmote.a`]) {
    if (input.endsWith('.o')) await output('clang++-19', ['--target=wasm32', ...recipe, '-c', file, '-o', input]);
    const message = await refusal('wasm-ld-19', ['--no-entry', '--export=run', own, input, '-o', cells.path('partial.wasm')]);
    expect(/duplicate symbol: malloc/.test(message), `the message is ${message}`);
  }
});

cells.add(clang, node, 'a module instantiated twice', async () => {
  const path = await build('twice', 'module.c', { link: ['--export=malloc'] });
  const [a, b] = [instantiate(path), instantiate(path)];
  const [p, q] = [a.malloc(1000), b.malloc(1000)];
  new Uint8Array(a.memory.buffer, p, 1000).fill(7);
  expect(p === q && new Uint8Array(b.memory.buffer, q, 1000).some((byte) => byte !== 7), 'they share memory');
});

for (const { name, definitions } of profiles) {
  cells.add(clang, node, `snapshot (by wizer): ${name}`, async () => {
    const path = await build(`snapshot_${name.replace(/\W+/g, '_')}`, 'snapshot.c', { definitions });
    expect(instantiate(path).run() === -1, 'it runs without having been initialised');
    await output(wizer, [path, '--init-func', 'wizer.initialize', '-o', `${path}.snapshot`]);
    const module = `${path}.snapshot`;
    for (let i = 0; i < 2; ++i) {
      const checked = instantiate(module).run();
      expect(checked > 1000, `run returned ${checked}`);
    }
  });
}

// A host that has saved the memory puts it back, over a memory that has grown. That
// stays as large only if all of it is the heap's.
const owned = [{ owner: '', own: [] }, { owner: ', alone in it', own: ['-DMOTE_ALONE_IN_MEMORY'] }]
  .flatMap((owner) => profiles.map((profile) => ({ ...profile, ...owner })));
for (const { name, definitions, owner, own } of owned) {
  cells.add(clang, node, `memory that the host restores${owner}: ${name}`, async () => {
    const path = await build(`restored${owner}_${name}`.replace(/\W+/g, '_'), 'snapshot.c', { definitions: [...definitions, ...own] });
    const { 'wizer.initialize': initialize, run, memory } = instantiate(path);
    initialize();
    const saved = new Uint8Array(memory.buffer).slice();
    let grown = 0;
    const results = Array.from({ length: 3 }, (_, i) => {
      const checked = run();
      expect(memory.buffer.byteLength > saved.length, 'it did not grow');
      expect(i === 0 || own.length === 0 || memory.buffer.byteLength === grown, 'it grew again');
      grown = memory.buffer.byteLength;
      new Uint8Array(memory.buffer).fill(0xEE).set(saved);
      return checked;
    });
    expect(results[0] > 1000 && results.every((checked) => checked === results[0]), `run returned ${results}`);
  });
}

// Or it makes a new instance over the memory of the last one.
for (const { name, definitions, owner, own } of owned) {
  cells.add(clang, node, `memory that an instance begins anew in${owner}: ${name}`, async () => {
    const path = await build(`anew${owner}_${name}`.replace(/\W+/g, '_'), 'snapshot.c', { definitions: [...definitions, ...own], link: ['--import-memory'] });
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 1000 });
    const pages = Array.from({ length: 3 }, () => {
      const { 'wizer.initialize': initialize, run } = instantiate(path, { env: { memory } });
      expect(run() === -1, 'it is initialised already');
      initialize();
      const checked = run();
      expect(checked > 1000, `run returned ${checked}`);
      return memory.buffer.byteLength / 65536;
    });
    expect(own.length === 0 || pages.every((count) => count === pages[0]), `it grew to ${pages} pages`);
  });
}

// 64-bit memories in the engines that have them. In a memory that is declared as
// large as it gets, only the pages that are written take memory of the machine.
const wideClang = toolchains.freestanding(19, 64);
const gibibytes = 2 ** 30;
const wide = {
  'a heap above 4 GiB': ['--initial-memory', '--max-memory'].map((option) => `${option}=${6 * gibibytes}`),
  'growth above 4 GiB': [`--max-memory=${12 * gibibytes}`],
};
const slowToGrow = 'it commits what it grows by: 9 GB resident and no end in ten minutes';
const inJavaScript = (bytes) => `(() => {
  const bytes = Uint8Array.from(atob('${bytes.toString('base64')}'), (c) => c.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run();
})()`;
const page = cells.path('empty.html');
writeFileSync(page, '<!doctype html><title>mote</title>');
const inPage = async (open, expression) => {
  const browser = await open(`file://${page}`);
  try {
    return await browser.evaluate(expression);
  } finally {
    await browser.close();
  }
};
const runWide = {
  deno(expression) {
    const script = cells.path('wide.js');
    writeFileSync(script, `console.log(${expression});`);
    return output(deno, ['run', script]);
  },
  chromium: (expression) => inPage(openChromium, expression),
  firefox: (expression) => inPage(openFirefox, expression),
};
for (const [feature, link] of Object.entries(wide)) {
  const name = feature.replace(/\W+/g, '_');
  const built = build(name, 'above_4_GiB.c', { target: 'wasm64', features: ['-mbulk-memory'], link });
  built.catch(() => {}); // each cell reports it
  for (const engine of names) {
    const reason = withoutWasm64[engine] ?? (engine === 'firefox' && feature.startsWith('growth') ? slowToGrow : null);
    if (reason) cells.impossible(wideClang, titleOf(engine, root), feature, reason);
    else cells.add(wideClang, titleOf(engine, root), feature, async () => {
      const checked = Number(await runWide[engine](inJavaScript(readFileSync(await built))));
      expect(checked > 1000, `run returned ${checked}`);
    });
  }
  cells.add(wideClang, wasmtime, feature, async () => {
    await output(wizer, [await built, '--init-func', 'wizer.initialize', '-o', cells.path(`${name}.snapshot`)]);
  });
}

// No engine here runs pages of one byte: assembled, and validated by binaryen.
cells.add(toolchains.freestanding(22), onlyBuilt, 'pages of 1 byte, validated by binaryen', async () => {
  const path = await build('small_pages', 'module.c', { clang: 22, definitions: ['-DMOTE_PAGE_SIZE_OF_LINKER'],
    link: ['--page-size=1', '-z', 'stack-size=1024', '--max-memory=100000'] });
  const features = ['--enable-bulk-memory', '--enable-bulk-memory-opt', '--enable-sign-ext', '--enable-nontrapping-float-to-int', '--enable-mutable-globals', '--enable-multivalue', '--enable-reference-types'];
  const text = await output('wasm-opt', ['-Oz', '--converge', ...features, '--enable-custom-page-sizes', path, '-S', '-o', '-']);
  expect(/\(memory[^)]*\(pagesize 1\)|\(memory[^)]*pagesize/.test(text), 'its pages are not of 1 byte');
  // wasm-opt has seen the page size: no arithmetic of 64 KiB is left.
  expect(/memory\.grow/.test(text) && !/\b65536\b|i32\.const 16\)\s*\)\s*\(memory/.test(text), 'it counts in pages of 64 KiB');
});
for (const name of names) cells.impossible(toolchains.freestanding(22), titleOf(name, root), 'pages of 1 byte, validated by binaryen', 'no engine here knows such a memory');

// Two instances over one memory, each with a stack of its own, as threads are.
const greetTwice = `import { readFileSync } from 'node:fs';
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 1024, shared: true });
  const module = new WebAssembly.Module(readFileSync('greet.wasm'));
  const [a, b] = [0, 1].map(() => new WebAssembly.Instance(module, { env: { memory } }).exports);
  b.__stack_pointer.value = b.malloc(16384) + 16384;
  console.log(a.sum_of_squares(10) + b.sum_of_squares(10));`;
cells.add(clang, node, 'recipe: threads', async () => {
  const files = { 'greet.cpp': sourceIn('README.md', 'greet.cpp'), 'run.mjs': greetTwice };
  const printed = await runRecipe('README.md', 'one-file-threads', files, 'node run.mjs\n');
  expect(printed.trim() === '570', `it printed ${printed}`);
});
// node has no page that a relative address could be fetched from.
const hostInNode = `import { readFileSync } from 'node:fs';
  globalThis.fetch = async (file) => new Response(readFileSync(file), { headers: { 'content-type': 'application/wasm' } });
  await import('./shown.mjs');`;
cells.add(toolchains.javascript(), node, 'recipe', async () => {
  const printed = await runRecipe('wasm/js/README.md', 'javascript', {
    'sum.cpp': `extern "C" [[clang::export_name("sum")]] double sum(const double* numbers, int count) {
  double total = 0;
  for (int i = 0; i < count; ++i) total += numbers[i];
  return total;
}
`,
    'shown.mjs': `${sourceIn('wasm/js/README.md', 'host.mjs').replace(/instance\.exports\.sum\(.*\)/, 'console.log($&)')}
      console.log(used, free > 0, footprint >= largestFree, count > 0 && address[0] > 0 && size[0] > 0 && kind[0] >= 0);
`,
    'run.mjs': hostInNode,
  }, 'node run.mjs\n');
  expect(printed === '6\n0 true true true\n', `it printed ${printed}`);
});
cells.add(clang, node, 'recipe', async () => {
  const printed = await runRecipe('wasm/README.md', 'freestanding', { 'program.c': 'void* malloc(unsigned long);\nint run(void) { return malloc(9) != 0; }\n' });
  expect(printed.trim() === '1', `it printed ${printed}`);
});

await cells.finish();
