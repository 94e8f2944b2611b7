// A program that uses mote as its malloc, however it found the library.
#include <mote/mote.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

int main() {
  void* block = mote_alloc(100, 64);
  if (mote_usable_size(block) < 100) return 1;
  // mote traps on a pointer that is not its own, so these also show that the C
  // library's and C++'s names are mote's.
  std::free(block);
  mote_free_sized(std::malloc(40), 40, 0);
  std::vector<std::string> words(1000,
                                 "a word that is too long for the inside");
  if (mote_usable_size(words.data()) < 1000 * sizeof(std::string)) return 1;
  std::puts("mote serves this program");
}
