// What is preloaded: mote as its preset builds it, the peers as Debian packages
// them. Shared with the count of instructions.
import { join } from "node:path";
import { root, run } from "../toolchain.mjs";

// The loader finds the peers by their names; nothing preloaded is glibc.
export const allocators = [
  { name: "mote", group: "mote" },
  { name: "glibc", group: "glibc", library: "" },
  { name: "control", group: "control", library: "" },
  { name: "mimalloc", group: "peer", library: "libmimalloc.so.2" },
  { name: "jemalloc", group: "peer", library: "libjemalloc.so.2" },
  { name: "tcmalloc", group: "peer", library: "libtcmalloc_minimal.so.4" },
];

export async function buildMote() {
  await run("cmake", ["--preset", "native"], { cwd: root });
  await run("cmake", ["--build", "--preset", "native", "--target", "mote_shared"], { cwd: root });
  return join(root, "build/native/libmote.so");
}
