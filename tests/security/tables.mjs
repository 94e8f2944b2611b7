// The tables: how many of the cases each allocator catches.
import { parts } from './expectations.mjs';

const titles = { native: 'Native', wasm: 'In wasm' };

// { row: [caught, all] } of a column.
function counts(column, rowOf) {
  const rows = new Map();
  for (const cell of column.cells) {
    const row = rowOf(cell);
    const [caught, all] = rows.get(row) ?? [0, 0];
    rows.set(row, [caught + (cell.outcome === 'caught' ? 1 : 0), all + 1]);
  }
  return rows;
}

function table(columns, title, rowOf) {
  const each = columns.map((column) => counts(column, rowOf));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rows = [...each[0]].map(([row, [, all]]) => [row, all, ...each.map((column) => column.get(row)[0])]);
  const total = rows[0].slice(1).map((_, i) => `**${rows.reduce((sum, row) => sum + row[i + 1], 0)}**`);
  return [
    line([title, 'of', ...columns.map(({ name }) => name)]),
    `|---|${'---:|'.repeat(columns.length + 1)}`,
    ...rows.map(line), line(['**all**', ...total]),
  ].join('\n');
}

export function tables(columns) {
  const platforms = [...new Set(columns.map(({ platform }) => platform))];
  return [['kind', ({ kind }) => kind], ['event', ({ name }) => `\`${parts(name)[0]}\``]].flatMap(([title, rowOf]) => platforms.map((platform) => {
    const own = columns.filter((column) => column.platform === platform);
    return table(own, `${titles[platform]}: ${title}`, rowOf);
  })).join('\n\n');
}
