// A program whose compiling is work: heavy headers, many templates. Compiled to
// assembly, never run.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

struct Circle {
  double radius;
};
struct Square {
  double side;
};
struct Triangle {
  double base, height;
};
using Shape = std::variant<Circle, Square, Triangle>;

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};

double area(const Shape& shape) {
  return std::visit(
      Overload{[](const Circle& c) { return 3.14159 * c.radius * c.radius; },
               [](const Square& s) { return s.side * s.side; },
               [](const Triangle& t) { return t.base * t.height / 2; }},
      shape);
}

template <size_t n>
struct Table {
  std::map<std::array<int, n>,
           std::unordered_map<std::string, std::vector<Shape>>>
      rows;

  double total() const {
    double sum = 0;
    for (const auto& [key, names] : rows)
      for (const auto& [name, shapes] : names)
        sum += std::transform_reduce(shapes.begin(), shapes.end(),
                                     key[n / 2] * 1.0, std::plus<>{}, area);
    return sum;
  }

  void fill(std::mt19937& random) {
    for (int i = 0; i < 100; ++i) {
      std::array<int, n> key;
      std::ranges::generate(key,
                            [&] { return static_cast<int>(random() % 7); });
      auto& shapes = rows[key][std::to_string(random())];
      shapes.emplace_back(Circle{1.0 * i});
      shapes.emplace_back(Square{2.0 * i});
      std::ranges::sort(shapes, {}, area);
    }
  }
};

template <size_t... n>
double all(std::index_sequence<n...>, std::mt19937& random) {
  std::tuple<Table<n + 1>...> tables;
  std::apply([&](auto&... table) { (table.fill(random), ...); }, tables);
  return std::apply([](const auto&... table) { return (table.total() + ...); },
                    tables);
}

std::vector<std::string> find(const std::string& text,
                              const std::string& pattern) {
  std::regex expression(pattern, std::regex::ECMAScript | std::regex::icase);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end;
       it != end; ++it)
    found.push_back(it->str());
  return found;
}

}  // namespace

int main() {
  std::mt19937 random(1);
  std::cout << all(std::make_index_sequence<12>{}, random) << '\n';
  for (const auto& word : find("the quick brown fox", "(q|b)[a-z]+"))
    std::cout << word << '\n';
  auto squares = std::views::iota(1, 100) |
                 std::views::filter([](int i) { return i % 3 == 0; }) |
                 std::views::transform([](int i) { return i * i; });
  std::cout << std::accumulate(squares.begin(), squares.end(), 0) << '\n';
}
