// Module sizes, by the recipe of the project: -Oz, linked with only the names
// of the table exported, `wasm-opt -Oz --converge`. The whole file counts.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { link, optimize } from "./toolchain.mjs";
import { memoryFunctions } from "./allocators.mjs";

// The tables' names are the keys of an allocator's `exports`.
export const apis = {
  pair: "malloc + free",
  whole: "whole C API",
  sized: "sized API",
};

function linkApi(subject, names, functions) {
  return link([...subject.objects, functions], names.map((name) => `--export=${name}`));
}

export async function measureSizes(subjects) {
  const sizes = {};
  const functions = await memoryFunctions();
  for (const subject of subjects) {
    sizes[subject.name] = {};
    for (const [api, made] of Object.entries(subject.exports)) {
      const file = await optimize(typeof made === "function" ? await made() : await linkApi(subject, made, functions));
      const bytes = readFileSync(file);
      sizes[subject.name][api] = {
        raw: bytes.length,
        gzip: gzipSync(bytes, { level: 9 }).length,
        brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length,
      };
    }
  }
  return sizes;
}
