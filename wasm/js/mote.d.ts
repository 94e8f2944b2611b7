/** The heap of a wasm module that was built with mote. No dependency. */

/** Thrown for a module without the exports, a heap that was overwritten, a block
 * that was freed. */
export class HeapError extends Error {}

export type Elements =
  | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array
  | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

export interface ElementsConstructor<T extends Elements> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** A block of the heap. It stays valid when the memory grows. */
export class Block<T extends Elements> {
  /** Address in the memory; 0 once freed. */
  readonly pointer: number;
  /** Elements. */
  readonly length: number;
  /** The elements where they are. Dead once the memory has grown: ask again. */
  readonly view: T;
  /** The bytes as UTF-8. */
  readonly text: string;
  /** Gives the block back. Throws the second time. */
  free(): void;
}

/** What a module must export: `malloc` and `free` to allocate, `mote_layout` for
 * `walk` and `statistics`. */
export interface HeapExports {
  memory: { readonly buffer: ArrayBufferLike };
  malloc?(size: number): number;
  free?(pointer: number): void;
  mote_layout?(): number;
}

/** The kinds of pieces. */
export const kinds: { readonly region: 0; readonly slab: 1; readonly used: 2; readonly free: 3; readonly map: 4 };

/** Columns; the first `count` of each are valid, until the next walk. A region
 * holds the pieces that follow it, a slab the small blocks that follow it. */
export interface Pieces {
  readonly count: number;
  readonly address: Uint32Array;
  /** Bytes; of a block, those that may be used. */
  readonly size: Uint32Array;
  readonly kind: Uint8Array;
  /** Of a slab: the size of its blocks, and how many are in use. */
  readonly blockSize: Uint16Array;
  readonly usedCount: Uint16Array;
}

/** Sizes in bytes. */
export interface Statistics {
  readonly footprint: number;
  readonly used: number;
  readonly free: number;
  readonly usedCount: number;
  readonly freeCount: number;
  readonly slabCount: number;
  readonly regionCount: number;
  readonly largestFree: number;
  /** Where the first region begins; undefined while the heap is empty. */
  readonly begin?: number;
  /** Bytes in blocks of 2^i to 2^(i+1) - 1 bytes. */
  readonly usedBySize: Float64Array;
  readonly freeBySize: Float64Array;
  /** The share of the free memory in blocks too small for `bytes`, 0 to 1. */
  unusable(bytes: number): number;
}

export class Heap {
  constructor(exports: HeapExports | WebAssembly.Exports);
  /** Of what Emscripten's glue returns. */
  static ofEmscripten(module: object): Heap;
  readonly memory: { readonly buffer: ArrayBufferLike };
  /** Not cleared; null when memory is refused. */
  allocate(length: number): Block<Uint8Array> | null;
  allocate<T extends Elements>(length: number, type: ElementsConstructor<T>): Block<T> | null;
  /** A copy of the array; null when memory is refused. */
  write<T extends Elements>(array: T): Block<T> | null;
  /** UTF-8 with a zero behind it; null when memory is refused. */
  writeText(text: string): Block<Uint8Array> | null;
  /** The text at an address, up to a zero. */
  readText(pointer: number): string;
  /** Every piece of the heap, in one pass over the memory; an outline leaves out
   * the blocks in slabs. */
  walk(options?: { isOutline?: boolean }): Pieces;
  statistics(): Statistics;
}
