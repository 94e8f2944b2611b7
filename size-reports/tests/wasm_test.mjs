// The reader of modules: what it finds, and what it says of malformed ones.
import { deepEqual, equal, match } from 'node:assert/strict';
import { InputError } from '../tool/input.mjs';
import { readModule } from '../tool/wasm.mjs';
import { runTests } from './harness.mjs';
import { code, custom, declare, functions, header, leb, moduleOf, namesOf, section, text, vector, voidType } from './modules.mjs';

// The message that `bytes` lead to; anything but an InputError is a failure.
function rejection(bytes) {
  try {
    readModule(Buffer.from(bytes));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
  return 'accepted';
}

const featuresOf = (...body) => [...readModule(moduleOf(functions(body))).features].sort();

await runTests({
  'functions count the imported ones first'() {
    const imports = section(2, vector([...text('env'), ...text('f'), 0, 0]));
    const module = readModule(moduleOf(voidType, imports, declare(2), section(7, vector([...text('g'), 0, 2])), code([], [1, 1])));
    deepEqual(module.functions.map(({ index, size }) => [index, size]), [[1, 2], [2, 4]]);
    deepEqual(module.imports.map(({ module: from, name, kind }) => [from, name, kind]), [['env', 'f', 'function']]);
    deepEqual(module.exports, [{ name: 'g', kind: 'function', index: 2 }]);
  },
  'names, memories and data segments'() {
    const module = readModule(moduleOf(voidType, declare(1), section(5, vector([1, 2, 9])), code([]), section(11, vector([0, 0x41, 0, 0x0b, 3, 1, 2, 3])), namesOf([[0, 'f']])));
    equal(module.names.functions.get(0).name, 'f');
    deepEqual(module.memories, [{ initial: 2, maximum: 9, shared: false, is64: false }]);
    deepEqual(module.segments.map(({ size }) => size), [8]);
  },
  'features are found in the instructions'() {
    deepEqual(featuresOf(0x41, 1, 0xc0, 0x1a), ['sign-ext']);
    deepEqual(featuresOf(0xfc, 11, 0), ['bulk-memory']);
    deepEqual(featuresOf(0xfc, 2), ['nontrapping-fptoint']);
    deepEqual(featuresOf(0xfd, 12, ...new Array(16).fill(0x0b)), ['simd128']);
    deepEqual(featuresOf(0xfd, ...leb(0x101)), ['relaxed-simd']);
    deepEqual(featuresOf(0xfe, 0x10, 2, 0), ['atomics']);
    deepEqual(featuresOf(0x12, 0), ['tail-call']);
    deepEqual(featuresOf(0x1f, 0x40, 1, 0, 0, 0, 0x0b), ['exception-handling']);
    deepEqual(featuresOf(0x06, 0x40, 0x19, 0x0b), ['legacy-exceptions']);
    deepEqual(featuresOf(0xfb, 0, 0), ['gc']);
    deepEqual(featuresOf(0xd0, 0x70), ['reference-types']);
    deepEqual(featuresOf(0x28, 0x42, 1, 0), ['multimemory']);
    deepEqual(featuresOf(0x02, 0x40, 0x0b), []);
    deepEqual([...readModule(moduleOf(section(5, vector([7, 1, 1])))).features].sort(), ['atomics', 'memory64']);
    deepEqual(readModule(moduleOf(custom('target_features', vector([0x2b, ...text('simd128')], [0x2d, ...text('atomics')])))).targetFeatures, ['simd128']);
  },
  'every immediate has its length'() {
    // Were one too long or short, the end of the function would not be met.
    for (const body of [[0x0e, 1, 0, 0], [0x11, 0, 0], [0x43, 0x0b, 0x0b, 0x0b, 0x0b], [0x44, ...new Array(8).fill(0x0b)], [0x1c, 1, 0x7f],
      [0x42, 0x8b, 0x8b, 0x0b], [0xfd, 21, 5], [0xfd, 84, 0, 0, 3], [0xfb, 24, 0, 0, 0x70, 0x6e], [0xfe, 3, 0], [0xe3, 0, 1, 0, 0, 0], [0x3f, 0]]) {
      equal(rejection(moduleOf(functions(body))), 'accepted', body.join());
    }
  },
  'without a look into functions, unknown instructions are no error'() {
    const bytes = moduleOf(functions([0xff]));
    match(rejection(bytes), /unknown instruction 0xff \(at offset 23\)/);
    equal(readModule(bytes, { decodes: false }).functions.length, 1);
  },
  'what is malformed is named, with its offset'() {
    match(rejection([]), /the file is empty \(at offset 0\)/);
    match(rejection([0, 0x61, 0x73, 0x6d]), /ends in its header \(at offset 4\)/);
    match(rejection([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /a component, not a module \(at offset 4\)/);
    match(rejection([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), /not version 1/);
    match(rejection([...header, 77, 0]), /unknown section 77 \(at offset 8\)/);
    match(rejection([...header, 10, 100, 1]), /the code section says it has 100 bytes, 1 are left \(at offset 10\)/);
    match(rejection([...header, 10, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), /4294967295 elements does not fit its section \(at offset 10\)/);
    match(rejection([...header, 10, 5, 0x80, 0x80, 0x80, 0x80, 0x80]), /longer than its type \(at offset 10\)/);
    match(rejection([...header, 10, 5, 0xff, 0xff, 0xff, 0xff, 0x1f]), /larger than its type/);
    match(rejection([...header, 10]), /ends in the middle of a value \(at offset 9\)/);
    match(rejection(moduleOf(voidType, voidType)), /the type section is a second one or out of order \(at offset 14\)/);
    match(rejection(moduleOf(section(1, [0, 0]))), /goes on behind its contents/);
    match(rejection(moduleOf(section(1, vector([0x13])))), /unknown form of type 0x13/);
    match(rejection(moduleOf(section(1, vector([0x60, 1, 0x01, 0])))), /unknown type 0x1 /);
    match(rejection(moduleOf(section(2, vector([...text('a'), ...text('b'), 9])))), /import of unknown kind 9 \(at offset 15\)/);
    match(rejection(moduleOf(section(7, vector([...text('a'), 9, 0])))), /export of unknown kind 9/);
    match(rejection(moduleOf(section(5, vector([0x80, 1])))), /unknown flags of limits/);
    match(rejection(moduleOf(voidType, declare(2), code([]))), /2 functions are declared, 1 have a body/);
    match(rejection(moduleOf(functions([0x05]))), /an else outside of a block/);
    match(rejection(moduleOf(functions([0x0b, 0x01]))), /continues behind its end/);
    match(rejection(moduleOf(functions([0x02, 0x40]))), /ends in the middle/);
    match(rejection(moduleOf(section(11, vector([9])))), /unknown flags of a data segment/);
    match(rejection(moduleOf(section(7, vector([1, 0xff, 0, 0])))), /a name is not UTF-8/);
  },
  'a lying name section is named'() {
    match(rejection(moduleOf(functions([]), namesOf([[7, 'ghost']]))), /names function 7 "ghost", of 1 \(at offset 34\)/);
    match(rejection(moduleOf(functions([]), namesOf([[0, 'a'], [0, 'b']]))), /a second name for index 0/);
    match(rejection(moduleOf(functions([]), custom('name', [1, 100, 0]))), /a part of the name section says it has 100 bytes, 1 are left/);
    match(rejection(moduleOf(functions([]), custom('name', [1, 4, 1, 0, 200, 65]))), /a name says it has/);
    equal(rejection(moduleOf(functions([]), custom('name', [77, 1, 0]))), 'accepted');
  },
  'a module of nothing is one'() {
    equal(rejection(header), 'accepted');
  },
});
