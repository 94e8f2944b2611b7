// What a measured file of expected/ differs in from the pinned one. Both are
// { tools, compressors, files: { NAME: { bytes, ..., compressed } } }.

// With other tools than the pinned ones, sizes may differ by this much.
const foreignTolerance = 0.03;

// All leaves of an object as [path, value].
function leaves(value, path = '') {
  if (Array.isArray(value)) return [[path, value.join(', ') || 'none']];
  if (value === null || typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}: ${key}` : key));
}

// With the pinned tools every leaf is equal. With others only numbers are
// compared, and may differ by the tolerance; not marginal ones, for 3 % of two
// large files may be more than all that is between them.
function agree(key, a, b, isForeign) {
  if (a === b) return true;
  if (!isForeign) return false;
  return typeof a !== 'number' || typeof b !== 'number' || /: marginal$/.test(key) || Math.abs(a - b) <= foreignTolerance * Math.abs(a);
}

function differences(wanted, measured, isForeign) {
  const before = new Map(leaves(wanted));
  const after = new Map(leaves(measured));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => !agree(key, before.get(key), after.get(key), isForeign))
    .map((key) => `${key}: expected ${before.get(key) ?? 'nothing'}, measured ${after.get(key) ?? 'nothing'}`);
}

const split = (files) => [
  Object.fromEntries(Object.entries(files).map(([name, { compressed, ...rest }]) => [name, rest])),
  Object.fromEntries(Object.entries(files).map(([name, { compressed }]) => [name, compressed ?? {}])),
];

// { problems, notes }, both lines.
export function differencesFrom(expected, now) {
  const problems = [];
  const notes = [];
  const compare = (what, before, after, wanted, found) => {
    if (before !== after) notes.push(`${what} differ, so ${foreignTolerance * 100} % are allowed: expected ${before}; here ${after}`);
    problems.push(...differences(wanted, found, before !== after));
  };
  const [wanted, wantedCompressed] = split(expected.files);
  const [found, foundCompressed] = split(now.files);
  compare('the tools', expected.tools, now.tools, wanted, found);
  // Other tools make other bytes, which compress otherwise.
  compare('zlib and brotli', `${expected.compressors}; ${expected.tools}`, `${now.compressors}; ${now.tools}`, wantedCompressed, foundCompressed);
  return { problems, notes };
}
