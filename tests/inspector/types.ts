// What wasm/js/mote.d.ts allows, and by @ts-expect-error what it does not; checked
// by the TypeScript compiler, never run.
import { Block, Heap, HeapError, kinds, type Pieces, type Statistics } from '../../wasm/js/mote.js';

declare const instance: WebAssembly.Instance;
const heap = new Heap(instance.exports);
const numbers: Block<Float64Array> | null = heap.write(new Float64Array([1, 2]));
const room: Block<Uint16Array> | null = heap.allocate(3, Uint16Array);
const bytes: Block<Uint8Array> | null = heap.allocate(3);
const text = heap.writeText('text');
const first: number | undefined = numbers?.view[0];
const pieces: Pieces = heap.walk({ isOutline: true });
const { used, unusable }: Statistics = heap.statistics();
const isFree: boolean = pieces.kind[0] === kinds.free;
const read: string = heap.readText(text?.pointer ?? 0);
const error: Error = new HeapError('told');
Heap.ofEmscripten({});
new Heap({ memory: new WebAssembly.Memory({ initial: 1 }) });
for (const block of [numbers, room, bytes, text]) block?.free();

// @ts-expect-error a refused request is null
numbers.free();
// @ts-expect-error the pieces belong to the walk
pieces.count = 0;
// @ts-expect-error only arrays of numbers can be written
heap.write(['text']);
export { error, first, isFree, read, unusable, used };
