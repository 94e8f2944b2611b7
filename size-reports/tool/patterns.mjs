// Which symbols belong to an allocator: a list of names, one a line, in which
// `*` stands for any characters. `@name` includes the list of that name, `#`
// begins a comment. Lists are text and not regular expressions, so none of them
// can take forever.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, readText } from './input.mjs';

const shipped = join(dirname(dirname(fileURLToPath(import.meta.url))), 'patterns');
export const shippedLists = readdirSync(shipped).filter((file) => file.endsWith('.txt')).map((file) => basename(file, '.txt')).sort();

// Whether `text` is `pattern`, greedily: after the last star that failed, go on
// one character later. Linear in practice, quadratic at worst.
export function matches(pattern, text) {
  let p = 0, t = 0, star = -1, mark = 0;
  while (t < text.length) {
    if (pattern[p] === '*') [star, mark] = [p++, t];
    else if (p < pattern.length && pattern[p] === text[t]) p += 1, t += 1;
    else if (star >= 0) [p, t] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

function pathOf(name) {
  if (shippedLists.includes(name)) return join(shipped, `${name}.txt`);
  if (existsSync(name)) return name;
  throw new InputError(`${name}: no such list of an allocator's names; there are ${shippedLists.join(', ')}, or give a file`);
}

function readPatterns(name, above = []) {
  const path = pathOf(name);
  if (above.includes(path)) throw new InputError(`${path}: includes itself`);
  return readText(path).split('\n')
    .map((line) => line.replace(/(^|\s)#.*/, '').trim()).filter(Boolean)
    .flatMap((line) => (line.startsWith('@') ? readPatterns(line.slice(1), [...above, path]) : [line]));
}

// A function that says whether a symbol is the allocator's, by the lists named.
export function allocatorMatcher(lists) {
  const patterns = lists.flatMap((name) => readPatterns(name));
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*'));
  return (name) => exact.has(name) || globs.some((pattern) => matches(pattern, name));
}
