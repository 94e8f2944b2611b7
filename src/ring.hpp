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

  // As a head that has no members.
  void begin() { next = back = this; }
  bool has_members() const { return next != this; }
  bool has_one_member() const { return next == back; }

  // As the last one, where `place` is the head.
  void join_before(Links* place) {
    next = place;
    back = place->back;
    place->back->next = this;
    place->back = this;
  }
  void leave() {
    next->back = back;
    back->next = next;
  }
};

}  // namespace mote
