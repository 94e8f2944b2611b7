// Whether the links between the project's own texts lead to a file, and to a
// heading where they name one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const textOf = (file) => readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```/gm, '');

// As GitHub makes them.
const anchorOf = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').trim().replaceAll(' ', '-');
const anchorsOf = (file) => [...textOf(file).matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => anchorOf(heading));

let passed = 0;
let failed = 0;
for (const file of execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n')) {
  for (const [, link] of textOf(file).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [path, anchor] = link.split('#');
    const target = path ? join(dirname(file), path) : file;
    const leads = existsSync(target) && (!anchor || anchorsOf(target).includes(anchor));
    if (leads) {
      ++passed;
    } else {
      console.log(`${file}: ${link} leads nowhere`);
      ++failed;
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed && !failed ? 0 : 1;
