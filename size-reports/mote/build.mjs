// What the toolchains share: the entries, running commands, and mote's own
// library as CMake builds it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(here);
export const out = join(root, 'build/size');
export const ownSource = (file) => join(here, 'mote/allocators', file);

export class BuildError extends Error {}

export async function run(command, args, options = {}) {
  try {
    return (await promisify(execFile)(command, args, { maxBuffer: 2 ** 28, ...options })).stdout;
  } catch (error) {
    const output = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').slice(-12).join('\n');
    throw new BuildError(`${basename(command)} failed: ${output || error.message}`);
  }
}

// Asks once: emcc takes a second to say its version.
export function once(ask) {
  let answer;
  return () => (answer ??= ask());
}

// Runs `tasks`, functions that return promises, as many at once as there are
// processors.
export async function runAll(tasks) {
  const waiting = [...tasks];
  const worker = async () => {
    while (waiting.length > 0) await waiting.shift()();
  };
  await Promise.all(cpus().map(worker));
}

// Makes the file `output` by a command, unless it was made by the same one from
// the same `inputs`: links and wasm-opt take a second or more, and most do not
// change from one run to the next. `key`: what else it depends on.
export async function make(output, command, args, { inputs, key }) {
  const hash = createHash('sha256').update(JSON.stringify([command, args, key]));
  for (const input of inputs) hash.update(readFileSync(input));
  const stamp = hash.digest('hex');
  const stampPath = `${output}.stamp`;
  if (existsSync(output) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return output;
  mkdirSync(dirname(output), { recursive: true });
  rmSync(stampPath, { force: true });
  await run(command, args);
  writeFileSync(stampPath, stamp);
  return output;
}

export function compile(compiler, flags, source, object) {
  return make(object, compiler, [...flags, '-c', source, '-o', object], { inputs: [source], key: null });
}

// The entries: { name, title, exports, source, demo }.
export const programs = readdirSync(join(here, 'entries')).filter((file) => file.endsWith('.json')).sort()
  .map((file) => ({ name: basename(file, '.json'), ...JSON.parse(readFileSync(join(here, 'entries', file), 'utf8')) }))
  .map((program) => ({ ...program, source: program.source && join(here, 'entries', program.source) }))
  .sort((a, b) => Boolean(a.demo) - Boolean(b.demo) || Boolean(a.source) - Boolean(b.source) || a.exports.length - b.exports.length);

export const isSized = ({ exports }) => exports.some((name) => name.startsWith('mote_'));

export const profiles = ['tiny', 'standard', 'hardened'];

const libraries = new Map();

// mote's library for a preset, in each profile, as its own build makes it; once,
// for two builds at a time in one folder break each other.
export function moteLibrary(preset, profile) {
  const name = `${preset}-${profile}`;
  if (!libraries.has(name)) libraries.set(name, buildLibrary(preset, profile));
  return libraries.get(name);
}

async function buildLibrary(preset, profile) {
  const directory = join(out, 'libraries', `${preset}-${profile}`);
  await run('cmake', ['--preset', preset, '-B', directory, `-DMOTE_PROFILE=${profile}`, '-DMOTE_TESTS=OFF', '-DMOTE_INSTALL=OFF'], { cwd: root });
  await run('cmake', ['--build', directory]);
  return { archive: join(directory, 'libmote.a'), shared: join(directory, 'libmote.so') };
}

const demos = new Map();

// SQLite with the demo's program around it, compiled as the demo compiles it;
// once, for all allocators.
export function demoObjects(toolchain) {
  if (!demos.has(toolchain)) {
    demos.set(toolchain, run('node', [join(root, 'tests/programs/build.mjs'), '--objects', toolchain, 'sqlite'])
      .then(() => ['sqlite3', 'run'].map((part) => join(root, 'build/programs/sqlite', `${toolchain}-${part}.o`))));
  }
  return demos.get(toolchain);
}

// The version that `command` prints, or of installed Debian packages.
export async function versionOf(command, pattern, args = ['--version']) {
  const found = pattern.exec(await run(command, args));
  if (!found) throw new BuildError(`${command} does not tell its version`);
  return found[1];
}

export async function packageVersions(...names) {
  const printed = await run('dpkg-query', ['-W', '-f', '${Package} ${Version}\n', ...names]);
  return printed.trim().split('\n').join(', ');
}
