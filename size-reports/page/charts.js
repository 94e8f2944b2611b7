// The three pictures: bars side by side, the treemap, the line of the history.
import { element, grouped, hideTip, share, showTip, signed } from './dom.js';
import { squarify, ticks } from './layout.js';

const withTip = (text) => ({ onpointermove: (event) => showTip(event, text()), onpointerleave: hideTip });

// A bar for each entry. What the same file weighs without an allocator is the
// grey part.
export function drawBars(box, entries, measure, { label, selected, onselect, changeOf }) {
  const most = Math.max(1, ...entries.map(({ measures }) => measures[measure] ?? 0));
  box.replaceChildren(...entries.map((entry) => {
    const size = entry.measures[measure];
    const part = (bytes) => `width: ${(100 * Math.max(0, bytes)) / most}%`;
    const added = { total: 'marginal', gzip: 'marginal gzip', brotli: 'marginal brotli' }[measure];
    const marginal = entry.format === 'wasm' ? Math.min(size, Math.max(0, entry.measures[added] ?? size)) : size;
    const delta = changeOf(entry, measure);
    const text = size === undefined ? '-' : grouped(size);
    return element('button', {
      type: 'button', class: 'bar', 'aria-pressed': String(entry === selected), onclick: () => onselect(entry),
      ...withTip(() => [`${label(entry)}: ${text} bytes`, ...(marginal < size ? [`${grouped(marginal)} more than with a null allocator`] : [])].join('\n')),
    },
    element('span', { class: 'name' }, label(entry)),
    size === undefined ? element('span', { class: 'track' }) : element('span', { class: 'track' },
      ...(marginal < size ? [element('span', { class: 'null', style: part(size - marginal) })] : []), element('span', { class: 'size', style: part(marginal) })),
    element('span', { class: 'value' }, text, delta ? element('span', { class: delta > 0 ? 'up' : 'down' }, ` ${signed(delta)}`) : null));
  }));
}

const headHeight = 20;

function cell({ item, x, y, width, height }, whole, selected, onselect) {
  const text = `${item.name}\n${grouped(item.size)} bytes, ${share(item.size, whole)}${item.allocator ? '\nof the allocator' : ''}`;
  const room = Math.floor((width - 8) / 6.7);
  const shown = item.name.length <= room ? item.name : `${item.name.slice(0, room - 1)}…`;
  const fits = height >= 16 && room >= 4;
  return [
    element('rect', {
      x, y, width: Math.max(0.5, width), height: Math.max(0.5, height), rx: 2, 'data-name': item.name,
      class: `${item.allocator ? 'allocator' : item.kind}${item.name === selected ? ' selected' : ''}`,
      onclick: () => onselect(item), ...withTip(() => text),
    }),
    ...(fits ? [element('text', { x: x + 5, y: y + 14 }, shown)] : []),
    ...(fits && height >= 31 ? [element('text', { x: x + 5, y: y + 28, opacity: 0.8 }, grouped(item.size))] : []),
  ];
}

// `sections`: [{ name, size, items: [{ name, size, kind, allocator }] }], the
// largest first. A click on a section's name opens it alone.
export function drawTreemap(svg, sections, { selected, onsection, onselect }) {
  const { clientWidth: width, clientHeight: height } = svg;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const whole = sections.reduce((sum, { size }) => sum + size, 0);
  svg.replaceChildren(...squarify(sections, { x: 0, y: 0, width, height }).flatMap(({ item: section, x, y, width: w, height: h }) => {
    const hasHead = h > 2 * headHeight && w > 60;
    const top = hasHead ? headHeight : 0;
    const title = `${section.name} ${grouped(section.size)}`;
    const head = hasHead ? [element('text', { x: x + 4, y: y + 14, class: 'section', onclick: () => onsection(section) }, title.length * 7.2 < w ? title : section.name.slice(0, Math.floor(w / 7.2)))] : [];
    const inside = { x: x + 1, y: y + top + 1, width: Math.max(0, w - 2), height: Math.max(0, h - top - 2) };
    return [...head, ...squarify(section.items, inside).flatMap((placed) => cell(placed, whole, selected, onselect))];
  }));
}

const lineColors = ['var(--accent)', 'var(--peer)', 'var(--data)', 'var(--rodata)', 'var(--bss)', 'var(--other)'];

// `series`: [{ name, points: [{ label, date, size }] }]; `labels` in their order.
export function drawHistory(svg, legend, labels, series) {
  const { clientWidth: width, clientHeight: height } = svg;
  const plot = { left: 62, right: width - 14, top: 10, bottom: height - 26 };
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const scale = ticks(Math.max(...series.flatMap(({ points }) => points.map(({ size }) => size))));
  const y = (size) => plot.bottom - ((plot.bottom - plot.top) * size) / scale.at(-1);
  const x = (label) => (labels.length === 1 ? (plot.left + plot.right) / 2
    : plot.left + 12 + ((plot.right - plot.left - 24) * labels.indexOf(label)) / (labels.length - 1));
  const grid = scale.flatMap((size) => [
    element('line', { class: 'grid', x1: plot.left, x2: plot.right, y1: y(size), y2: y(size) }),
    element('text', { x: plot.left - 8, y: y(size) + 4, 'text-anchor': 'end' }, grouped(size)),
  ]);
  const every = Math.ceil(labels.length / Math.max(1, Math.floor((plot.right - plot.left) / 90)));
  const names = labels.map((label, i) => (i % every === 0 || i === labels.length - 1
    ? element('text', { x: x(label), y: height - 8, 'text-anchor': 'middle' }, label) : null));
  const lines = series.flatMap(({ name, points }, i) => {
    const stroke = lineColors[i % lineColors.length];
    return [
      element('path', { style: `stroke: ${stroke}`, d: points.map(({ label, size }, n) => `${n ? 'L' : 'M'}${x(label)} ${y(size)}`).join('') }),
      ...points.map(({ label, date, size }) => element('circle', { cx: x(label), cy: y(size), r: 4, style: `fill: ${stroke}`, ...withTip(() => `${name}\n${label}, ${date}: ${grouped(size)} bytes`) })),
    ];
  });
  svg.replaceChildren(...grid, ...names.filter(Boolean), ...lines);
  legend.replaceChildren(...series.flatMap(({ name }, i) => [element('span', { class: 'swatch', style: `background: ${lineColors[i % lineColors.length]}` }), name]));
}

export function drawLegend(box, kinds) {
  box.replaceChildren(...kinds.flatMap(({ kind, words }) => [element('span', { class: `swatch ${kind}` }), words]));
}
