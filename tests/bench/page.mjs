// The HTML report: one self-contained file, plots as SVG.
import { apis } from "./sizes.mjs";
import { fixed } from "./report.mjs";
import { memoryOf, namesOf, speedOf } from "./statistics.mjs";

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const style = `
:root { --ink: #1c2330; --soft: #68738a; --rule: #dfe3ea; --paper: #fff; --mote: #d2452d; --peer: #3b6ea8; --good: 46, 160, 90; --bad: 214, 110, 30; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8f0; --soft: #97a2b8; --rule: #343b4a; --paper: #171b23; --mote: #ff7a5f; --peer: #7fb0e8; } }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2.4rem 0 .4rem; }
p { color: var(--soft); margin: .3rem 0 .8rem; max-width: 75ch; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 1.5rem; margin-top: 1.2rem; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .85rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 12px; } svg .soft { fill: var(--soft); }
svg .grid { stroke: var(--rule); } svg .mote { fill: var(--mote); } svg .peer { fill: var(--peer); } svg circle { fill-opacity: .55; stroke: var(--paper); }
svg text.mote { font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .18rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 600; } th.mote { color: var(--mote); }
`;

export function page(summary, tables) {
  const engines = Object.keys(summary.speed);
  const plots = engines.map((engine) => scatter(summary, engine)).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>mote: the benchmark</title><style>${style}</style></head><body>
<h1>mote beside other allocators</h1>
<p>${escape(introduction(summary))}</p>
<div class="plots">${plots}</div>
${tables.map(asHtml).join("\n")}
<h2>Measured with</h2>
<div class="wide"><table>${Object.entries(summary.about).map(([key, value]) => `<tr><td>${escape(key)}</td><td>${escape(value)}</td></tr>`).join("")}</table></div>
</body></html>
`;
}

function introduction(summary) {
  const traces = summary.rows.filter((row) => row.is_trace).length;
  return `Allocators for wasm on ${summary.rows.length - traces} synthetic rows and ${traces} traces of real programs. ` +
    "Down is faster, left is smaller, and a smaller circle takes less memory.";
}

function asHtml({ title, note, head, body, heat }) {
  const cell = (text, row, column) => {
    const ratio = column && heat?.(row, column);
    return `<td${ratio ? ` style="background:${colour(ratio)}"` : ""}>${escape(text)}</td>`;
  };
  const headCell = (text) => `<th${/^(mote|tiny)/.test(text) ? ' class="mote"' : ""}>${escape(text)}</th>`;
  const lines = body.map((line, row) => `<tr>${line.map((text, column) => cell(text, row, column)).join("")}</tr>`);
  return `<h2>${escape(title)}</h2>${note ? `<p>${escape(note)}</p>` : ""}` +
    (body.length ? `<div class="wide"><table><tr>${head.map(headCell).join("")}</tr>${lines.join("\n")}</table></div>` : "");
}

// From green (1, the best) over nothing to orange (3 times the best and more).
function colour(ratio) {
  const distance = Math.min(1, Math.log(Math.max(1, ratio)) / Math.log(3));
  return distance < 0.3 ? `rgba(var(--good),${fixed((0.3 - distance) * 1.1, 2)})` : `rgba(var(--bad),${fixed((distance - 0.3) * 0.55, 2)})`;
}

// ---- The scatter of size, speed and memory.

const width = 560, height = 430;
const plot = { left: 48, right: width - 20, top: 18, bottom: height - 44 };

// One alignment of each allocator: NAME-8 would lie upon NAME.
function points(summary, engine) {
  const names = namesOf(summary, "mote", "peer");
  return names.filter((name) => !names.includes(name.replace(/-8$/, "")) || !name.endsWith("-8")).map((name) => {
    const sizes = summary.sizes[name] ?? {};
    const api = ["whole", "sized", "pair"].find((one) => sizes[one]);
    const group = summary.allocators.find((one) => one.name === name).group;
    return { name, group, api, size: sizes[api]?.raw, speed: speedOf(summary, engine, name), memory: memoryOf(summary, name) };
  }).filter(({ size, speed, memory }) => size && Number.isFinite(speed) && Number.isFinite(memory));
}

function logScale([low, high], [from, to]) {
  return (value) => from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from);
}

function scatter(summary, engine) {
  const all = points(summary, engine);
  if (all.length === 0) return "";
  const range = (values, margin) => [Math.min(...values) / margin, Math.max(...values) * margin];
  const sizes = range(all.map(({ size }) => size), 1.35);
  const speeds = range([1, ...all.map(({ speed }) => speed)], 1.12);
  const x = logScale(sizes, [plot.left, plot.right]);
  const y = logScale(speeds, [plot.bottom, plot.top]);
  // The area is the memory beyond the live bytes.
  const radius = ({ memory }) => Math.max(3.5, Math.min(48, 26 * Math.sqrt(Math.max(0, memory - 1))));
  const circles = all.map((one) => ({ ...one, cx: x(one.size), cy: y(one.speed), r: radius(one) })).sort((a, b) => b.r - a.r);
  const ticks = (values, [low, high]) => values.filter((value) => value >= low && value <= high);
  const grid = [
    ...ticks([500, 1000, 2000, 4000, 8000, 16000, 32000, 64000], sizes).map((value) =>
      `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${plot.top}" y2="${plot.bottom}"/>` +
      `<text class="soft" x="${x(value)}" y="${plot.bottom + 16}" text-anchor="middle">${value.toLocaleString("en")}</text>`),
    ...ticks([1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 10, 20], speeds).map((value) =>
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text class="soft" x="${plot.left - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`),
  ];
  const marks = circles.map(({ name, group, api, size, speed, memory, cx, cy, r }) =>
    `<circle class="${group}" cx="${fixed(cx, 1)}" cy="${fixed(cy, 1)}" r="${fixed(r, 1)}">` +
    `<title>${escape(`${name}: ${size} B (${apis[api]}), ${fixed(speed, 2)} x the best, memory ${fixed(memory, 3)} x live`)}</title></circle>`);
  const labels = place(circles).map(({ name, group, memory, tx, ty, anchor }) =>
    `<text class="${group}" x="${fixed(tx, 1)}" y="${fixed(ty, 1)}" text-anchor="${anchor}">${escape(name)} ${fixed(memory, 2)}</text>`);
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="size, speed and memory, ${escape(engine)}">
${[...grid, ...marks, ...labels].join("\n")}
<text class="soft" x="${plot.right}" y="${height - 8}" text-anchor="end">bytes of the module, all of its API</text>
<text class="soft" x="${plot.left - 40}" y="${plot.top - 6}">time, 1 = the best of each row</text></svg>
<figcaption>${escape(engine)}: warm time over the best of each row, geometric mean of all rows. The circle's area is the memory beyond
the live bytes, geometric mean of the traces; the number beside the name is memory over live bytes.</figcaption></figure>`;
}

// Puts each label beside its circle where it covers the least of what is there.
function place(circles) {
  const boxes = circles.map(({ cx, cy, r }) => ({ x1: cx - r, x2: cx + r, y1: cy - r, y2: cy + r }));
  const overlap = (a, b) =>
    Math.max(0, Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1)) * Math.max(0, Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1));
  return circles.map((circle) => {
    const { cx, cy, r, name } = circle;
    const length = (name.length + 5) * 7;
    const candidates = [];
    for (const [far, cost] of [[4, 0], [14, 40], [26, 90]]) {
      for (const [dx, dy, anchor] of [[1, 0, "start"], [-1, 0, "end"], [0, -1, "middle"], [0, 1, "middle"],
        [0.7, -0.8, "start"], [0.7, 0.8, "start"], [-0.7, -0.8, "end"], [-0.7, 0.8, "end"]]) {
        const tx = cx + dx * (r + far), ty = cy + 4 + dy * (r + far + 5);
        const x1 = anchor === "start" ? tx : anchor === "end" ? tx - length : tx - length / 2;
        const box = { x1, x2: x1 + length, y1: ty - 11, y2: ty + 3 };
        const outside = Math.max(0, plot.left - box.x1) + Math.max(0, box.x2 - width) + Math.max(0, 10 - box.y1) + Math.max(0, box.y2 - plot.bottom);
        candidates.push({ tx, ty, anchor, box, cost: cost + outside * 100 + boxes.reduce((sum, other) => sum + overlap(box, other), 0) });
      }
    }
    const best = candidates.reduce((a, b) => (b.cost < a.cost ? b : a));
    boxes.push(best.box);
    return { ...circle, ...best };
  });
}
