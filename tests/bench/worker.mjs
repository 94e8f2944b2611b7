// Runs a plan in a browser's worker and posts the results to the server that
// sent this file (browsers.mjs).
import * as measuring from "./measure.mjs";

const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });

try {
  const plan = await (await fetch("/plan")).json();
  const results = [];
  const host = {
    load: async (file) => new Uint8Array(await (await fetch(`/file?${encodeURIComponent(file)}`)).arrayBuffer()),
    now: () => performance.now(),
    clock: () => performance.now(),
    emit: (result) => results.push(result),
  };
  await measuring[plan.action](plan, host);
  await post("/results", results);
} catch (error) {
  await post("/error", String(error?.stack ?? error));
}
