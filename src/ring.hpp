// A list whose last member leads back to its head, so that whatever is on it
// can leave without a question, and join at either end.
//
//   +-> head <-> member <-> member <-+
//   +--------------------------------+
#pragma once

namespace mote {

struct Links {
  Links* next;
  Links* back;
};

static inline void begin_ring(Links* head) { head->next = head->back = head; }

static inline bool is_alone(const Links* links) { return links->next == links; }

// As the last one, where `place` is the head.
static inline void join_before(Links* place, Links* links) {
  links->next = place;
  links->back = place->back;
  place->back->next = links;
  place->back = links;
}

static inline void leave(Links* links) {
  links->next->back = links->back;
  links->back->next = links->next;
}

}  // namespace mote
