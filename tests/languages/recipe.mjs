// Does what a README says: writes the files of its code blocks (those whose first
// line is a comment with a file name), runs its `sh` blocks, and compares what the
// commands print with its `text` blocks. The repository is `mote` beside the files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const blockPattern = /^```(\w+)\n(.*?)^```$/gms;
const filePattern = /^(?:\/\/|#) (\S+\.\w+)\n/;

function execute(script, folder) {
  const { stdout, stderr, status } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: exit status ${status}\n${stderr.slice(-3000)}`);
  return stdout;
}

// How many outputs were as the README has them; throws at the first that is not.
export function followRecipe(readme, root, out) {
  mkdirSync(out, { recursive: true });
  const folder = mkdtempSync(join(out, 'recipe-'));
  let printed = '';
  let compared = 0;
  try {
    symlinkSync(root, join(folder, 'mote'));
    for (const [, language, text] of readFileSync(join(root, readme), 'utf8').matchAll(blockPattern)) {
      const [, file] = filePattern.exec(text) ?? [];
      if (file) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      } else if (language === 'sh') {
        printed = execute(text, folder);
      } else if (language === 'text') {
        if (printed !== text) throw new Error(`${readme} promises\n${text}but its commands print\n${printed}`);
        ++compared;
      }
    }
    if (compared === 0) throw new Error(`${readme} has no output to compare`);
    return { passed: compared, failed: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
