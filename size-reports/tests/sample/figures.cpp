// Something of everything that a file can hold: functions, templates, constant,
// initialised and zeroed data.
namespace sample {

template <int capacity>
struct Stack {
  int count = 0;
  int items[capacity];
  bool push(int value);
};

template <int capacity>
bool Stack<capacity>::push(int value) {
  if (count == capacity) return false;
  items[count++] = value;
  return true;
}

template struct Stack<4>;

Stack<100> zeroed;
int initialised[5] = {1, 2, 3, 4, 5};
extern const char constant[];
const char constant[] = "a constant of thirty-two bytes.";

bool push(int value) { return zeroed.push(value + initialised[value % 5]); }

}  // namespace sample

extern "C" int first(int i) { return sample::constant[i]; }

int main(int count, char**) { return sample::push(count) + first(count); }
