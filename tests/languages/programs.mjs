// Runs a compiler or a test program; what it printed, or an error with it.
import { spawnSync } from 'node:child_process';

export function run(command, args, { cwd, environment } = {}) {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    cwd, env: { ...process.env, ...environment }, encoding: 'utf8', maxBuffer: 2 ** 28,
  });
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}\n${`${stdout}${stderr}`.slice(-3000)}`);
  }
  return stdout + stderr;
}
