// Draws a linear memory as a map: cells of a power of two bytes, from the lowest
// address on, in rows. A cell's colour says how large the blocks in it are, and
// how much of it is in use.
import { kinds } from '../js/layout.js';

// Blocks of up to so many bytes have a colour of their own; larger ones the last.
export const toneMaxima = [32, 64, 128, 256, 512, 4096, 65536, Infinity];
const mapTone = toneMaxima.length; // of the page map
const levels = 16;
const cellSideMin = 2; // CSS pixels

const toneBySearch = (size) => toneMaxima.findIndex((max) => size <= max);
// Most blocks are small, and a heap may have a million.
const smallTones = Uint8Array.from({ length: 4097 }, (_, size) => toneBySearch(size));
export const toneOf = (size) => (size <= 4096 ? smallTones[size] : toneBySearch(size));

function rgb(color) {
  const value = parseInt(color.trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
const packed = ([red, green, blue]) => (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
const mixed = (from, to, share) => from.map((part, i) => Math.round(part + (to[i] - part) * share));

// The colours of the page's theme, by tone and level.
function readColors() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => rgb(style.getPropertyValue(name));
  const free = color('--free');
  const tones = [...toneMaxima.map((_, i) => color(`--tone-${i}`)), color('--own')];
  return {
    outside: packed(color('--outside')),
    // What is in use stands out from what is free however little it is.
    used: Uint32Array.from(tones.flatMap((tone) => Array.from({ length: levels }, (_, i) => packed(mixed(free, tone, i === 0 ? 0 : 0.25 + 0.75 * i / (levels - 1)))))),
  };
}

export class HeapMap {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', { alpha: false });
  }

  // How many bytes a cell must hold for `bytes` to fit.
  bytesPerCellFor(bytes) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const cellCountMax = Math.max(1, width * height / cellSideMin ** 2);
    let bytesPerCell = 16;
    while (bytes > bytesPerCell * cellCountMax * 0.95) bytesPerCell *= 2;
    return bytesPerCell;
  }

  // The cells' grid: square cells as large as the canvas allows.
  #arrange(bytes, bytesPerCell) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const cellCount = Math.max(1, Math.ceil(bytes / bytesPerCell));
    let side = Math.max(1, Math.sqrt(width * height / cellCount));
    while (Math.floor(width / side) * Math.floor(height / side) < cellCount) side *= 0.99;
    const columns = Math.max(1, Math.floor(width / side));
    const rows = Math.max(1, Math.floor(height / side));
    if (columns === this.columns && rows === this.rows && bytesPerCell === this.bytesPerCell) return;
    Object.assign(this, { columns, rows, bytesPerCell, cellLog2: Math.log2(bytesPerCell) });
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.filled = new Float32Array(columns * rows);
    this.tone = new Uint8Array(columns * rows);
    this.isHeap = new Uint8Array(columns * rows);
  }

  // `bytes`: what the picture has room for.
  draw(pieces, bytes, bytesPerCell = this.bytesPerCellFor(bytes)) {
    this.#arrange(bytes, bytesPerCell);
    this.filled.fill(0);
    this.isHeap.fill(0);
    this.colors ??= readColors();
    const { address, size, kind, blockSize, usedCount } = pieces;
    for (let i = 0; i < pieces.count; ++i) {
      if (kind[i] === kinds.used) this.#fill(address[i], size[i], 1, toneOf(size[i]));
      else if (kind[i] === kinds.region) this.isHeap.fill(1, Math.floor(address[i] / bytesPerCell), Math.ceil((address[i] + size[i]) / bytesPerCell));
      else if (kind[i] === kinds.map) this.#fill(address[i], size[i], 1, mapTone);
      else if (kind[i] === kinds.slab && pieces.isOutline) this.#fill(address[i], size[i], usedCount[i] * blockSize[i] / size[i], toneOf(blockSize[i]));
    }
    this.#paint();
  }

  #fill(address, size, share, tone) {
    const { filled, bytesPerCell, cellLog2 } = this;
    const first = address >>> cellLog2;
    const last = (address + size - 1) >>> cellLog2;
    if (share === 0) return;
    if (first === last) {
      filled[first] += size * share;
      this.tone[first] = tone;
      return;
    }
    filled[first] += ((first + 1) * bytesPerCell - address) * share;
    filled[last] += (address + size - last * bytesPerCell) * share;
    for (let cell = first + 1; cell < last; ++cell) filled[cell] = bytesPerCell * share;
    for (let cell = first; cell <= last; ++cell) this.tone[cell] = tone;
  }

  #paint() {
    const { pixels, filled, tone, isHeap, colors: { outside, used } } = this;
    const perLevel = (levels - 1) / this.bytesPerCell;
    for (let cell = 0; cell < pixels.length; ++cell) {
      const level = Math.min(levels - 1, Math.ceil(filled[cell] * perLevel));
      pixels[cell] = isHeap[cell] === 0 ? outside : used[tone[cell] * levels + level];
    }
    this.context.putImageData(this.image, 0, 0);
  }

  // After a change of the theme.
  forgetColors() {
    this.colors = undefined;
  }

  // The bytes of the cell under a pointer: { begin, end }.
  bytesAt({ offsetX, offsetY }) {
    const column = Math.floor(offsetX / this.canvas.clientWidth * this.columns);
    const row = Math.floor(offsetY / this.canvas.clientHeight * this.rows);
    const begin = (row * this.columns + column) * this.bytesPerCell;
    return { begin, end: begin + this.bytesPerCell };
  }
}
