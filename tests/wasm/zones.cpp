// What a program has beside the heap: data before mote's own, as it is
// initialised, and behind it, as this file is linked last. overwritten.mjs sees
// whether they change.
#include <stdint.h>

extern "C" {
constexpr int zone_words = 1024;
alignas(16) uint32_t zone_before[zone_words] = {1};
alignas(16) uint32_t zone_behind[zone_words];
}
