// The figures of mote_stats as text. Not by a stream, which may be closed.
#pragma once

namespace mote {

// Where malloc_info.cpp has it: programs that do not ask link none of it.
void print_statistics(int descriptor);

}  // namespace mote
