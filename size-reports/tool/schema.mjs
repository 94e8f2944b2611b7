// Checks data against a JSON Schema, with the few words of it that the schemas
// here use. They are the one place that says what a file may hold, and a word
// that is not known here is an error, so no schema promises what nobody checks.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, readJson } from './input.mjs';

const schemas = join(dirname(dirname(fileURLToPath(import.meta.url))), 'schemas');
const annotations = new Set(['$schema', '$defs', 'title', 'description', 'required', 'additionalProperties']);

function typeOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return typeof value;
}

const isType = (value, type) => typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer');

// Each keyword: a problem in words, or undefined.
const keywords = {
  type(value, type) {
    const allowed = [type].flat();
    return allowed.some((one) => isType(value, one)) ? undefined : `must be ${allowed.join(' or ')}, is ${typeOf(value)}`;
  },
  const: (value, wanted) => (value === wanted ? undefined : `must be ${JSON.stringify(wanted)}`),
  enum: (value, allowed) => (allowed.includes(value) ? undefined : `must be one of ${allowed.join(', ')}`),
  minimum: (value, least) => (typeof value !== 'number' || value >= least ? undefined : `must be ${least} or more`),
  minProperties: (value, least) => (Object.keys(value).length >= least ? undefined : `must have ${least} key or more`),
};

function problem(value, schema, at, root) {
  if (schema.$ref) return problem(value, schema.$ref.split('/').slice(1).reduce((node, key) => node[key], root), at, root);
  for (const [keyword, wanted] of Object.entries(schema)) {
    if (annotations.has(keyword) || keyword === 'properties' || keyword === 'items') continue;
    const words = (keywords[keyword] ?? (() => { throw new Error(`the schema says ${keyword}, which is not implemented`); }))(value, wanted);
    if (words) return `${at || 'the file'} ${words}`;
  }
  if (typeOf(value) === 'array' && schema.items) return firstProblem(value, (item, i) => problem(item, schema.items, `${at}[${i}]`, root));
  return typeOf(value) === 'object' ? objectProblem(value, schema, at, root) : null;
}

function objectProblem(value, schema, at, root) {
  const missing = schema.required?.find((key) => !Object.hasOwn(value, key));
  if (missing) return `${at || 'the file'} has no ${JSON.stringify(missing)}`;
  const known = schema.properties ?? {};
  return firstProblem(Object.entries(value), ([key, inner]) => {
    const path = at ? `${at}.${key}` : key;
    if (Object.hasOwn(known, key)) return problem(inner, known[key], path, root);
    if (schema.additionalProperties === false) return `${at || 'the file'} has the unknown key ${JSON.stringify(key)}`;
    return schema.additionalProperties ? problem(inner, schema.additionalProperties, path, root) : null;
  });
}

function firstProblem(values, check) {
  for (const [i, value] of values.entries()) {
    const found = check(value, i);
    if (found) return found;
  }
  return null;
}

export function readSchema(name) {
  return JSON.parse(readFileSync(join(schemas, `${name}.schema.json`), 'utf8'));
}

// The data in the file at `path`, which the schema `name` describes.
export function readChecked(path, name) {
  const value = readJson(path);
  const schema = readSchema(name);
  const found = problem(value, schema, '', schema);
  if (found) throw new InputError(`${path}: not a file of ${name}: ${found}`);
  return value;
}
