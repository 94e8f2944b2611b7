// Links modules with names, optimises them, and strips what is shipped: so the
// names are those of the very functions that are measured.
import { make, once, run } from './build.mjs';

export const features = ['-mbulk-memory', '-msign-ext', '-mnontrapping-fptoint', '-mmutable-globals'];

const wasmOpt = [
  '-Oz', '--converge', '-g', '--strip-producers', '--strip-target-features', '--enable-bulk-memory',
  '--enable-sign-ext', '--enable-nontrapping-float-to-int', '--enable-mutable-globals', '--enable-multivalue', '--enable-reference-types',
];

const optimiserVersion = once(() => run('wasm-opt', ['--version']));

// The twin, with names, becomes the module that is shipped.
export async function stripped(twin, file) {
  await run('llvm-strip-19', ['--strip-all', twin, '-o', file]);
  return { file, twin };
}

export async function optimised(linked, base) {
  const twin = await make(`${base}.named.wasm`, 'wasm-opt', [...wasmOpt, linked, '-o', `${base}.named.wasm`], {
    inputs: [linked], key: await optimiserVersion(),
  });
  return stripped(twin, `${base}.wasm`);
}
