// What a WASI program imports, from node's `wasi`. Node 20 lets V8 call its
// functions on a path of its own ("fast API calls") once they were called often
// enough; a program that then ends by proc_exit leaves V8's state damaged, and
// node crashes while it ends itself (20.20.2, in KeyedLoadIC_Megamorphic: half of
// the runs of a program with a thousand lines of output, all of them with
// --single-threaded; none with --no-turbo-fast-api-calls). A function of
// JavaScript between them is not called that way.
export function wasiImports(wasi) {
  return Object.fromEntries(Object.entries(wasi.wasiImport).map(
    ([name, call]) => [name, (...args) => call(...args)]));
}
