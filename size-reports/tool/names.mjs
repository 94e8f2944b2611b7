// Names of functions as a report shows them.

// `mote::Heap<mote::Config{...}, Source>::allocate(unsigned long)` becomes
// `mote::Heap::allocate`: template arguments would fill the page and change
// with every setting.
export function shortName(name) {
  if (!/[<(]/.test(name)) return name;
  let depth = 0;
  let short = '';
  for (const char of name.replace(/\(anonymous namespace\)/g, '{anonymous}').replace(/operator(<=>|<<|>>|<|>|->|\(\))/g, 'operator_')) {
    if (char === '<' || char === '(') depth += 1;
    if (depth === 0) short += char;
    if (char === '>' || char === ')') depth = Math.max(0, depth - 1);
  }
  const plain = short.replace(/ (const|noexcept)\b/g, '').replace(/\[.*?\]/g, '').trim();
  return /\S*operator .*/.exec(plain)?.[0] ?? (plain.split(' ').at(-1) || name);  // before it stands a return type
}

// Symbols in the order of a report: the largest first.
export function bySize(a, b) {
  return b.size - a.size || (a.name < b.name ? -1 : Number(a.name > b.name));
}
