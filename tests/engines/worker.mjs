// Runs suites in a browser, in a worker so that the page can be asked meanwhile.
import { runSuite } from './suites.mjs';

async function load(file) {
  const response = await fetch(`/${file}`);
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.arrayBuffer();
}

addEventListener('message', async ({ data }) => {
  for (const suite of data) postMessage(await runSuite(suite, load));
  postMessage('done');
});
