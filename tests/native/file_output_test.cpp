#include "file_output.hpp"

#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>

#include "global_heap.hpp"
#include "tracing.hpp"

namespace mote {
namespace {

TEST(file_output, what_is_written_stands_in_the_file) {
  FILE* const file = tmpfile();
  ASSERT_NE(file, nullptr);
  FileOutput output(fileno(file));
  output.write("one ", 4);
  output.write("two", 3);
  rewind(file);
  char text[16] = "";
  EXPECT_EQ(fread(text, 1, sizeof text, file), 7u);
  EXPECT_STREQ(text, "one two");
  fclose(file);
}

TEST(file_output, what_cannot_be_written_is_lost_and_errno_stays) {
  errno = 77;
  FileOutput(-1).write("nowhere", 7);
  EXPECT_EQ(errno, 77);
}

// The program's own malloc, traced to a file, with nothing allocated by that.
TEST(file_output, a_heap_is_traced_into_a_file) {
  FILE* const file = tmpfile();
  ASSERT_NE(file, nullptr);
  Tracing<GlobalHeap, BinaryTrace<FileOutput>> traced(
      {}, BinaryTrace(FileOutput(fileno(file))));
  void* const ptr = traced.allocate(100, 1);
  traced.free(ptr, 100, 1);
  rewind(file);
  uint8_t bytes[256];
  const size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  TraceDecoder decoder(bytes, length);
  TraceRecord record;
  ASSERT_TRUE(decoder.next(record));
  EXPECT_EQ(record.kind, TraceKind::allocate);
  EXPECT_EQ(record.address, address_of(ptr));
  ASSERT_TRUE(decoder.next(record));
  EXPECT_EQ(record.kind, TraceKind::free);
  EXPECT_FALSE(decoder.next(record));
}

}  // namespace
}  // namespace mote
