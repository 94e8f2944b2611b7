// What is preloaded: mote as its preset builds it, the peers as Debian packages
// them. Shared with the count of instructions.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure, root, run } from "../toolchain.mjs";

// The loader finds the peers by their names; nothing preloaded is glibc.
export const allocators = [
  { name: "mote", group: "mote" },
  { name: "glibc", group: "glibc", library: "" },
  { name: "control", group: "control", library: "" },
  { name: "mimalloc", group: "peer", library: "libmimalloc.so.2" },
  { name: "jemalloc", group: "peer", library: "libjemalloc.so.2" },
  { name: "tcmalloc", group: "peer", library: "libtcmalloc_minimal.so.4" },
];

export async function buildMote(...moreTargets) {
  await run("cmake", ["--preset", "native"], { cwd: root });
  await run("cmake", ["--build", "--preset", "native", "--target", "mote_shared", ...moreTargets], { cwd: root });
  return join(root, "build/native/libmote.so");
}

// Other builds of libmote.so, each NAME=FILE.
export function variants(texts) {
  return texts.map((text) => {
    const [name, file] = text.split("=");
    if (!file || !existsSync(file)) throw new Failure(`no library in ${text}`);
    return { name, group: "mote", library: resolve(file) };
  });
}
