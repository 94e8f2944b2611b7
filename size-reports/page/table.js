// A table that can be sorted by a click on a column's head.
import { element, grouped, signed } from './dom.js';

function cellOf(column, row) {
  const value = column.value(row);
  if (column.render) return element('td', { class: column.isNumber && 'number' }, column.render(row));
  if (!column.isNumber) return element('td', {}, value);
  if (value === null) return element('td', { class: 'number' }, '-');
  const way = column.isChange && value !== 0 ? (value > 0 ? ' up' : ' down') : '';
  return element('td', { class: `number${way}` }, column.isChange ? signed(value) : grouped(value));
}

// Missing numbers come last, whichever way the others stand.
function compareBy({ value, isNumber }, descending) {
  return (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return (isNumber ? x - y : x.localeCompare(y)) * (descending ? -1 : 1);
  };
}

// columns: { title, value(row), isNumber, isChange, render(row) }. `onrow` makes
// rows clickable; `order`, { column, descending }, is kept from one call to the
// next.
export function drawTable(table, columns, rows, order, { onrow, isSelected = () => false } = {}) {
  const column = columns.find(({ title }) => title === order.column) ?? columns[0];
  const sorted = [...rows].sort(compareBy(column, order.descending));
  const head = columns.map((one) => element('th', {
    class: one.isNumber && 'number', scope: 'col',
    'aria-sort': one === column ? (order.descending ? 'descending' : 'ascending') : 'none',
  }, element('button', {
    type: 'button',
    onclick() {
      Object.assign(order, { column: one.title, descending: one === column ? !order.descending : Boolean(one.isNumber) });
      drawTable(table, columns, rows, order, { onrow, isSelected });
    },
  }, one.title)));
  const body = sorted.map((row) => element('tr', { class: isSelected(row) && 'selected', onclick: onrow ? () => onrow(row) : () => {} },
    ...columns.map((one) => cellOf(one, row))));
  table.replaceChildren(element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body));
}
