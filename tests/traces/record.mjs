// Records the traces of this folder again: tests/traces/record says how.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const build = resolve(here, "../../build");
const folder = join(build, "traces");
const event_max = 1_500_000;
const input = (name) => join(here, "programs", name);

// `program`: the process to record, as the kernel calls it.
const programs = [
  {
    name: "cc1plus", program: "cc1plus",
    command: ["g++", "-std=c++20", "-O1", "-S", input("headers.cpp"), "-o", "/dev/null"],
  },
  {
    name: "clang", program: "clang++-19",
    command: ["clang++-19", "-std=c++20", "-O1", "-S", input("headers.cpp"), "-o", "/dev/null"],
  },
  {
    name: "git", program: "git", prepare: makeRepository,
    command: ["git", "--no-pager", "-C", join(folder, "repository"), "log", "-p", "--stat", "--find-renames"],
  },
  {
    name: "jq", program: "jq", prepare: makeJson,
    command: [
      "jq", "[group_by(.group)[] | {group: .[0].group, total: map(.value) | add, names: map(.name | ascii_upcase)}] | sort_by(.total)",
      join(folder, "input.json"),
    ],
  },
  { name: "python3", program: "python3", command: ["/usr/bin/python3", "-S", "-B", input("work.py")] },
  {
    name: "sqlite3", program: "sqlite3",
    command: ["sqlite3", "-init", "/dev/null", ":memory:", `.read ${input("work.sql")}`],
  },
  { name: "perl", program: "perl", command: ["perl", input("work.pl")] },
  { name: "lua", program: "lua5.4", command: ["lua5.4", input("work.lua")] },
  { name: "redis", program: "redis-server", prepare: makeCommands, command: ["bash", input("redis"), folder] },
];

const recorded_file = join(here, "recorded.json");

// The programs' versions, by the traces' names.
function noteVersion({ name, command }) {
  const flag = name === "lua" ? "-v" : "--version";
  const program = name === "redis" ? "redis-server" : command[0];
  const version = execFileSync(program, [flag], { encoding: "utf8" }).split("\n").find((line) => line.trim());
  const versions = existsSync(recorded_file) ? JSON.parse(readFileSync(recorded_file)) : {};
  versions[name] = version.trim();
  const in_order = programs.filter(({ name }) => name in versions).map(({ name }) => [name, versions[name]]);
  writeFileSync(recorded_file, JSON.stringify(Object.fromEntries(in_order), null, 2) + "\n");
}

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

function record({ name, program, command, prepare }) {
  prepare?.();
  const trace = join(here, `${name}.trace`);
  const options = ["--order-only", `--events=${event_max}`, `--program=${program}`, "-o", trace];
  execFileSync("setarch", ["-R", join(build, "native/mote-trace"), ...options, "--", ...command], {
    env: environment, stdio: ["ignore", "ignore", "pipe"], maxBuffer: 1 << 28,
  });
  execFileSync("xz", ["-9e", "--force", trace]);
  noteVersion({ name, command });
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
function makeRepository() {
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

function makeJson() {
  const random = generator(2);
  const rows = Array.from({ length: 14000 }, (_, i) => ({
    id: i, name: "name " + "x".repeat(random(24)) + i, group: `g${random(200)}`, value: random(1 << 20) / 64, tags: [random(9), random(9)],
  }));
  writeFileSync(join(folder, "input.json"), JSON.stringify(rows));
}

// What a cache and a queue are asked: strings of all lengths that are replaced,
// hashes, lists, sets and sorted sets that grow and shrink.
function makeCommands() {
  const random = generator(3);
  const commands = Array.from({ length: 60000 }, (_, i) => {
    const key = random(8000);
    const text = "v".repeat(8 + random(random(10) === 0 ? 4000 : 120));
    return [
      ["SET", `string:${key}`, text], ["GET", `string:${key}`], ["APPEND", `string:${key}`, text],
      ["HSET", `hash:${key % 700}`, `field${random(200)}`, text], ["RPUSH", `list:${key % 90}`, text], ["LPOP", `list:${key % 90}`],
      ["ZADD", `scores:${key % 50}`, `${random(1 << 20)}`, `member${key}`], ["DEL", `string:${key}`], ["SADD", `set:${key % 60}`, text.slice(0, 20) + i],
    ][random(9)];
  });
  const encoded = commands.map((words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
  writeFileSync(join(folder, "commands"), encoded.join(""));
}

const names = process.argv.slice(2);
const unknown = names.find((name) => !programs.some((program) => program.name === name));
if (unknown) {
  process.stderr.write(`tests/traces/record: no program ${unknown}; there are ${programs.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
for (const program of programs) {
  if (names.length > 0 && !names.includes(program.name)) continue;
  process.stderr.write(`recording ${program.name}\n`);
  record(program);
}
