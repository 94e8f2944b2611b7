// Writes, for `git fast-import`, a large repository that is the same on every
// machine: 20,481 files of 3 KiB on average and 5,000 commits that change six of
// them each, 170 MB in all before git compresses them. One of the files, the
// journal, changes in every tenth commit.
//
//   node git_large.mjs | git fast-import
import { writeSync } from 'node:fs';

const fileCount = 20480;
const commitCount = 5000;
const journal = 'journal.txt';

// The generator of Numerical Recipes; its high bits are the good ones.
let state = 1;
function below(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const words = times(4096, () => times(2 + below(9), () => String.fromCharCode(97 + below(26))).join(''));
const pool = times(65536, (i) => `${' '.repeat(4 * below(4))}${times(1 + below(8), () => words[below(words.length)]).join(' ')} ${i}\n`);

// A file is a list of indices into the pool, eight lines after each other at first,
// so that files are alike as those of one project are.
const newLine = () => below(pool.length);
const newFile = (eights) => times(eights, () => below(pool.length / 8) * 8).flatMap((first) => times(8, (i) => first + i));
const files = new Map(times(fileCount, (i) => [`part${i % 16}/section${(i >> 4) % 32}/file${i >> 9}.txt`, newFile(1 + below(16))]));
files.set(journal, newFile(50));
const paths = [...files.keys()];

function change(path) {
  const lines = files.get(path);
  for (let i = 0; i < 3; ++i) lines[below(lines.length)] = newLine();
  lines.splice(below(lines.length), below(3), newLine(), newLine());
}

function write(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
}

const data = (text) => `data ${text.length}\n${text}\n`;
const who = (role, i) => `${role} Writer ${i % 7} <writer${i % 7}@example.org> ${1600000000 + i * 3600} +0000\n`;
function commit(i, branch, parents, changed) {
  write(`commit refs/heads/${branch}\nmark :${i}\n${who('author', i)}${who('committer', i)}${data(`Step ${i}\n\n${pool[newLine()]}`)}${parents}`);
  for (const path of changed) write(`M 100644 inline ${path}\n${data(files.get(path).map((line) => pool[line]).join(''))}`);
}

commit(1, 'main', '', paths);
const side = new Set();
for (let i = 2; i <= commitCount; ++i) {
  // Of fifty commits two are a branch, and the last one merges it.
  if (i % 50 === 0) {
    commit(i, 'main', `from :${i - 3}\nmerge :${i - 1}\n`, side);
    side.clear();
    continue;
  }
  const changed = times(6, () => paths[below(fileCount)]);
  if (i % 10 === 5) changed.push(journal);
  changed.forEach(change);
  const isSide = i % 50 > 47;
  if (isSide) changed.forEach((path) => side.add(path));
  commit(i, isSide ? 'side' : 'main', `from :${i - 1}\n`, changed);
}
