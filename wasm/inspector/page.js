// The inspector: a program that runs in the page, or a trace that is replayed, and
// the pictures of its heap. One source at a time; a file or button replaces it.
import { byId, element, grouped, hideTip, showTip } from '../../size-reports/page/dom.js';
import { count, kinds } from '../js/layout.js';
import { drawSizes, drawTimeline, inBytes, inPercent } from './charts.js';
import { Program } from './host.js';
import { HeapMap, toneMaxima } from './map.js';
import { Replay } from './replay.js';
import { operations, readTrace } from './trace.js';

const modules = '../../build/inspector/';
const frame_ms = 1000 / 60;
const stepTime_ms = 8; // of a frame, for the program
const chartInterval_ms = 120;
const pointCountMax = 600;
const eventRows = 12;

// `views`: a heap each, with its map and figures. `trace`, `position`: what is
// stepped through. `program`: what runs. `run`: a number for each source, so that
// what was begun for an older one ends.
const state = { views: [], trace: null, program: null, position: 0, isPlaying: false, isReady: true, run: 0, output: '', chartsAt: 0 };

function say(text, isError = false) {
  byId('message').textContent = text;
  byId('message').className = isError ? 'error' : '';
}

// What a promise or a button fails with is shown; the page goes on.
const guarded = (action) => async (...args) => {
  try {
    await action(...args);
  } catch (error) {
    setPlaying(false);
    state.isReady = true;
    showTransport();
    const cause = error instanceof WebAssembly.RuntimeError ? `the module stopped: ${error.message}${/mote_trap_\w+/.exec(error.stack)?.[0].replace(/^/, ', in ') ?? ''}` : error.message;
    say(cause, true);
  }
};

const nextFrame = () => new Promise((resolve) => { setTimeout(resolve); });

// The bytes of a module: from within this file, or from the folder of the build.
async function moduleBytes(name) {
  const embedded = byId(name);
  if (embedded) return decoded(embedded);
  const answer = await fetch(`${modules}${name}.wasm`).catch(() => null);
  if (!answer?.ok) throw new Error(`${name}.wasm is not there: run \`bash wasm/inspector/build serve\` and open the page it names`);
  return new Uint8Array(await answer.arrayBuffer());
}

const decoded = (node) => Uint8Array.from(atob(node.textContent.trim()), (letter) => letter.charCodeAt(0));

const figureNames = {
  live: ['live', 'Bytes that the program asked for and has not freed'],
  peak: ['peak', 'The most bytes that were live at once'],
  footprint: ['footprint', 'Memory that the heap holds; in wasm it never shrinks'],
  ratio: ['footprint / peak', 'How much more than the program ever needed at once'],
  blocks: ['blocks', 'Blocks in use'],
  free: ['free', 'Bytes in free blocks'],
  largest: ['largest free', 'The largest block to be had without growing'],
  fragmentation: ['fragmentation', 'The share of the free bytes that is not in the largest free block'],
};

function makeView(name, source, footprintColor) {
  const canvas = element('canvas', { 'aria-label': `Memory of ${name}`, role: 'img' });
  const title = element('small');
  const figures = Object.fromEntries(Object.keys(figureNames).map((key) => [key, element('dd', {}, '-')]));
  const list = element('dl', { class: 'figures' }, ...Object.entries(figureNames).map(([key, [label, tip]]) => element('div', { title: tip }, element('dt', {}, label), figures[key])));
  const node = element('section', { class: 'view' }, element('h2', {}, name, title), list, canvas);
  const view = { name, source, map: new HeapMap(canvas), node, title, figures, footprintColor, points: [], peak: 0 };
  canvas.addEventListener('pointermove', (event) => showTip(event, describe(view, view.map.bytesAt(event))));
  canvas.addEventListener('pointerleave', hideTip);
  return view;
}

function setViews(views) {
  state.views = views;
  byId('views').replaceChildren(...views.map(({ node }) => node));
}

// What lies in a cell of the map.
function describe({ pieces }, { begin, end }) {
  if (pieces === undefined) return '';
  const lines = [];
  for (let i = 0; i < pieces.count && lines.length < 6; ++i) {
    const address = pieces.address[i];
    if (pieces.kind[i] === kinds.region || address >= end || address + pieces.size[i] <= begin) continue;
    const kind = ['', 'slab', 'in use', 'free', 'page map'][pieces.kind[i]];
    lines.push(`0x${address.toString(16)}: ${kind}, ${pieces.kind[i] === kinds.slab ? `blocks of ${pieces.blockSize[i]}` : grouped(pieces.size[i])} bytes`);
  }
  return [`0x${begin.toString(16)} to 0x${end.toString(16)}`, ...(lines.length > 0 ? lines : ['not of the heap'])].join('\n');
}

// The bytes that the maps show: all memories at the same scale.
const shownBytes = () => Math.max(...state.views.map(({ source }) => source.heap.memory.buffer.byteLength));

function showView(view) {
  const { source: { heap, live }, map } = view;
  const bytesPerCell = map.bytesPerCellFor(shownBytes());
  // Where a cell is larger than a slab, its blocks would not be seen.
  const pieces = heap.walk({ isOutline: bytesPerCell >= heap.layout.slabSize });
  map.draw(pieces, shownBytes(), bytesPerCell);
  view.pieces = pieces;
  view.statistics = { ...count(pieces), name: view.name };
  showFigures(view, live);
}

const fragmentationOf = ({ free, largestFree }) => (free === 0 ? 0 : 1 - largestFree / free);

function showFigures(view, live) {
  const { statistics, figures } = view;
  const isLiveKnown = state.trace !== null || state.program.hasEvents;
  const shownLive = isLiveKnown ? live : statistics.used;
  view.live = shownLive;
  view.peak = view.source.peakLive ?? Math.max(view.peak, shownLive);
  const texts = {
    live: inBytes(shownLive),
    peak: inBytes(view.peak),
    footprint: inBytes(statistics.footprint),
    ratio: view.peak > 0 ? (statistics.footprint / view.peak).toFixed(3) : '-',
    blocks: grouped(statistics.usedCount),
    free: inBytes(statistics.free),
    largest: inBytes(statistics.largestFree),
    fragmentation: inPercent(fragmentationOf(statistics)),
  };
  for (const [key, text] of Object.entries(texts)) figures[key].textContent = text;
  const refused = view.source.refusedCount > 0 ? `, ${grouped(view.source.refusedCount)} requests refused` : '';
  view.title.textContent = `${inBytes(view.source.heap.memory.buffer.byteLength)} of memory, ${view.map.bytesPerCell} bytes a cell${refused}`;
}

function addPoint(view, x) {
  const { live, statistics, points } = view;
  points.push({ x, live, footprint: statistics.footprint, fragmentation: fragmentationOf(statistics) });
  if (points.length > 2 * pointCountMax) view.points = points.filter((_, i) => i % 2 === 0);
}

const column = (points, name) => points.map((point) => [point.x, point[name]]);

function timelineSeries() {
  const several = state.views.length > 1;
  return [
    { name: 'live', color: '--live', points: column(state.views[0].points, 'live') },
    ...state.views.flatMap(({ name, points, footprintColor }) => [
      { name: several ? `footprint of ${name}` : 'footprint', color: footprintColor, points: column(points, 'footprint') },
      { name: several ? `fragmentation of ${name}` : 'fragmentation', color: several ? footprintColor : '--fragmentation', isShare: true, points: column(points, 'fragmentation') },
    ]),
  ];
}

function swatches(box, entries) {
  box.replaceChildren(...entries.flatMap(([color, words]) => [element('span', { class: 'swatch', style: `background: var(${color})` }), words]));
}

function showCharts() {
  state.chartsAt = performance.now();
  const series = timelineSeries();
  swatches(byId('timeline-legend'), series.filter(({ isShare }) => !isShare).map(({ name, color }) => [color, name]));
  byId('timeline-legend').append(element('span', { class: 'dashed' }), 'fragmentation (right)');
  const last = state.views[0].points.at(-1)?.x ?? 0;
  const max = state.trace ? state.trace.length : Math.max(1, last);
  const unit = state.trace ? 'event' : 'step';
  drawTimeline(byId('timeline'), series, { min: 0, max, cursor: state.trace ? state.position : last, label: (x) => `${unit} ${grouped(Math.round(x))}` }, (x) => { if (state.trace) userSeek(x); });
  drawSizes(byId('sizes'), state.views.map(({ statistics }) => statistics));
}

// The events around the position, or the last ones of what runs.
function showEvents() {
  const trace = state.trace ?? state.program?.trace;
  const position = state.trace ? state.position : trace?.length ?? 0;
  const begin = Math.max(0, Math.min(position - Math.ceil(eventRows / 2), (trace?.length ?? 0) - eventRows));
  const rows = byId('events').children;
  for (let i = 0; i < eventRows; ++i) {
    const at = begin + i;
    const cells = trace && at < trace.length ? eventTexts(trace, at) : ['', '', '', ''];
    cells.forEach((text, cell) => { rows[i].children[cell].textContent = text; });
    rows[i].className = trace && at === position - 1 ? 'now' : '';
  }
  if (!trace?.length && state.program && !state.program.hasEvents) rows[0].children[3].textContent = 'The module sends no events: link it with wasm/inspector/events.c to see them.';
}

function eventTexts(trace, at) {
  const { operation, slot, size, alignLog2, time, thread } = trace;
  const align = alignLog2[at] > 0 ? `, aligned to ${2 ** alignLog2[at]}` : '';
  const words = {
    [operations.nothing]: 'refused, or of a block from before the trace',
    [operations.allocate]: `allocate ${grouped(size[at])}${align}`,
    [operations.allocateZeroed]: `allocate ${grouped(size[at])} cleared${align}`,
    [operations.reallocate]: `reallocate to ${grouped(size[at])}${align}`,
    [operations.free]: 'free',
  };
  const where = operation[at] === operations.nothing ? '' : `  block ${grouped(slot[at])}`;
  return [grouped(at + 1), `${(time[at] / 1e6).toFixed(3)} ms`, `thread ${thread[at]}`, `${words[operation[at]].padEnd(24)}${where}`];
}

function show({ withCharts = true } = {}) {
  for (const view of state.views) showView(view);
  if (withCharts) showCharts();
  showEvents();
  showTransport();
}

function showTransport() {
  const isTrace = state.trace !== null && state.isReady;
  for (const name of ['first', 'back', 'forward', 'last', 'position', 'speed']) byId(name).disabled = !isTrace;
  byId('profile').disabled = !state.isReady;
  byId('play').disabled = !isTrace && !(state.program && state.isReady);
  byId('replay').disabled = !(state.program?.trace.length > 0);
  byId('play').textContent = state.isPlaying ? '❚❚' : '▶';
  byId('position').max = state.trace?.length ?? 0;
  byId('position').value = state.position;
  byId('position-text').textContent = state.trace ? `${grouped(state.position)} of ${grouped(state.trace.length)}` : state.program ? `${grouped(state.program.trace.length)} events` : '';
}

function seek(position, options) {
  state.position = Math.max(0, Math.min(state.trace.length, Math.round(position)));
  for (const { source } of state.views) source.seek(state.position);
  const begin = performance.now();
  show(options);
  state.shownAt = performance.now();
  state.show_ms = state.shownAt - begin;
}

// A picture that takes longer than a frame is left out of as many, so that the page
// answers meanwhile.
const pictureIsDue = () => performance.now() - (state.shownAt ?? 0) > (state.show_ms ?? 0) - frame_ms;

const userSeek = guarded((position) => {
  if (!state.trace || !state.isReady) return;
  setPlaying(false);
  seek(position);
});

function setPlaying(isPlaying) {
  const starts = isPlaying && !state.isPlaying;
  const stops = !isPlaying && state.isPlaying;
  state.isPlaying = isPlaying;
  if (stops) showCharts();  // while it runs they lag behind
  showTransport();
  if (starts) requestAnimationFrame(guarded(frame));
}

// One frame: some events or steps, then what the heap looks like.
function frame(now) {
  if (!state.isPlaying) return;
  const isOver = state.trace ? playTrace(now) : playProgram();
  if (isOver) {
    setPlaying(false);
    show();
  } else {
    requestAnimationFrame(guarded(frame));
  }
}

const chartsAreDue = () => performance.now() - state.chartsAt > chartInterval_ms;

function playTrace(now) {
  const elapsed_ms = Math.min(100, now - (state.frameAt ?? now));
  state.frameAt = now;
  const speed = Number(byId('speed').value);
  const perSecond = speed === Infinity ? state.trace.length / 10 : speed;
  state.exact = Math.max(state.exact ?? 0, state.position) + perSecond * elapsed_ms / 1000;
  if (Math.floor(state.exact) !== state.position && pictureIsDue()) seek(Math.min(state.trace.length, Math.floor(state.exact)), { withCharts: chartsAreDue() });
  return state.position === state.trace.length;
}

function playProgram() {
  const { program, views: [view] } = state;
  const until = performance.now() + stepTime_ms;
  let goesOn = true;
  while (goesOn && performance.now() < until) {
    goesOn = program.step();
    program.stepCount += 1;
  }
  show({ withCharts: false });
  addPoint(view, program.stepCount);
  if (chartsAreDue()) showCharts();
  if (!goesOn) {
    program.isOver = true;
    say(`${program.name} is done.${program.trace.length > 0 ? ' Press r to step through what it did.' : ''}${state.output ? ` It printed: ${state.output.slice(-300)}` : ''}`);
  }
  return !goesOn;
}

function reset() {
  ++state.run;
  Object.assign(state, { trace: null, program: null, position: 0, exact: 0, frameAt: undefined, isReady: true, output: '' });
  setPlaying(false);
  hideTip();
}

// Of two that are opened at once, the later stays.
let openCount = 0;
async function unlessOvertaken(promise) {
  const own = ++openCount;
  const value = await promise;
  return own === openCount ? value : null;
}

async function openProgram(name, bytes) {
  const program = await unlessOvertaken(Program.load(name, bytes, (text) => { state.output += text; }));
  if (program === null) return;
  program.stepCount = 0;
  reset();
  state.program = program;
  setViews([makeView(name, program, '--footprint')]);
  say(`${name} runs.`);
  show();
  addPoint(state.views[0], 0);
  setPlaying(true);
}

async function openTrace(name, trace, { position = 0 } = {}) {
  const choice = byId('profile').value;
  const profiles = choice === 'both' ? ['standard', 'tiny'] : [choice];
  const compiled = await unlessOvertaken(Promise.all(profiles.map(async (profile) => WebAssembly.compile(await moduleBytes(`mote-${profile}`)))));
  if (compiled === null) return;
  reset();
  state.trace = trace;
  state.traceName = name;
  state.isReady = false;
  setViews(profiles.map((profile, i) => makeView(profile, new Replay(profile, compiled[i], trace), i === 0 ? '--footprint' : '--footprint-2')));
  show();
  if (!await prepare(state.run)) return;
  state.isReady = true;
  const notes = [
    trace.isCut ? 'it was cut off, the process was killed' : '', trace.refusedCount > 0 ? `${grouped(trace.refusedCount)} refused` : '',
    trace.unknownCount > 0 ? `${grouped(trace.unknownCount)} of blocks from before it` : '',
  ].filter(Boolean);
  say(`${name}: ${grouped(trace.length)} events${notes.length > 0 ? ` (${notes.join('; ')})` : ''}, replayed in 32-bit modules of mote.`);
  seek(position);
}

// Runs through the whole trace once: for the curves, and for the moments that the
// way back starts from. A walk is left out where walks would take most of the time.
async function prepare(run) {
  const { trace, views } = state;
  const step = Math.max(1, Math.ceil(trace.length / pointCountMax));
  let walked_ms = 0;
  const begin = performance.now();
  let shown = begin;
  for (let position = 0; ; position = Math.min(trace.length, position + step)) {
    const isLast = position === trace.length;
    for (const view of views) {
      view.source.seek(position);
      if (isLast || walked_ms <= 0.4 * (performance.now() - begin)) {
        const walkBegin = performance.now();
        view.statistics = count(view.source.heap.walk({ isOutline: true }));
        walked_ms += performance.now() - walkBegin;
      }
      view.live = view.source.live;
      addPoint(view, position);
    }
    if (isLast) return true;
    if (performance.now() - shown > 60) {
      say(`Replaying ${state.traceName}: ${Math.round(100 * position / trace.length)} %`);
      await nextFrame();
      if (state.run !== run) return false;
      shown = performance.now();
    }
  }
}

const isModule = (bytes) => bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6D;
const isGzip = (bytes) => bytes.length >= 2 && bytes[0] === 0x1F && bytes[1] === 0x8B;

// Read piece by piece: of an error in a Response, Firefox complains at its console.
async function unpacked(name, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const pieces = [];
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) pieces.push(read.value);
  } catch {
    throw new Error(`${name} is gzip, but corrupt`);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function openBytes(name, packed) {
  const bytes = isGzip(packed) ? await unpacked(name, packed) : packed;
  if (isModule(bytes)) return openProgram(name, bytes);
  say(`Reading ${name}…`);
  const trace = await readTrace(bytes, async (share) => {
    say(`Reading ${name}: ${Math.round(100 * share)} %`);
    await nextFrame();
  }).catch((error) => { throw new Error(`${name}: ${error.message === 'this is not a mote trace' ? 'neither a wasm module nor a mote trace' : error.message}`); });
  return openTrace(name, trace);
}

const openFile = guarded(async (file) => {
  if (file) await openBytes(file.name, new Uint8Array(await file.arrayBuffer()));
});

const openDemo = guarded(async () => {
  setPlaying(false);
  say('Loading SQLite…');
  await openProgram('SQLite', await moduleBytes('sqlite'));
});

const replayRun = guarded(async () => {
  if (!(state.program?.trace.length > 0)) return;
  const { name, trace } = state.program;
  await openTrace(name, trace, { position: trace.length });
});

const changeProfile = guarded(async () => {
  if (state.trace) await openTrace(state.traceName, state.trace, { position: state.position });
});

function togglePlay() {
  if (byId('play').disabled) return;
  if (!state.isPlaying && state.trace && state.position === state.trace.length) userSeek(0);
  if (!state.isPlaying && state.program?.isOver) return void openDemoAgain();
  state.exact = state.position;
  state.frameAt = undefined;
  setPlaying(!state.isPlaying);
}

const openDemoAgain = () => (state.program.name === 'SQLite' ? openDemo() : say(`${state.program.name} is done; open it again to run it again.`));

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  for (const { map } of state.views) map.forgetColors();
  if (state.views[0]?.statistics) show();
}
const toggleTheme = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');

const hundredth = () => Math.max(1, Math.round((state.trace?.length ?? 0) / 100));
const keys = {
  ' ': togglePlay,
  ArrowLeft: (isFast) => userSeek(state.position - (isFast ? hundredth() : 1)),
  ArrowRight: (isFast) => userSeek(state.position + (isFast ? hundredth() : 1)),
  Home: () => userSeek(0),
  End: () => userSeek(state.trace?.length),
  d: openDemo,
  o: () => byId('file').click(),
  r: replayRun,
  t: toggleTheme,
};

function listen() {
  const clicks = {
    demo: openDemo, open: keys.o, theme: toggleTheme, replay: replayRun, play: togglePlay,
    first: keys.Home, back: () => keys.ArrowLeft(false), forward: () => keys.ArrowRight(false), last: keys.End,
  };
  for (const [name, action] of Object.entries(clicks)) byId(name).addEventListener('click', () => action());
  byId('file').addEventListener('change', ({ target }) => {
    openFile(target.files[0]);
    target.value = '';
  });
  byId('position').addEventListener('input', ({ target }) => userSeek(Number(target.value)));
  byId('profile').addEventListener('change', changeProfile);
  addEventListener('keydown', (event) => {
    const action = keys[event.key];
    const isTaken = event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === 'SELECT' || (event.key === ' ' && event.target.tagName === 'BUTTON');
    if (!action || isTaken) return;
    event.preventDefault();
    action(event.shiftKey);
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  addEventListener('dragleave', ({ relatedTarget }) => { if (relatedTarget === null) document.body.classList.remove('dragging'); });
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dragging');
    openFile(event.dataTransfer.files[0]);
  });
  addEventListener('resize', () => { if (state.views[0]?.statistics && state.isReady) show(); });
}

function toneText(max, i) {
  const short = (bytes) => (bytes < 1024 ? `${bytes}` : `${bytes / 1024}K`);
  if (i === 0) return `up to ${short(max)} bytes`;
  return max === Infinity ? `over ${short(toneMaxima[i - 1])}` : `to ${short(max)}`;
}

swatches(byId('legend'), [...toneMaxima.map((max, i) => [`--tone-${i}`, toneText(max, i)]), ['--free', 'free'], ['--own', 'the page map'], ['--outside', 'not of the heap']]);
swatches(byId('sizes-legend'), [['--live', 'in use (colours as in the map)'], ['--free-bar', 'free']]);
byId('events').replaceChildren(...Array.from({ length: eventRows }, () => element('li', {}, ...Array.from({ length: 4 }, () => element('span')))));
listen();
setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
showTransport();
say('Run the SQLite demo, or drop a wasm module built with mote or a trace of mote-trace.');
// For the tests, and the curious at the console.
globalThis.inspector = { state, openBytes: guarded(openBytes), seek: userSeek };
const embeddedTrace = byId('trace');
byId('demo').hidden = embeddedTrace !== null;
if (embeddedTrace) guarded(() => openBytes(embeddedTrace.dataset.name ?? 'the trace', decoded(embeddedTrace)))();
