// The engines on this machine: how each is started, and what it can.
import { spawnSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInBrowser } from './browser.mjs';

const tools = (root, path) => join(root, 'build/tools/node_modules', path);

// Each: the command and its arguments before the script.
const hosts = {
  node: { command: () => process.execPath },
  bun: { command: (root) => tools(root, '@oven/bun-linux-x64/bin/bun') },
  deno: { command: (root) => tools(root, '@deno/linux-x64-glibc/deno'), args: ['run', '--quiet', '--allow-read'] },
};
const timeout_ms = 5 * 60 * 1000;
const browsers = { chromium: 'chromium', firefox: 'firefox-esr' };

// Why an engine does not run modules of LLVM's wasm64.
export const withoutWasm64 = {
  node: 'V8 11.3 refuses the 64-bit table that LLVM gives such modules',
  bun: 'JavaScriptCore has 64-bit memories behind BUN_JSC_useWasmMemory64 only, up to 4 GiB, and copies one whenever it grows',
};

export const names = [...Object.keys(hosts), ...Object.keys(browsers)];

// Name and major version, as it says itself.
export function titleOf(name, root) {
  const command = browsers[name] ?? hosts[name].command(root);
  const { stdout, error } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (error) throw new Error(`${name} does not start: ${error.message}`);
  return `${name === 'chromium' || name === 'firefox' ? name[0].toUpperCase() + name.slice(1) : name} ${/\d+/.exec(stdout)[0]}`;
}

export function runOn(name, suites, root) {
  return browsers[name] ? runInBrowser(name, suites, root) : runInHost(name, suites, root);
}

async function runInHost(name, suites, root) {
  const { command, args = [] } = hosts[name];
  const list = join(root, `build/engines/suites-${name}.json`);
  writeFileSync(list, JSON.stringify(suites));
  const child = spawn(command(root), [...args, join(root, 'tests/engines/host.mjs'), root, list], {
    stdio: ['ignore', 'pipe', 'pipe'], timeout: timeout_ms,
  });
  let printed = '';
  let told = '';
  child.stdout.on('data', (data) => { printed += data; });
  child.stderr.on('data', (data) => { told += data; });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${told.slice(-2000)}`);
  return printed.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
