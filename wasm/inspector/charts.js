// The curves over time and the bars by size.
import { element, hideTip, showTip } from '../../size-reports/page/dom.js';
import { ticks } from '../../size-reports/page/layout.js';
import { toneOf } from './map.js';

const units = ['bytes', 'KiB', 'MiB', 'GiB'];
const unitOf = (bytes) => Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));

export function inBytes(bytes) {
  const unit = unitOf(bytes);
  const value = bytes / 1024 ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
export const inPercent = (share) => `${(100 * share).toFixed(1)} %`;

const margin = { left: 74, right: 52, top: 10, bottom: 24 };

// `series`: [{ name, color, isShare, points: [[x, value]] }], shares on the right.
// `range`: { min, max, cursor, label(x) }; `onseek(x)` when it is clicked.
export function drawTimeline(svg, series, { min, max, cursor, label }, onseek) {
  const { clientWidth: width, clientHeight: height } = svg;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const most = Math.max(1, ...series.filter(({ isShare }) => !isShare).flatMap(({ points }) => points.map(([, value]) => value)));
  const unit = 1024 ** unitOf(most);
  const scale = ticks(most / unit);
  const x = (value) => margin.left + (right - margin.left) * (max > min ? (value - min) / (max - min) : 0);
  const y = (share) => bottom - (bottom - margin.top) * share;
  const path = ({ points, isShare }) => points.map(([at, value], i) => `${i ? 'L' : 'M'}${x(at).toFixed(1)} ${y(isShare ? value : value / unit / scale.at(-1)).toFixed(1)}`).join('');
  const grid = scale.flatMap((value) => [
    element('line', { class: 'grid', x1: margin.left, x2: right, y1: y(value / scale.at(-1)), y2: y(value / scale.at(-1)) }),
    element('text', { x: margin.left - 8, y: y(value / scale.at(-1)) + 4, 'text-anchor': 'end' }, value === 0 ? '0' : `${value} ${units[unitOf(most)]}`),
  ]);
  const shares = [0, 0.5, 1].map((share) => element('text', { x: right + 8, y: y(share) + 4 }, `${100 * share} %`));
  const ends = [min, max].map((at, i) => element('text', { x: i ? right : margin.left, y: height - 6, 'text-anchor': i ? 'end' : 'start' }, label(at)));
  svg.replaceChildren(...grid, ...shares, ...ends,
    ...series.map((one) => element('path', { d: path(one), class: one.isShare ? 'share' : null, style: `stroke: var(${one.color})` })),
    element('line', { class: 'cursor', x1: x(cursor), x2: x(cursor), y1: margin.top, y2: bottom }));
  const valueAt = ({ clientX }) => {
    const at = clientX - svg.getBoundingClientRect().left;
    return Math.min(max, Math.max(min, min + (max - min) * (at - margin.left) / (right - margin.left)));
  };
  svg.onpointermove = (event) => {
    const at = valueAt(event);
    if (event.buttons === 1) onseek(at);
    const lines = series.map(({ name, isShare, points }) => {
      const point = points.findLast(([other]) => other <= at);
      return point ? `${name}: ${isShare ? inPercent(point[1]) : inBytes(point[1])}` : null;
    });
    showTip(event, [label(at), ...lines.filter(Boolean)].join('\n'));
  };
  svg.onpointerleave = hideTip;
  svg.onpointerdown = (event) => onseek(valueAt(event));
}

const firstBin = 4; // blocks of 16 bytes
const lastBin = 24;

const binName = (bin) => (bin < 10 ? `${2 ** bin}` : bin < 20 ? `${2 ** (bin - 10)}K` : `${2 ** (bin - 20)}M`);

// Bytes in blocks of a size, in use and free: a group of bars for each power of
// two, and in it a pair for each heap.
export function drawSizes(svg, heaps) {
  const { clientWidth: width, clientHeight: height } = svg;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const bottom = height - margin.bottom;
  const sum = (bySize, bin) => {
    const from = bin === firstBin ? 0 : bin;
    const to = bin === lastBin ? 32 : bin + 1;
    return bySize.subarray(from, to).reduce((total, part) => total + part, 0);
  };
  const bins = Array.from({ length: lastBin - firstBin + 1 }, (_, i) => firstBin + i);
  const values = heaps.map(({ usedBySize, freeBySize }) => bins.map((bin) => [sum(usedBySize, bin), sum(freeBySize, bin)]));
  const most = Math.max(1, ...values.flat(2));
  const unit = 1024 ** unitOf(most);
  const scale = ticks(most / unit);
  const step = (width - margin.left - 12) / bins.length;
  const y = (bytes) => bottom - (bottom - margin.top) * bytes / unit / scale.at(-1);
  const grid = scale.flatMap((value) => [
    element('line', { class: 'grid', x1: margin.left, x2: width - 12, y1: y(value * unit), y2: y(value * unit) }),
    element('text', { x: margin.left - 8, y: y(value * unit) + 4, 'text-anchor': 'end' }, value === 0 ? '0' : `${value} ${units[unitOf(most)]}`),
  ]);
  const barWidth = step * 0.8 / (2 * heaps.length);
  const bars = values.flatMap((byBin, heap) => byBin.flatMap(([used, free], i) => [used, free].map((bytes, isFree) => element('rect', {
    x: margin.left + step * (i + 0.1) + barWidth * (2 * heap + isFree), y: y(bytes), width: Math.max(1, barWidth - 1), height: bottom - y(bytes),
    style: `fill: var(${isFree ? '--free-bar' : `--tone-${toneOf(2 ** bins[i])}`})`,
    onpointermove: (event) => showTip(event, `blocks of ${binName(bins[i])}${bins[i] === lastBin ? ' bytes and more' : ` to ${binName(bins[i] + 1)} bytes`}\n${heaps.length > 1 ? `${heaps[heap].name}: ` : ''}${inBytes(bytes)} ${isFree ? 'free' : 'in use'}`),
    onpointerleave: hideTip,
  }))));
  const names = bins.filter((bin) => bin % 2 === 0).map((bin) => element('text', { x: margin.left + step * (bin - firstBin + 0.5), y: height - 6, 'text-anchor': 'middle' }, binName(bin)));
  svg.replaceChildren(...grid, ...bars, ...names);
}
