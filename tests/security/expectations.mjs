// What mote's columns must catch: for each, the events with the sizes.
const sizes = /_(small|medium|large)$/;

const columnName = ({ platform, name }) => `${platform}, ${name}`;

// A case's name as its event's and its size's.
export const parts = (name) => (sizes.test(name) ? [name.replace(sizes, ''), sizes.exec(name)[1]] : [name, 'one size']);

// { column: { event: 'small large' } }
export function expectations(columns) {
  return Object.fromEntries(columns.map((column) => {
    const events = {};
    for (const { name, outcome } of column.cells) {
      const [event, size] = parts(name);
      if (outcome === 'caught') events[event] = [...(events[event]?.split(' ') ?? []), size].join(' ');
    }
    return [columnName(column), events];
  }));
}

// A case that is caught and need not be is a failure, too: it should be expected
// from then on.
export function check(columns, expected, isWanted) {
  let passed = 0;
  const failures = [];
  for (const column of columns) {
    const events = expected[columnName(column)];
    if (!events) {
      failures.push(`${columnName(column)}: expected.json does not know it`);
      continue;
    }
    const known = new Set(column.cells.map(({ name }) => parts(name)[0]));
    for (const event of Object.keys(events).filter((name) => !known.has(name))) failures.push(`${columnName(column)}: no such event: ${event}`);
    for (const { name, outcome, how } of column.cells) {
      const [event, size] = parts(name);
      const mustBeCaught = `${events[event] ?? ''} `.includes(`${size} `);
      if (mustBeCaught === (outcome === 'caught')) ++passed;
      else if (mustBeCaught) failures.push(`${columnName(column)}: ${name} is not caught${how ? `: ${how}` : ''}`);
      else failures.push(`${columnName(column)}: ${name} is caught (${how}), which expected.json does not say`);
    }
  }
  const run = new Set(columns.map(columnName));
  for (const name of Object.keys(expected)) {
    if (!run.has(name) && isWanted({ name: name.replace(/^\w+, /, '') })) failures.push(`${name}: was not run`);
  }
  return { passed, failures };
}
