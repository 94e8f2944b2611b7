// Shows the runner the cases that the linker gathered.
#include "support/freestanding.hpp"

extern "C" {
extern mote_test::Case __start_mote_cases[];
extern mote_test::Case __stop_mote_cases[];

[[clang::export_name("case_count")]] unsigned case_count() {
  return static_cast<unsigned>(__stop_mote_cases - __start_mote_cases);
}

[[clang::export_name("case_at")]] mote_test::Case* case_at(unsigned index) {
  return &__start_mote_cases[index];
}

[[clang::export_name("run_case")]] void run_case(unsigned index) {
  __start_mote_cases[index].run();
}
}
