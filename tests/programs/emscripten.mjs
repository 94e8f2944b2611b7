// Runs a program that emcc linked with -sMODULARIZE, in node, bun or a page.
// `files`: [path, bytes] of what the program finds in its folder, and
// [path, null] of folders in it, each before what is in it.
export async function runEmscripten(factory, wasmBinary, files, args) {
  const lines = [];
  const program = await factory({
    noInitialRun: true,
    thisProgram: './program',
    wasmBinary,
    print: (line) => lines.push(line),
    printErr: (line) => console.warn(line),
  });
  for (const [path, bytes] of files) {
    if (bytes) program.FS.writeFile(`/${path}`, bytes);
    else if (!program.FS.analyzePath(`/${path}`).exists) program.FS.mkdir(`/${path}`);
  }
  const begin = performance.now();
  const status = program.callMain([...args]);
  const seconds = (performance.now() - begin) / 1000;
  return { status, seconds, memory: program.HEAPU8.buffer.byteLength, text: lines.map((line) => `${line}\n`).join('') };
}
