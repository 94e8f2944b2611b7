// The squarified treemap: rectangles whose areas are in proportion to sizes and
// whose sides are as equal as rows allow. After Bruls, Huizing and van Wijk,
// "Squarified Treemaps", 2000.

function worstRatio(row, sum, side, scale) {
  const thickness = (sum * scale) / side;
  return Math.max(...[row[0], row.at(-1)].map((item) => {
    const length = (item.size * scale) / thickness;
    return Math.max(length / thickness, thickness / length);
  }));
}

// Places `items`, the largest first and none of size 0, into `box`; returns
// [{ item, x, y, width, height }].
export function squarify(items, box) {
  const placed = [];
  let { x, y, width, height } = box;
  const total = items.reduce((sum, item) => sum + item.size, 0);
  const scale = (width * height) / total;
  for (let begin = 0; begin < items.length;) {
    const side = Math.min(width, height);
    let end = begin + 1;
    let sum = items[begin].size;
    let ratio = worstRatio(items.slice(begin, end), sum, side, scale);
    while (end < items.length) {
      const next = worstRatio([items[begin], items[end]], sum + items[end].size, side, scale);
      if (next > ratio) break;
      ratio = next;
      sum += items[end++].size;
    }
    const thickness = side > 0 ? (sum * scale) / side : 0;
    let along = 0;
    for (const item of items.slice(begin, end)) {
      const length = thickness > 0 ? (item.size * scale) / thickness : 0;
      placed.push(width >= height
        ? { item, x, y: y + along, width: thickness, height: length }
        : { item, x: x + along, y, width: length, height: thickness });
      along += length;
    }
    if (width >= height) [x, width] = [x + thickness, Math.max(0, width - thickness)];
    else [y, height] = [y + thickness, Math.max(0, height - thickness)];
    begin = end;
  }
  return placed;
}

// Round numbers for the lines of a scale from 0 to `most`.
export function ticks(most, count = 5) {
  const rough = Math.max(1, most) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * power >= rough) * power);
  return Array.from({ length: Math.ceil(Math.max(1, most) / step) + 1 }, (_, i) => i * step);
}
