// C++ on mote: operator new, collections, streams.
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "mote/inspect.h"

int main() {
  mote_statistics before, after;
  mote_stats(&before);
  std::map<std::string, std::vector<int>> lists;
  for (int i = 0; i < 20000; ++i)
    lists["a list with number " + std::to_string(i % 500)].push_back(i);
  long sum = 0;
  for (const auto& [name, list] : lists)
    for (int number : list) sum += number;
  mote_stats(&after);
  if (after.used_bytes < before.used_bytes + 80000) return 1;
  std::cout << lists.size() << " lists, " << sum << std::endl;
  return sum == 199990000 ? 0 : 1;
}
