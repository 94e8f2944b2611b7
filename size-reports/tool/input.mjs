// What the user gives the tool: files, read with one kind of error. An
// InputError is one line for the user and exit status 2, never a stack trace.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export class InputError extends Error {}

// Above it a file cannot be one buffer in every supported node.
const sizeMax = 2 ** 30;

// The same words whatever the operating system calls it.
const systemErrors = { ENOENT: 'no such file', EACCES: 'may not be read', ENOTDIR: 'no such file', ELOOP: 'a link to itself' };

function systemError(path, error) {
  if (!error.code) throw error;
  return new InputError(`${path}: ${systemErrors[error.code] ?? error.code}`);
}

export function isDirectory(path) {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw systemError(path, error);
  }
}

// Only regular files: a pipe or a device might never end.
export function readBytes(path) {
  if (isDirectory(path)) throw new InputError(`${path}: a directory, not a file`);
  const { size } = statSync(path);
  if (!statSync(path).isFile()) throw new InputError(`${path}: not a regular file`);
  if (size > sizeMax) throw new InputError(`${path}: ${size} bytes, more than the ${sizeMax} that are read`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw systemError(path, error);
  }
}

export function readText(path) {
  return readBytes(path).toString('utf8');
}

export function readJson(path) {
  try {
    return JSON.parse(readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${path}: not JSON: ${error.message.split('\n')[0]}`);
  }
}

// All regular files below `directory`, as paths relative to it, sorted.
export function filesBelow(directory, folder = '') {
  return readdirSync(join(directory, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) return filesBelow(directory, path);
      return entry.isFile() ? [path] : [];
    });
}
