// Tables as text, for the terminal and for Markdown.

// Names come from the files that were measured and may hold any character: one
// that moves the cursor or ends the line is shown as a dot.
export function printable(text) {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '·');
}

export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

const isNumeric = (cell) => /^[-+]?\d[\d,.]*( ?(%|B|KiB|MiB|s|ms|\([-+\d,.]+\)))?$/.test(cell);

// A column is right-aligned when all its cells are numbers or dashes.
function rightAligned(rows) {
  return rows[0].map((_, i) => i > 0 && rows.every((row) => isNumeric(row[i]) || ['-', '', 'new', 'gone'].includes(row[i])));
}

// `head` and every row are arrays of strings. For the terminal.
export function textTable(head, cells, indent = '  ') {
  const rows = cells.map((row) => row.map(printable));
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const right = rightAligned(rows);
  const line = (row) => indent + row
    .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
    .join('  ').trimEnd();
  const rule = indent + '-'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function markdownText(text) {
  return printable(text).replace(/[\\`*_|[\]<>~]/g, (char) => (char === '<' ? '&lt;' : char === '>' ? '&gt;' : `\\${char}`));
}

const htmlEscapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function htmlText(text) {
  return printable(text).replace(/[&<>"]/g, (char) => htmlEscapes[char]);
}

export function markdownTable(head, rows) {
  const line = (row) => `| ${row.map(markdownText).join(' | ')} |`;
  const rule = `|${rightAligned(rows).map((right) => (right ? '---:' : '---')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

// Words joined by `, `, broken into lines that fit, the later ones indented.
export function wrapped(label, words, width = 100) {
  const indent = ' '.repeat(label.length);
  const lines = [];
  let line = label;
  words.map(printable).forEach((word, i) => {
    const text = i + 1 < words.length ? `${word}, ` : word;
    if (line.length + text.trimEnd().length > width && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += text;
  });
  return [...lines, line].join('\n');
}
