// Cells of the table toolchain x engine x feature. Each is an action that throws
// when the feature does not hold; all of them run, as many at a time as there are
// processors.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { titleOf } from '../engines/engines.mjs';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(dirname(here));
export const out = join(root, 'build/toolchains');
export const tools = join(root, 'build/tools/node_modules');
export const program = (name) => join(here, 'programs', name);
export const node = titleOf('node', root);
// wizer runs modules to save their memory, by a wasmtime inside.
export const wizer = join(tools, '@bytecodealliance/wizer-linux-x64/wizer');
export const wasmtime = `wasmtime (wizer) ${JSON.parse(readFileSync(join(dirname(wizer), 'package.json'), 'utf8')).version.split('.')[0]}`;

const run = promisify(execFile);
const timeout_ms = 240_000;

// What a command printed; it must end with 0.
export async function output(command, args, options = {}) {
  try {
    const { stdout } = await run(command, args, { timeout: timeout_ms, maxBuffer: 2 ** 26, ...options });
    return stdout;
  } catch (error) {
    const said = `${error.stderr ?? ''}${error.stdout ?? ''}` || error.message;
    throw new Error(`${command} ${args.join(' ')}: ${said.slice(-1500)}`);
  }
}

// What a command that must fail said.
export async function refusal(command, args, options = {}) {
  try {
    await run(command, args, { timeout: timeout_ms, maxBuffer: 2 ** 26, ...options });
  } catch (error) {
    if (typeof error.code === 'number') return `${error.stderr}${error.stdout}`;
    throw error;
  }
  throw new Error(`${command} ${args.join(' ')}: succeeded`);
}

export function expect(condition, said) {
  if (!condition) throw new Error(said);
}

// A fenced block of a README, named by a comment before it, which is not shown:
// `<!-- test: NAME -->`. Runs it beside `files`, { name: text }, then the commands
// of `after`; what they printed.
export async function runRecipe(readme, name, files, after = '') {
  const folder = join(out, 'recipes', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'build'), { recursive: true });
  for (const entry of [...readdirSync(root), 'build/tools']) {
    if (entry !== '.git' && entry !== 'build') symlinkSync(join(root, entry), join(folder, entry));
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const block = recipe(readFileSync(join(root, readme), 'utf8'), name) + after;
  // tests/env of the recipe names emcc's wrapper anew; one would run the other.
  const PATH = process.env.PATH.split(':').filter((entry) => !entry.endsWith('toolchains/emscripten')).join(':');
  return output('bash', ['-euo', 'pipefail', '-c', block], { cwd: folder, env: { ...process.env, PATH } });
}

// The fenced block of a README that begins with a comment of its name.
export function sourceIn(readme, name) {
  const [, text] = new RegExp(`^\`\`\`\\w+\\n(// ${name}\\n[^]*?)^\`\`\``, 'm').exec(readFileSync(join(root, readme), 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${readme} has no ${name}`);
  return text;
}

function recipe(markdown, name) {
  const [, text] = new RegExp(`<!-- test: ${name} -->\n+\`\`\`\\w*\n([^]*?)\`\`\``).exec(markdown) ?? [];
  if (text === undefined) throw new Error(`no block is named ${name}`);
  return text;
}

export class Cells {
  #actions = [];

  constructor(part) {
    this.part = part;
    this.folder = join(out, part);
    mkdirSync(this.folder, { recursive: true });
  }

  path(name) {
    return join(this.folder, name);
  }

  add(toolchain, engine, feature, action) {
    this.#actions.push({ cell: { toolchain, engine, feature }, action });
  }

  // A combination that does not exist, and why. It counts as nothing.
  impossible(toolchain, engine, feature, reason) {
    this.#actions.push({ cell: { toolchain, engine, feature, outcome: `not possible: ${reason}` } });
  }

  // Runs all, or those whose feature contains what the environment asks for.
  async finish(only = process.env.ONLY) {
    const chosen = this.#actions.filter(({ cell }) => !only || cell.feature.includes(only));
    const waiting = [...chosen];
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await this.#run(next);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    const cells = chosen.map(({ cell }) => cell);
    const count = (outcome) => cells.filter((cell) => cell.outcome === outcome).length;
    writeFileSync(join(out, `cells-${this.part}.json`), `${JSON.stringify(cells, null, 1)}\n`);
    console.log(`${count('passed')} passed, ${count('failed')} failed`);
    if (count('failed') > 0 || count('passed') === 0) process.exitCode = 1;
  }

  async #run({ cell, action }) {
    if (!action) return;
    try {
      await action();
      cell.outcome = 'passed';
    } catch (error) {
      cell.outcome = 'failed';
      cell.reason = error.message.slice(0, 300);
      console.error(`failed: ${cell.toolchain}, ${cell.engine}, ${cell.feature}\n${error.stack.slice(0, 3000)}`);
    }
  }
}
