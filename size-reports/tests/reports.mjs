// A report made up for tests, and one in which things changed.

const symbol = (name, section, size, allocator) => ({ name, section, size, ...(allocator ? { allocator: true } : {}) });

export const report = {
  kind: 'size-report',
  version: 1,
  title: 'A report',
  tools: 'a compiler 1.0',
  entries: [
    {
      name: 'web/app.wasm', group: 'Web: the app', variant: 'small', format: 'wasm',
      measures: { total: 1200, code: 900, data: 120, custom: 40, gzip: 700, brotli: 650, allocator: 300, marginal: 350, 'marginal gzip': 200, 'marginal brotli': 190 },
      memory: { initial: 2, maximum: null }, imports: ['env.log'], exports: ['free', 'malloc', 'memory'], features: ['bulk-memory', 'sign-ext'],
      sections: [{ name: 'type', size: 20 }, { name: 'code', size: 900 }, { name: 'data', size: 120 }, { name: 'custom: name', size: 40 }],
      symbols: [
        symbol('a,"name"|</script><script>alert(1)</script>', 'code', 400), symbol('malloc', 'code', 200, true), symbol('free', 'code', 100, true),
        symbol('ünïcode::operator[]', 'code', 60), symbol('.rodata', 'data', 110),
      ],
    },
    {
      name: 'web/other.wasm', group: 'Web: the app', variant: 'large', format: 'wasm',
      measures: { total: 5000, code: 4800, data: 0, custom: 0, gzip: 2500, brotli: 2200, allocator: 4000, marginal: 4150, 'marginal gzip': 2000, 'marginal brotli': 1740 },
      memory: { initial: 2, maximum: 9 }, imports: [], exports: ['free', 'malloc'], features: [],
      sections: [{ name: 'code', size: 4800 }],
      symbols: [symbol('dlmalloc', 'code', 4000, true), symbol('main', 'code', 700)],
    },
    {
      name: 'lib/libapp.so', group: 'Native: the app', variant: 'small', format: 'ELF',
      measures: { total: 9000, text: 4000, rodata: 1000, data: 200, bss: 640 },
      sections: [{ name: 'text', size: 4000 }, { name: 'rodata', size: 1000 }, { name: 'data', size: 200 }, { name: 'bss', size: 640 }],
      symbols: [symbol('app::run', 'text', 3000), symbol('table', 'rodata', 800), symbol('buffer', 'bss', 640)],
    },
  ],
};

// The first grew, by one function, one import and a few bytes here and there; the
// second changed by less than anyone wants to see; the third is as it was; the
// last is new.
export const changedReport = structuredClone(report);
const [app, other] = changedReport.entries;
Object.assign(app.measures, { total: 1300, code: 1000, gzip: 760, brotli: 700 });
app.imports.push('env.abort');
app.symbols[1].size = 290;
app.symbols[2].size = 104;
app.symbols.push(symbol('panic', 'code', 6));
other.measures.total = 4996;
other.symbols[1].size = 696;
changedReport.entries.push({ ...structuredClone(report.entries[2]), name: 'lib/new.so', variant: 'new' });

export const history = [
  { date: '2026-01-01', label: 'v1', entry: 'web/app.wasm', measure: 'total', bytes: 1100 },
  { date: '2026-02-01', label: 'v2', entry: 'web/app.wasm', measure: 'total', bytes: 1200 },
];
