// native CONTENDER ROW ROUNDS...: for each three, nanoseconds of processor time
// and the sum, a line each, once warm. Contender 5 is bumpalo.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rows.hpp"

extern "C" uint64_t run_contender(unsigned contender, unsigned row,
                                  unsigned rounds);
extern "C" uint64_t run_bumpalo(unsigned row, unsigned rounds);

static uint64_t nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(time.tv_nsec);
}

int main(int argc, char** argv) {
  for (int i = 1; i + 2 < argc; i += 3) {
    const auto number = [&](int at) {
      return static_cast<unsigned>(atoi(argv[i + at]));
    };
    const auto run = [&](unsigned rounds) {
      return number(0) == 5 ? run_bumpalo(number(1), rounds)
                            : run_contender(number(0), number(1), rounds);
    };
    run(5);  // has the chunks, and has touched them
    const uint64_t begin = nanoseconds();
    const uint64_t sum = run(number(2));
    printf("%llu %llu\n",
           static_cast<unsigned long long>(nanoseconds() - begin),
           static_cast<unsigned long long>(sum));
  }
}
