// Where this program is: what belongs to it is found from there, in a build's
// folder as well as where it was installed.
#pragma once

#include <filesystem>

namespace mote {

inline std::filesystem::path own_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace mote
