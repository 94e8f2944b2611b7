// Records what real programs ask of malloc, and writes it in the form that
// workloads/trace.cpp replays: eight bytes an operation, little endian,
//   u32  bits 0-23 slot, 24-26 operation (0 allocate, 1 free, 2 reallocate),
//        27-31 log2 of the alignment, 0 when the program did not ask for one
//   u32  size (new size for a reallocation, 0 for a free)
// A slot stands for a block while it lives and is used again afterwards, so the
// replay's table is as long as the peak number of blocks. calloc is allocate:
// clearing costs every allocator the same.
//
// The programs are 64-bit: their pointers, and so their blocks, are larger than
// in a wasm32 build of them. Sizes are replayed as they were.
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Failure, here, make, out, run } from "./toolchain.mjs";

const operation_max_default = 1_500_000;
const slot_max = 1 << 19;
const input = (name) => join(here, "programs", name);

// comm: the process to record (cut to 15 characters by Linux).
const programs = [
  {
    name: "cc1plus", comm: "cc1plus", files: [input("headers.cpp")],
    command: () => ["g++", "-std=c++20", "-O1", "-S", input("headers.cpp"), "-o", "/dev/null"],
  },
  {
    // As far as 50 MB: beyond 64 MB each growth of the memory takes V8 half a
    // millisecond, and this row would be most of the benchmark's time.
    name: "clang", comm: "clang++-19", operation_max: 300_000, files: [input("headers.cpp")],
    command: () => ["clang++-19", "-std=c++20", "-O1", "-S", input("headers.cpp"), "-o", "/dev/null"],
  },
  {
    name: "git", comm: "git", files: [],
    prepare: makeRepository,
    command: (folder) => ["git", "--no-pager", "-C", join(folder, "repository"), "log", "-p", "--stat", "--find-renames"],
  },
  {
    name: "jq", comm: "jq", files: [],
    prepare: makeJson,
    command: (folder) => [
      "jq", "[group_by(.group)[] | {group: .[0].group, total: map(.value) | add, names: map(.name | ascii_upcase)}] | sort_by(.total)",
      join(folder, "input.json"),
    ],
  },
  {
    name: "python3", comm: "python3", files: [input("work.py")],
    command: () => ["/usr/bin/python3", "-S", "-B", input("work.py")],
  },
  {
    name: "sqlite3", comm: "sqlite3", files: [input("work.sql")],
    command: () => ["sqlite3", "-init", "/dev/null", ":memory:", `.read ${input("work.sql")}`],
  },
  { name: "perl", comm: "perl", files: [input("work.pl")], command: () => ["perl", input("work.pl")] },
  { name: "lua", comm: "lua5.4", files: [input("work.lua")], command: () => ["lua5.4", input("work.lua")] },
];

export const traceRows = programs.map(({ name }) => name);

// The same addresses and hash seeds every time, so the same calls.
const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  LC_ALL: "C",
  TZ: "UTC",
  PERL_HASH_SEED: "0",
  PYTHONHASHSEED: "0",
  PYTHONMALLOC: "malloc",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

// { name, file, program } of each trace asked for; recorded when it is not there.
export async function recordTraces(names, again) {
  const folder = join(out, "traces");
  mkdirSync(folder, { recursive: true });
  const traces = [];
  for (const program of programs.filter(({ name }) => names.includes(name))) {
    const file = join(folder, `${program.name}-${digest(program)}.trace`);
    if (again || !existsSync(file)) {
      process.stderr.write(`recording ${program.name}\n`);
      for (const old of readdirSync(folder)) {
        if (old.startsWith(program.name + "-")) rmSync(join(folder, old));
      }
      await recordProgram(program, folder, file);
    }
    traces.push({ name: program.name, file });
  }
  return traces;
}

// Of what decides the trace, the program's own version aside.
function digest(program) {
  const hash = createHash("sha256");
  for (const input of [join(here, "record.c"), join(here, "traces.mjs"), ...program.files]) hash.update(readFileSync(input));
  return hash.digest("hex").slice(0, 8);
}

export async function recordProgram(program, folder, file) {
  const recorder = await make({
    command: "gcc",
    args: ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fno-builtin", join(here, "record.c"), "-o", "$OUT"],
    inputs: [join(here, "record.c")],
    suffix: ".so",
  });
  const events = join(folder, program.name + ".events");
  rmSync(events, { force: true });
  program.prepare?.(folder);
  const command = program.command(folder);
  try {
    execFileSync("setarch", ["-R", ...command], {
      env: { ...environment, LD_PRELOAD: recorder, RECORD_FILE: events, RECORD_NAME: program.comm },
      stdio: ["ignore", "ignore", "pipe"],
      maxBuffer: 1 << 28,
    });
    if (!existsSync(events)) throw new Error("it recorded nothing");
    writeFileSync(file, convert(events, program.operation_max ?? operation_max_default));
  } catch (error) {
    throw new Failure(`recording ${command.join(" ")} failed: ${error.message}`);
  } finally {
    rmSync(events, { force: true });
  }
}

// See struct event in record.c.
function convert(events, operation_max) {
  const event_size = 32;
  const fd = openSync(events, "r");
  const header = Buffer.alloc(event_size);
  readSync(fd, header);
  const event_count = Number(header.readBigUInt64LE(0));
  const piece = Buffer.alloc(event_size << 16);
  const words = new BigUint64Array(piece.buffer, piece.byteOffset, piece.length / 8);
  const slots = new Map();  // address -> slot
  const free_slots = [];
  let slot_count = 0;
  const records = new Uint32Array(operation_max * 2);
  let length = 0;
  const put = (slot, operation, bits, size) => {
    if (size > 0xffffffff) throw new Error(`a block of ${size} bytes does not fit into a wasm32 memory`);
    records[length++] = (slot | (operation << 24) | (bits << 27)) >>> 0;
    records[length++] = size;
  };
  const begin = (ptr, size, bits) => {
    const slot = free_slots.pop() ?? slot_count++;
    if (slot >= slot_max) throw new Error(`more than ${slot_max} live blocks`);
    slots.set(ptr, slot);
    put(slot, 0, bits, size);
  };
  const end = (ptr) => {
    const slot = slots.get(ptr);
    slots.delete(ptr);
    free_slots.push(slot);
    put(slot, 1, 0, 0);
  };
  let read_count = 0;
  while (read_count < event_count && length < records.length) {
    const got = readSync(fd, piece) / event_size;
    const here_count = Math.min(got, event_count - read_count);
    read_count += here_count;
    for (let i = 0; i < here_count && length < records.length; ++i) {
      const [ptr, old_ptr, size, align] = words.subarray(i * 4, i * 4 + 4);
      const known = slots.has(old_ptr);
      if (ptr === 0n) {
        // What was allocated before the recording began is not in it.
        if (known) end(old_ptr);
      } else if (known) {
        const slot = slots.get(old_ptr);
        slots.delete(old_ptr);
        slots.set(ptr, slot);
        put(slot, 2, 0, Number(size));
      } else {
        begin(ptr, Number(size), align > 16n ? Math.log2(Number(align)) : 0);
      }
    }
  }
  closeSync(fd);
  return Buffer.from(records.buffer, 0, length * 4);
}

// ---- Inputs that are made rather than kept.

function generator(seed) {
  return (bound) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % bound;
  };
}

// 300 commits over 1,200 files, by fast-import, which needs no work tree. Large
// enough for a peak of 10 MB: at 1 MB, one page more or less would be 6 %.
function makeRepository(folder) {
  const repository = join(folder, "repository");
  rmSync(repository, { recursive: true, force: true });
  const random = generator(1);
  const files = Array.from({ length: 1200 }, (_, i) =>
    Array.from({ length: 300 }, (_, line) => `file ${i} line ${line} ${random(1 << 20)}`));
  const stream = [];
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  for (let commit = 0; commit < 300; ++commit) {
    const date = `${1700000000 + commit * 3600} +0000`;
    stream.push(`commit refs/heads/main\ncommitter A <a@example.org> ${date}\n`, data(`Change ${commit}\n\nWhy: ${random(1 << 20)}`));
    const chosen = commit === 0 ? files.keys() : Array.from({ length: 6 }, () => random(files.length));
    for (const index of chosen) {
      for (let edit = 0; edit < 5; ++edit) files[index][random(300)] = `edited in ${commit}: ${random(1 << 24)}`;
      stream.push(`M 100644 inline dir${index % 7}/file${index}.txt\n`, data(files[index].join("\n") + "\n"));
    }
  }
  const env = environment;
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", repository], { env });
  execFileSync("git", ["-C", repository, "fast-import", "--quiet"], { env, input: stream.join("") });
}

function makeJson(folder) {
  const random = generator(2);
  const rows = Array.from({ length: 12000 }, (_, i) => ({
    id: i, name: "name " + "x".repeat(random(24)) + i, group: `g${random(200)}`, value: random(1 << 20) / 64, tags: [random(9), random(9)],
  }));
  writeFileSync(join(folder, "input.json"), JSON.stringify(rows));
}

// What stands in a trace's program: for the report.
export async function programVersions(names) {
  const versions = {};
  for (const program of programs.filter(({ name }) => names.includes(name))) {
    const [command] = program.command(join(out, "traces"));
    const flag = program.name === "lua" ? "-v" : "--version";
    versions[program.name] = (await run(command, [flag])).trim().split("\n").find((line) => line.trim()) ?? "";
  }
  return versions;
}
