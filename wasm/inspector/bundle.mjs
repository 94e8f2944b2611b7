// Writes the inspector as one file that loads nothing:
//   node wasm/inspector/bundle.mjs OUT.html [TRACE]
// Scripts, styles and the modules that replay a trace are in it. Without a TRACE it
// is a template: the line `<!-- trace -->` is for
//   <script type="application/octet-stream;base64" id="trace" data-name="NAME">…</script>
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const built = join(here, '../../build/inspector');
const [out, trace] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node wasm/inspector/bundle.mjs OUT.html [TRACE]');
  process.exit(2);
}

const read = (path) => readFileSync(join(here, path), 'utf8');
const base64 = (path) => readFileSync(path).toString('base64');
const attribute = (text) => text.replace(/[&"<]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const embedded = (id, path, name = id) => `<script type="application/octet-stream;base64" id="${id}" data-name="${attribute(name)}">${base64(path)}</script>`;

// `</script` within a script would end it.
const script = execFileSync('esbuild', ['--bundle', '--format=esm', '--charset=utf8', '--log-level=warning', join(here, 'page.js')], { encoding: 'utf8' }).replaceAll('</script', '<\\/script');
const modules = ['mote-standard', 'mote-tiny'].map((name) => embedded(name, join(built, `${name}.wasm`)));
const page = read('index.html')
  .replace(/<link rel="stylesheet" href="([^"]+)">/g, (_, path) => `<style>\n${read(path)}</style>`)
  .replace(/content="default-src [^"]*"/, `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; img-src data:"`)
  .replace(/<script type="module" src="page.js"><\/script>/, () => [
    ...modules, trace === undefined ? '<!-- trace -->' : embedded('trace', trace, basename(trace)), `<script type="module">\n${script}</script>`,
  ].join('\n'));
writeFileSync(out, page);
console.log(`${out}: ${page.length} bytes`);
