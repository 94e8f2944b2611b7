// Rust: the crate's tests natively, and as modules for the engines; sizes.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { join } from 'node:path';
import { toolchains } from '../toolchains/labels.mjs';
import { run } from './programs.mjs';

const environment = (out) => ({ CARGO_TARGET_DIR: join(out, 'rust') });
const feature = (target) => `global allocator, ${target}`;
// As features of the crate.
const profiles = { standard: [], tiny: ['--features=tiny'], hardened: ['--features=hardened'] };

export function nativeCell(root, out) {
  return {
    toolchain: toolchains.rust(), engine: 'native', feature: feature('x86_64-unknown-linux-gnu'),
    test() {
      const counts = Object.values(profiles).flatMap((features) => {
        const printed = run('cargo', ['test', '--offline', ...features], { cwd: join(root, 'wasm/rust'), environment: environment(out) });
        return [...printed.matchAll(/^test result: ok\. (\d+) passed/gm)].map(([, count]) => Number(count));
      });
      return { passed: counts.reduce((sum, count) => sum + count, 0), failed: 0 };
    },
  };
}

export function suites(root, out) {
  return [...suitesOf('standard', root, out), ...suitesOf('hardened', root, out)];
}

function suitesOf(profile, root, out) {
  const cwd = join(root, 'wasm/rust');
  const wasi = run('cargo', ['test', '--offline', '--no-run', '--target=wasm32-wasi', '--test=cases', ...profiles[profile]], { cwd, environment: environment(out) });
  const [, wasiModule] = /Executable .*\((.*\.wasm)\)/.exec(wasi) ?? [];
  // The memory is the runner's, so that it sets its maximum.
  const initialPages = 32;
  run('cargo', ['build', '--offline', '--release', '--target=wasm32-unknown-unknown', '--example=cases', ...profiles[profile]], {
    cwd, environment: { ...environment(out), RUSTFLAGS: `-Clink-arg=--import-memory -Clink-arg=--initial-memory=${initialPages * 65536}` },
  });
  const module = join(out, `rust-${profile}.wasm`); // the next profile's has the same name
  copyFileSync(join(out, 'rust/wasm32-unknown-unknown/release/examples/cases.wasm'), module);
  const file = (path) => path.slice(root.length + 1);
  return [
    { toolchain: toolchains.rust(), feature: feature('wasm32-wasi'), kind: 'command', file: file(wasiModule) },
    { toolchain: toolchains.rust(), feature: feature('wasm32-unknown-unknown'), kind: 'cases', initialPages, file: file(module) },
  ];
}

const allocators = {
  'no allocator: refuses all': 'null', 'mote tiny': 'tiny', mote: 'mote', 'dlmalloc, Rust\'s own': '',
};

function sizeTable(root, out) {
  const built = join(out, 'rust/wasm32-unknown-unknown/release/rust_sizes.wasm');
  const optimized = join(out, 'rust_sizes.wasm');
  const rows = Object.entries(allocators).map(([name, features]) => {
    run('cargo', ['build', '--offline', '--release', '--target=wasm32-unknown-unknown', `--features=${features}`], { cwd: join(root, 'tests/languages/rust_sizes'), environment: environment(out) });
    run('wasm-opt', ['-Oz', '--converge', '--strip-debug', '--strip-producers', '--enable-bulk-memory', '--enable-sign-ext', built, '-o', optimized]);
    const bytes = readFileSync(optimized);
    return { name, raw: bytes.length, brotli: brotliCompressSync(bytes).length };
  });
  const [none] = rows;
  const number = (value) => value.toLocaleString('en-US');
  return [
    '| allocator | module | brotli | of the allocator |', '|---|---:|---:|---:|',
    ...rows.map(({ name, raw, brotli }) => `| ${name} | ${number(raw)} | ${number(brotli)} | ${name === none.name ? '-' : number(raw - none.raw)} |`),
    '', `Bytes of a program that counts words in a \`BTreeMap\`, by ${toolchains.rust()} for`,
    `wasm32-unknown-unknown with LTO and \`opt-level = "z"\`, after \`wasm-opt -Oz\` (${/version \d+/.exec(run('wasm-opt', ['--version']))[0].replace('version', 'binaryen')}).`,
  ].join('\n');
}

// The order of the functions, and with it a module by some bytes, depends on where
// the project lies: rustc hashes the path of a crate.
const tolerance = 0.01;
const numbers = (table) => [...table.matchAll(/[\d,]+(?= \|)/g)].map(([digits]) => Number(digits.replaceAll(',', '')));

function isAlike(table, other) {
  const [own, others] = [numbers(table), numbers(other)];
  return own.length > 0 && own.length === others.length && own.every((value, i) => Math.abs(value - others[i]) <= tolerance * value);
}

// Whether the README has the sizes of now; puts them there with `isUpdate`.
export function checkSizes(root, out, isUpdate) {
  const path = join(root, 'wasm/rust/README.md');
  const text = readFileSync(path, 'utf8');
  const table = sizeTable(root, out);
  const marked = /(<!-- sizes:begin -->\n)((?:.*\n)*?)(<!-- sizes:end -->)/;
  if (isUpdate) writeFileSync(path, text.replace(marked, `$1${table}\n$3`));
  else if (!isAlike(table, marked.exec(text)?.[2] ?? '')) throw new Error(`the sizes in wasm/rust/README.md are old (tests/languages/run --update):\n${table}`);
  return { passed: 1, failed: 0 };
}
