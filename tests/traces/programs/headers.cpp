// Input of the compilers: heavy headers, some templates instantiated.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

int main() {
  std::map<std::string, std::vector<int>> groups;
  std::unordered_map<int, std::unique_ptr<std::string>> names;
  std::regex word("[a-z]+[0-9]*");
  std::istringstream input("one1 two2 three3 four4");
  for (std::string token; input >> token;) {
    if (std::regex_match(token, word)) groups[token].push_back(token.size());
    names[token.size()] = std::make_unique<std::string>(token);
  }
  std::function<int(int)> twice = [&](int n) { return 2 * n; };
  for (auto& [name, sizes] : groups) {
    std::sort(sizes.begin(), sizes.end());
    std::cout << name << ' ' << twice(sizes[0]) << '\n';
  }
}
