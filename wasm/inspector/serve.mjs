// Serves the page and what it loads, to this machine only:
//   node wasm/inspector/serve.mjs [PORT]
// Any server of static files at the project's root does as well.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['wasm/', 'size-reports/page/', 'build/inspector/'];
const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.wasm': 'application/wasm' };

function answer({ url }, response) {
  const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname)).slice(1);
  if (path === '') return response.writeHead(302, { Location: '/wasm/inspector/' }).end();
  const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
  const isThere = folders.some((folder) => path.startsWith(folder)) && statSync(file, { throwIfNoEntry: false })?.isFile();
  if (!isThere) return response.writeHead(404).end('not there');
  response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-store' });
  return createReadStream(file).pipe(response);
}

// Port 0: any free one. Resolves with { url, close() }.
export function serve(port) {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({
      url: `http://127.0.0.1:${server.address().port}/wasm/inspector/`,
      close: () => {
        server.close();
        server.closeAllConnections?.();
      },
    }));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await serve(Number(process.argv[2] ?? 8017)).catch((error) => {
    console.error(`inspector: ${error.message}`);
    process.exit(1);
  });
  console.log(`The inspector is at ${url}`);
}
