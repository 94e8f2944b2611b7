// What is wanted of a module, as in the address of page.html and in the words of
// node.mjs and browsers.mjs:
//   cases=MODULE.wasm
//   soak=MODULE.wasm&operations=N&threads=N&seed=N
import { runCases } from './cases.mjs';
import { runSoak } from './soak.mjs';

// { passed, failed }
export async function run(wanted, compile, startWorker, log) {
  if (wanted.has('cases')) return runCases(await compile(wanted.get('cases')), startWorker, log);
  const { soak, ...numbers } = Object.fromEntries(wanted);
  for (const name of Object.keys(numbers)) numbers[name] = Number(numbers[name]);
  return runSoak(await compile(soak), startWorker, numbers, log);
}
