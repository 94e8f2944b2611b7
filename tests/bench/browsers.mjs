// Runs a plan in a headless browser: a server on this machine gives it the page
// and takes the results. The browser is only started with an address, so any
// that runs without a display will do; it needs no driver.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, here } from "./toolchain.mjs";

const timeout_ms = 20 * 60 * 1000;

export const browsers = {
  chromium: (profile, url) => ["chromium", [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
    "--disable-background-networking", `--user-data-dir=${profile}`, url,
  ]],
  firefox: (profile, url) => ["firefox-esr", ["--headless", "--no-remote", "--profile", profile, url]],
};

// Isolated pages get the finest clock: 5 microseconds in Chromium, 20 in Firefox.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};
const page = '<!doctype html><script>new Worker("/worker.mjs", { type: "module" })</script>';

export async function runInBrowser(name, plan) {
  const files = new Set([...plan.modules.map(({ file }) => file), ...plan.rows.map(({ trace }) => trace).filter(Boolean)]);
  const profile = mkdtempSync(join(tmpdir(), "mote-bench-"));
  let child;
  const server = createServer();
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Failure(`${name} sent nothing for ${timeout_ms / 60000} minutes`)), timeout_ms);
      const settle = (action) => (value) => { clearTimeout(timer); action(value); };
      server.on("request", (request, response) =>
        answer(request, response, plan, files, settle(resolve), settle((text) => reject(new Failure(`${name}: ${text}`)))));
      server.listen(0, "127.0.0.1", () => {
        const [command, args] = browsers[name](profile, `http://127.0.0.1:${server.address().port}/`);
        // A group of its own: a browser is several processes.
        child = spawn(command, args, { stdio: "ignore", detached: true, env: { ...process.env, HOME: profile } });
        child.on("error", settle((error) => reject(new Failure(`${name} does not start: ${error.message}`))));
        child.on("exit", settle((code) => reject(new Failure(`${name} ended with ${code} before the results came`))));
      });
    });
  } finally {
    server.close();
    server.closeAllConnections?.();
    if (child) await stop(child);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function stop(child) {
  child.removeAllListeners("exit");
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.on("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

function answer(request, response, plan, files, resolve, reject) {
  const send = (type, body) => { response.writeHead(200, { ...headers, "Content-Type": type }); response.end(body); };
  const { pathname, search } = new URL(request.url, "http://127.0.0.1");
  const file = decodeURIComponent(search.slice(1));
  if (request.method === "POST") {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const value = JSON.parse(Buffer.concat(pieces));
      send("text/plain", "");
      if (pathname === "/results") resolve(value);
      else reject(value);
    });
  } else if (pathname === "/") {
    send("text/html", page);
  } else if (pathname === "/worker.mjs" || pathname === "/measure.mjs") {
    send("text/javascript", readFileSync(join(here, pathname)));
  } else if (pathname === "/plan") {
    send("application/json", JSON.stringify(plan));
  } else if (pathname === "/file" && files.has(file)) {
    send("application/octet-stream", readFileSync(file));
  } else {
    response.writeHead(404, headers).end();
  }
}
