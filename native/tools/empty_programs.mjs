// Run by native/tools/empty_programs, which says what it does.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const mote_trace = resolve(here, "../../build/native/mote-trace");
const readme = join(here, "README.md");
const folder = mkdtempSync(join(tmpdir(), "mote-empty-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const firstLine = (command, flag) => execFileSync(command, [flag], { encoding: "utf8" }).split("\n")[0];

function compiled(name, compiler, source) {
  const file = join(folder, name);
  writeFileSync(file, source);
  const program = join(folder, name.replace(".", "-"));
  execFileSync(compiler, [file, "-o", program]);
  return [program];
}

const programs = [
  { name: "C, empty", version: firstLine("gcc", "--version"), command: compiled("empty.c", "gcc", "int main(void) { return 0; }\n") },
  {
    name: "C++, empty", version: firstLine("g++", "--version"),
    command: compiled("empty.cpp", "g++", "#include <iostream>\nint main() {}\n"),
  },
  { name: "Rust, empty", version: firstLine("/usr/bin/rustc", "--version"), command: compiled("empty.rs", "/usr/bin/rustc", "fn main() {}\n") },
  { name: "`python3 -c pass`", version: firstLine("/usr/bin/python3", "--version"), command: ["/usr/bin/python3", "-c", "pass"] },
  { name: "`node -e 0`", version: `node ${firstLine("node", "--version")}`, command: ["node", "-e", "0"] },
];

function row({ name, version, command }) {
  const json = join(folder, "report.json");
  execFileSync(mote_trace, ["--json", json, "--stacks=0", ...command], { stdio: "ignore" });
  const { phases } = JSON.parse(readFileSync(json));
  const cells = ["before main", "main"].flatMap((phase) => {
    const { allocated, in_use_after } = phases.find(({ name }) => name === phase);
    return [allocated, in_use_after].map(({ bytes, blocks }) => `${bytes.toLocaleString("en")} in ${blocks.toLocaleString("en")}`);
  });
  return `| ${name} | ${cells.join(" | ")} | ${version} |`;
}

const table = [
  "| program | allocated before main | in use when main begins | allocated by main | in use when it ends | |",
  "|---|---:|---:|---:|---:|---|",
  ...programs.map(row),
].join("\n");
const text = readFileSync(readme, "utf8");
const begin = "<!-- empty-programs:begin -->\n";
const end = "\n<!-- empty-programs:end -->";
const parts = [text.indexOf(begin), text.indexOf(end)];
if (parts.includes(-1)) throw new Error("README.md has no place for the table");
writeFileSync(readme, text.slice(0, parts[0] + begin.length) + table + text.slice(parts[1]));
console.log(table);
