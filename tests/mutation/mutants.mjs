// The bugs that are planted: in `file`, `from`, which must be there exactly once,
// becomes `to`. One that no test can find says in `survives` why that is right.

import { basename } from 'node:path';

// Which test is a file's own where none has its name.
const ownTests = {
  'src/small_classes.hpp': 'unit/slabs_test',
  'src/common.hpp': 'unit/slabs_test',
  'src/page_map.hpp': 'unit/slabs_test',
  'src/c_names.inc': 'names/names_test',
  'src/seal.hpp': 'faults/hardened_test',
  'src/quarantine.hpp': 'faults/hardened_test',
  'src/hardened_heap.hpp': 'faults/hardened_test',
  'src/page_chunks.hpp': 'unit/arena_test',
  'src/statistics.hpp': 'unit/walk_test',
};
export const ownTest = (file) => ownTests[file] ?? `unit/${basename(file).replace(/\..*$/, '')}_test`;

const inFile = (file) => (bug, from, to, survives) => ({ file, bug, from, to, survives });

const bits = inFile('src/bits.hpp');
const config = inFile('src/config.hpp');
const freeList = inFile('src/free_list.hpp');
const back = inFile('src/back_heap.hpp');
const classes = inFile('src/small_classes.hpp');
const common = inFile('src/common.hpp');
const slabs = inFile('src/slabs.hpp');
const map = inFile('src/page_map.hpp');
const heap = inFile('src/heap.hpp');
const malloc = inFile('src/malloc.hpp');
const names = inFile('src/c_names.inc');
const seal = inFile('src/seal.hpp');
const quarantine = inFile('src/quarantine.hpp');
const hardened = inFile('src/hardened_heap.hpp');
const threads = inFile('src/thread_slabs.hpp');
const segments = inFile('src/segments.hpp');
const cache = inFile('src/block_cache.hpp');
const returned = inFile('src/returned_list.hpp');
const trace = inFile('src/trace_format.hpp');
const arena = inFile('src/arena.hpp');
const chunks = inFile('src/page_chunks.hpp');
const walk = inFile('src/walk.hpp');
const statistics = inFile('src/statistics.hpp');
const verify = inFile('src/verify.hpp');

export const mutants = [
  bits('rounds up one too far', 'value + alignment - 1) &', 'value + alignment) &'),
  bits('0 counts as a power of two', 'value != 0 && (value', '(value'),

  config('a segment may be one page', 'return c.segment_size >= 2 * c.slab_size &&', 'return'),
  config('a size may have no class that is large enough', 'c.slab_size / (c.small_size_max() + c.alignment) <= 7;', 'true;'),

  freeList('a popped neighbour keeps a stale link', 'next->back = node->back;', ''),
  freeList('a block leaves its list and keeps the back link', 'if constexpr (checks_links) node->back = 0;', ''),
  freeList('the first of a list is pushed over unlinked', 'if (first) first->back = back_to(node);', ''),
  freeList('links are exact addresses', 'reinterpret_cast<size_t>(list_or_node) - 1', 'reinterpret_cast<size_t>(list_or_node)'),

  back('does not merge with the free block behind', 'if (next->bits & is_free) {', 'if (false) {'),
  back('a size that wraps is one', '!config.checks_links || after(block) > block', 'true'),
  back('a size that no footer tells is believed', 'if (config.checks_links && at(next, -footer_size)->bits != size)', 'if (false)'),
  back('does not merge with the free block before', 'bool merges_before = bits & previous_free;', 'bool merges_before = false;'),
  back('a merged block keeps only its own size', 'size += detach(next);', 'detach(next);'),
  back('no footer is written', 'at(next, -footer_size)->bits = size;', ''),
  back('a block within a larger free one still looks used', 'block->bits = is_free;', ''),
  back('the neighbour of a free block is not told', 'set_previous_free(next);', ''),
  back('the neighbour of a taken block is not told', 'clear_previous_free(next);', ''),
  back('the end of the heap is an ordinary bin', 'size_to_bin(is_last ? SIZE_MAX : size)', 'size_to_bin(size)'),
  back('takes a block that is a granule too small', 'if (gap + block_size <= size_of(block_of(node)))', 'if (gap + block_size <= size_of(block_of(node)) + config.alignment)'),
  back('a footer stays in cleared memory', 'after(block_of(ptr))[-1].bits = 0;', ''),
  back('links in new memory are taken for zero', 'untouched_ = address_of(span.begin) + config.alignment + sizeof(FreeNode);', 'untouched_ = address_of(span.begin);'),
  back('a block of an earlier region is taken for new', 'from > address_of(end()) || ', ''),
  back('blocks in new memory are not noted', 'if (rest <= end() && untouched_ < touched_end) untouched_ = touched_end;', ''),
  back('a gap in front is not room for its own block', 'while (gap && gap < block_size_min) gap += align;', ''),
  back('the alignment is ignored', 'size_t gap = -address_of(node) & (align - 1);', 'size_t gap = 0;'),
  back('a gap is lost instead of freed', 'give(head, gap);', 'head->bits = gap | is_used;'),
  back('an aligned block keeps the mark of one that was freed there', 'if constexpr (config.thread_cache_bytes) node_of(block)->back = 0;', ''),
  back('keeps what is beyond the size', 'if (rest_size < block_size_min) return;', 'return;'),
  back('trims to less than a block', 'if (rest_size < block_size_min) return;', 'if (!rest_size) return;'),
  back('forgets the header in the block size', 'align_up(size + header_size, config.alignment)', 'align_up(size, config.alignment)'),
  back('grows in place by too much', 'block->bits += detach(next);', 'block->bits += detach(next) + config.alignment;'),
  back('grows in place into a block in use', 'if (!(next->bits & is_free) ||\n          size_of(block)', 'if (size_of(block)'),
  back('grows by what is there already, too', 'size -= credit < credit_max ? credit : credit_max;', ''),
  back('never asks for all of the memory', 'credit_max = 0;', ''),
  back('asks for too little from elsewhere', '2 * span_alignment + block_size_min;', '0;'),
  back('no bridge to the next region', 'sentinel->bits = bits + distance(sentinel, block);', ''),
  back('a size near the end of the address space wraps', 'if (size + align + size_slack < size) return nullptr;', ''),
  back('the spare memory is not asked for before growth', 'if (reclaim()) continue;', ''),
  back('a second free of a large block is not seen', 'if (bits & is_free) mote_trap_double_free();', ''),
  back('a pointer out of the heap is looked up', 'address_of(ptr) & flags || distance(origin(), block) >= extent_max()', 'address_of(ptr) & flags'),
  back('a header may lead out of the heap', '||\n        !leads_into_heap(block))', ')'),
  back('a footer is believed of a block in use', 'if (after(block)->bits & previous_free) mote_trap_invalid_pointer();', ''),
  back('the heap does not end where the source says', 'move_end(new_end);', ''),
  back('the tail keeps the size it had', 'tail->bits = distance(tail, new_end);', ''),
  back('eight bins an octave', 'return static_cast<unsigned>(top_bits) + (bit_count - 2 - zeros) * 4;', 'return 2 * static_cast<unsigned>(top_bits) + (bit_count - 2 - zeros) * 4;'),
  back('a released tail is not cleared when it comes again', 'sentinel->bits = 0;', ''),

  classes('a size of a whole granule is of the next class', 'return (size - 1) / config.alignment;', 'return size / config.alignment;'),
  classes('blocks too small for their links', 'if (size - 1 < config.alignment) size = sizeof(FreeNode);', ''),
  slabs('a popped block is not counted', '++*used_count(node);', ''),
  slabs('a freed block is not counted', 'return --*used_count(ptr) == 0;', 'return *used_count(ptr) == 0;'),
  slabs('a popped block keeps its link', 'list.first = next;\n    node->back = 0;', 'list.first = next;'),
  slabs('a link that leads out of its class is followed', 'if (next && common.map.at_block(next) != entry_of(class_index + 1))\n      mote_trap_corrupted_heap();', ''),
  slabs('an entry of the map leads behind the classes', 'if (entry - entry_of(0) > class_count) mote_trap_invalid_pointer();', ''),
  slabs('a pointer into a block is freed', '!Classes::divides(c.inverse, offset) ||', ''),
  slabs('what lies behind the last block is freed', ' ||\n        offset > block_bytes - c.block_size())', ')'),
  slabs('a second free in a slab is not seen', 'if (is_listed(common, c, node)) mote_trap_double_free();', ''),
  slabs('the first of a list is not seen as free', 'return c.list.first == node || (', 'return ('),
  slabs('the last block reaches into the count', '(next = block + block_size) <= end;', 'next = block + block_size, block < end;'),
  slabs('one block a slab is lost', '(next = block + block_size) <= end;', '(next = block + block_size) < end;',
    'natively what is cut ends four bytes off a granule, so no block ends where it does; on wasm one can'),
  slabs('an empty slab keeps its blocks on the list', 'for_each_block(c, slab,\n                   [](FreeNode* node) { unlink<config.checks_links>(node); });', ''),
  slabs('the popped first of the list is not repaired', 'repair_first(&c.list);', ''),
  slabs('a slab that returned is still in the map', 'common.map.set(spare, 0);', ''),
  slabs('a spare that is in use again returns', 'if (*used_count(slab)) return;', ''),
  slabs('no spare ever returns', 'c.spare = static_cast<uint32_t>(index);', ''),
  common('a slab without an entry is lost', 'back.give(BackHeap<config, Source>::block_of(block));', 'return nullptr;'),
  slabs('the count of a new slab is what was there', '*count_of(taken) = 0;', ''),
  slabs('the spares of one class only return', 'for (Class& c : classes_) retire(', 'for (Class& c : classes_) if (&c == classes_) retire('),
  classes('the inverse is one too small', 'divisor + 2;', 'divisor + 1;'),

  map('the map is not cleared', '__builtin_memset(entries, 0, size * sizeof(Entry));', ''),
  map('a map that doubles forgets', '__builtin_memcpy(entries, old, size_ * sizeof(Entry));', ''),
  map('a map that doubled is not given back', 'if constexpr (!Threading::is_shared) back.give(block_of(old, back));', ''),
  map('an overwritten size of the map is believed, hardened', 'if (config.is_hardened && Back::size_of(block)', 'if (false && Back::size_of(block)'),
  map('an overwritten header of the map is believed', 'Header* block = back.block_in_use(entries);', 'Header* block = Back::block_of(entries);'),
  map('an entry behind the end is read', 'return index < size ? entry(index) : Entry{0};', 'return index <= size ? entry(index) : Entry{0};'),
  map('covers one entry too few', 'if (index < size_) return true;', 'if (index <= size_) return true;'),

  heap('zeroed memory is not', 'return ptr ? __builtin_memset(ptr, 0, size) : nullptr;', 'return ptr;'),
  heap('one byte is not cleared', 'return ptr ? __builtin_memset(ptr, 0, size) : nullptr;', 'return ptr ? __builtin_memset(ptr, 0, size - !!size) : nullptr;'),
  heap('a moved block loses its last byte', 'copy(moved, ptr, old_size < size ? old_size : size)', 'copy(moved, ptr, (old_size < size ? old_size : size) - 1)'),
  heap('a moved block is not freed', '} else if constexpr (config.has_slabs) {\n        free(ptr);\n      } else {\n        back().give(moving);\n      }', '}'),
  heap('the old block is freed although the new one is refused', 'if (moved && ptr && moved != ptr) {', 'if (ptr && moved != ptr) {'),
  heap('reallocation never happens where it is', 'moved = allocate(size, align, moving);', 'moved = allocate(size, align);'),
  classes('the alignment in a slab is forgotten', 'return size_to_class(align_up(size, align));', 'return size_to_class(size);'),
  heap('a small block is said to be expanded', 'return Small::fits(size, block_size);', 'return true;'),

  malloc('calloc multiplies without a look', 'bool overflows = __builtin_mul_overflow(count, size, &total);', 'bool overflows = false;\n    total = count * size;'),
  malloc('any alignment is taken', 'if (is_power_of_two(align)) {', 'if (align) {'),
  malloc('posix_memalign takes less than a pointer', 'if (align < sizeof(void*) || align & (align - 1))', 'if (align & (align - 1))'),
  malloc('posix_memalign writes what it was refused', 'if (!ptr) return Errno::out_of_memory;\n    *result = ptr;', '*result = ptr;\n    if (!ptr) return Errno::out_of_memory;'),
  malloc('errno is not set', 'if (!ptr) Errno::set(Errno::out_of_memory);', ''),
  malloc('a null pointer is expanded', 'return ptr && heap.try_expand(ptr, size);', 'return heap.try_expand(ptr, size);'),
  malloc('zalloc does not clear', ': heap.allocate_zeroed(size, align + !align);', ': heap.allocate(size, align + !align);'),
  malloc('an alignment of 0 is passed on', 'return align & (align - 1) ? nullptr : heap.allocate(size, align + !align);', 'return align & (align - 1) ? nullptr : heap.allocate(size, align);'),

  names('sized reallocation forgets the alignment', 'return C::realloc_sized(ptr, old_size, align, new_size);', 'return C::realloc(ptr, new_size + 0 * (old_size + align));'),
  names('free_aligned_sized does nothing', 'void free_aligned_sized(void* ptr, size_t align, size_t size) {\n  C::free_sized(ptr, size, align);\n}', 'void free_aligned_sized(void*, size_t, size_t) {}'),

  segments('a link is followed wherever it leads', 'if (!is_marked_freed(node)) mote_trap_corrupted_heap();', ''),
  segments('what lies behind the last block of a page is freed', 'slab.limit = Classes::limit_of(block_size, slab.capacity);', 'slab.limit = slab.inverse;'),
  segments('a block is freed twice', 'return is_block(ptr, 0) &&\n           !is_marked_freed(static_cast<const FreeNode*>(ptr));', 'return is_block(ptr, 0);'),
  segments('what is no slab any more has blocks', 'slab.limit = 0;', ''),
  segments('an adopted slab stays on its list', 'slab.leave();\n    first_[class_index] = slab.free;', 'first_[class_index] = slab.free;'),
  segments('an adopted slab keeps its blocks', 'slab.free = nullptr;', ''),
  segments('the first free of a full slab is not counted', 'slab.countdown = slab.capacity - 1u;', 'slab.countdown = slab.capacity;'),
  segments('a slab is full for ever', 'slab.is_full = false;', ''),
  segments('the last page is cut as long as the others', '(index == slab_count - 1 ? Back::header_size : 0)', '0'),
  segments('a header is discarded', 'segment.touched & all_slabs >> 1;', 'segment.touched & all_slabs;'),
  segments('a page is discarded that has a slab', 'segment.unused & segment.touched &', 'segment.touched &'),
  segments('nothing is discarded', 'segment.touched |= segment.unused & -segment.unused;', ''),
  segments('a full segment stays among those with room', 'if (!segment.unused) segment.leave();', ''),
  segments('the map keeps a segment that returned', 'map.set(map.index_of(segment), 0);', ''),
  segments('a segment stays when it is empty', 'return is_needed ? nullptr : segment;', 'return nullptr;'),
  threads('a batch that is full is lost', 'batch.owner->returned.add(batch.first, batch.last);', ''),
  threads('a batch of another owner is not sent first', 'flush(batch);\n      batch.owner = owner;', 'batch.owner = owner;'),
  threads('batches stay when their thread ends', 'flush(*mine);\n    Guard guard(common.lock);\n    mine->next_abandoned', 'Guard guard(common.lock);\n    mine->next_abandoned'),
  threads('a heap is adopted twice', 'abandoned_ = mine->next_abandoned;', ''),
  threads('a second free in a batch is not seen', 'if (is_marked_freed(node)) mote_trap_double_free();', ''),
  threads('another thread frees a pointer into a block', 'if (!Small::is_block(ptr, entry)) mote_trap_invalid_pointer();', ''),
  threads('a link of a returned block is followed wherever it leads', 'if (!is_marked_freed(node)) mote_trap_corrupted_heap();', ''),
  threads('what was returned is not taken back before growth', ' drain(common, *one);', ';'),
  threads('what was taken back is not looked at before growth', 'release_kept(common);\n      return true;', 'release_kept(common);\n      return false;'),

  cache('more is kept than is allowed', 'is_full = bytes_ + block_size > config.thread_cache_bytes;', 'is_full = false;'),
  cache('a link is followed wherever it leads', '    // Whoever wrote to the block before could have had it lead anywhere.\n    if (!is_marked_freed(node)) mote_trap_corrupted_heap();', ''),
  cache('links are followed when all returns', '        if (!is_marked_freed(node)) mote_trap_corrupted_heap();\n        back', '        back'),
  cache('what is kept is not counted', 'bytes_ += block_size;', ''),
  cache('a kept block is served twice', 'first = node->next;\n    bytes_ -=', 'bytes_ -='),
  cache('a kept block is served to larger sizes', 'if (block_size > block_size_max) return nullptr;', 'if (block_size > block_size_max) return nullptr;\n    block_size -= config.alignment;'),

  returned('only the newest chain is kept', 'do last->next = next;', 'do last->next = nullptr;'),
  returned('what was taken is there still', 'return Atomics::exchange(&first_, static_cast<FreeNode*>(nullptr));', 'return Atomics::load(&first_);'),

  trace('a number of ten bytes may have more bits than 64', 'if (shift == 63 && byte > 1) return stop(TraceStatus::malformed);', ''),
  trace('a text reaches beyond the end', 'if (told > static_cast<size_t>(end_ - at_)) return stop(TraceStatus::cut);', ''),
  trace('a record may name a stack that is not there', '} else if (record.stack > node_count_) {', '} else if (record.stack > node_count_ + 1) {'),
  trace('the sign of a difference is lost', 'return number(difference << 1 ^ -(difference >> 63));', 'return number(difference << 1);'),

  arena('a block of another than the last is taken back', 'if (is_last(ptr, size)) position_', 'if (ptr) position_'),
  arena('a chunk is said to have room for one more byte', 'return size - 1 < static_cast<size_t>(end_ - ptr);', 'return size - 1 <= static_cast<size_t>(end_ - ptr);'),
  arena('the limit is not kept', 'if (size_bytes > left_bytes)\n', 'if (false)\n'),
  arena('a checkpoint forgets its position', 'if (position_ > to.position_) position_ = to.position_;', ''),
  arena('the shorter chunk is kept', 'spare_->size_bytes < left->size_bytes', 'spare_->size_bytes > left->size_bytes'),
  arena('chunks that are given back still count', 'chunk_bytes_ -= chunk->size_bytes;', ''),

  chunks('a span that is too short is served', 'if (found->size_bytes < size) continue;', ''),
  chunks('a served span stays on the list', '*link = found->next;', ''),

  walk('a region ends before its sentinel', 'return Back::distance(region, block) + Back::header_size;', 'return Back::distance(region, block);'),
  walk('what a thread keeps is in use', 'kind = mote_piece_free;\n    }\n    visit(mote_piece{payload', 'kind = mote_piece_used;\n    }\n    visit(mote_piece{payload'),
  statistics('one free block too many a slab', 'Walk::capacity(heap, slab) - used_count;', 'Walk::capacity(heap, slab) - used_count + 1;'),
  statistics('the largest free block is the last one', 'if (count && sum.largest_free_bytes < size)', 'if (count)'),

  freeList('a link is followed though it leads nowhere', 'if (checks_links && before->next != node)', 'if (false)'),
  freeList('the next node is not asked', 'checks_links && next->back != back_to(node)', 'false'),

  seal('the byte behind a block is not written', 'if (slack != at_) *slack = static_cast<char>(key());', ''),
  seal('the byte behind a block is not looked at', 'if (!has_known_slack(facts)) mote_trap_out_of_bounds();', ''),
  seal('what is no seal is taken for one', 'if (!facts.is_seal()) mote_trap_out_of_bounds();', ''),
  seal('a freed block is in use', 'if (!facts.is_in_use()) mote_trap_double_free();', ''),
  seal('the last word stays as it was', 'for (; at_ - at >= 8; at += 8) *', 'for (; at_ - at >= 24; at += 8) *'),
  seal('a large block is not cleared', '__builtin_memset(at, 0, static_cast<size_t>(at_ - at));', ''),
  seal('writes to a freed block are overlooked', 'if (!is_clear(block, begin)) mote_trap_use_after_free();', ''),
  seal('the alignment of every block is the least', 'leading_zeros(config.alignment)) &', 'leading_zeros(config.alignment)) & 0 &'),
  quarantine('a block leaves at once', 'place = block;\n    return before;', 'return block;'),
  quarantine('the last place is never taken', 'ring_[next_++ % count];\n    void* before', 'ring_[next_++ % (count - 1)];\n    void* before'),
  hardened('the neighbour is not looked at', 'Seal(source(), before, block_size).checked_facts();', ''),
  hardened('a pointer into a block is freed', 'if (offset % block_size) mote_trap_invalid_pointer();', ''),
  hardened('a size that is wrong is ignored', '(size != untold && size != seal.size_of(ptr, facts)) ||', ''),
  hardened('a wrong old size of a guarded block is ignored', 'if (old_size != untold && old_size != usable) mote_trap_mismatch();', ''),
  hardened('a block waits though memory is short', 'if (!release_quarantine()) return nullptr;', 'return nullptr;'),
  hardened('a size that wraps is served', 'if (room < size) return nullptr;', ''),
  hardened('an aligned block keeps its alignment in C', 'seal.set(ptr, size, Facts::of(Use::c, align));', 'seal.set(ptr, size, facts);'),
  hardened('blocks too small for their seal', 'if (room > size && room < Seal::block_size_min)', 'if (room > size && room < 1)'),

  hardened('what realloc cuts off stays as it was', 'if (config.clears_all_freed && size < usable)', 'if (false)'),
  verify('a freed block that waits nowhere is overlooked', 'if (!is_sealed && facts.is_seal()) return "Q1";', ''),
  verify('a stale seal is taken for that of a waiting block', '|| heap.quarantine_.has(payload)', '|| true'),
  verify('two free neighbours are overlooked', 'if (previous_free && is_free) return "B3";', ''),
  verify('a wrong count is overlooked', 'return count == Small::block_bytes / c.block_size() ? nullptr : "S2";', 'return nullptr;'),
];
