// The builds that the cases need: the tables of cases and mote's libraries.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(dirname(here));
export const out = join(root, 'build/security');

// A message for the user, without a stack trace.
export class Failure extends Error {}

const runFile = promisify(execFile);

export async function run(command, args) {
  try {
    return (await runFile(command, args, { cwd: root, maxBuffer: 2 ** 28 })).stdout;
  } catch (error) {
    throw new Failure(`${[command, ...args].join(' ')} failed:\n${(error.stdout ?? '') + (error.stderr || error.message)}`);
  }
}

// -fno-builtin: compilers leave out stores into a block that is freed next.
export const cxxFlags = [
  '-std=c++20', '-O2', '-fno-builtin', '-fno-exceptions', '-fno-rtti', '-fsized-deallocation',
  '-Wall', '-Wextra', '-Werror',
];

// Objects of the sources named, in a folder of their own.
export async function compile(folder, [command, ...flags], names) {
  mkdirSync(join(out, folder), { recursive: true });
  return Promise.all(names.map(async (name) => {
    const object = join(out, folder, `${name}.o`);
    await run(command, [...flags, ...cxxFlags, '-c', join(here, `${name}.cpp`), '-o', object]);
    return object;
  }));
}

// Those that this version of mote has.
export function profiles() {
  const [, list] = /CACHE MOTE_PROFILE PROPERTY STRINGS ([^)]*)\)/.exec(readFileSync(join(root, 'CMakeLists.txt'), 'utf8')) ?? [];
  if (!list) throw new Failure('CMakeLists.txt does not say which profiles there are');
  return list.split(' ');
}

// The folder of a library with this profile.
export async function mote(platform, profile, targets, args = []) {
  const folder = join(out, `mote-${platform}-${profile}`);
  await run('cmake', ['-S', root, '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release',
    `-DMOTE_PROFILE=${profile}`, '-DMOTE_TESTS=OFF', '-DMOTE_INSTALL=OFF', ...args]);
  await run('cmake', ['--build', folder, '--target', ...targets]);
  return folder;
}
