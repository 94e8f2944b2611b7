// The cases of C++'s operators: what was created as one type is deleted as
// another.
#include "cases.hpp"

namespace {

// With a destructor, so that arrays of it keep their length before them. Like
// the usual std::string it points to itself while it is short, and otherwise to
// a block of its own.
class Text {
 public:
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() {
    if (start_ != short_text_) ::operator delete(start_);
  }

 private:
  char* start_ = short_text_;
  [[maybe_unused]] size_t size_ = 0;
  char short_text_[16] = {};
};

struct Nine {
  size_t numbers[9];
};

Outcome delete_as_array(auto* object) {
  delete[] opaque(object);
  return Outcome::missed;
}

Outcome delete_as_object(auto* array) {
  delete opaque(array);
  return Outcome::missed;
}

Outcome char_as_array(size_t) { return delete_as_array(new char); }
Outcome text_as_array(size_t) { return delete_as_array(new Text); }
Outcome chars_as_object(size_t count) {
  return delete_as_object(new char[count]);
}
Outcome texts_as_object(size_t count) {
  return delete_as_object(new Text[count]);
}
Outcome char_as_nine_numbers(size_t) {
  return delete_as_object(reinterpret_cast<Nine*>(opaque(new char)));
}

Outcome break_no_rule(size_t count) {
  for (int round = 0; round < 16; ++round) {
    delete opaque(new char);
    delete opaque(new Text);
    delete opaque(new Nine);
    delete[] opaque(new char[count]);
    delete[] opaque(new Text[count]);
  }
  return Outcome::missed;
}

constexpr const char* kind = "mismatched delete";
constexpr Event events[] = {
    {kind, "invalid_array_delete_char", char_as_array},
    {kind, "invalid_array_delete_string", text_as_array},
    {kind, "invalid_delete_array_char", chars_as_object},
    {kind, "invalid_delete_array_string", texts_as_object},
    {kind, "delete_type_size_mismatch", char_as_nine_numbers},
    {control_kind, "control_operators", break_no_rule},
};

constexpr Size sizes[] = {{nullptr, 4096}};

}  // namespace

const CaseTable case_table = {{events, sizeof events / sizeof events[0]},
                              {sizes, sizeof sizes / sizeof sizes[0]}};
