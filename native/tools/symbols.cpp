#include "symbols.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <set>

namespace mote {
namespace {

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string demangled(const char* name) {
  int status = 0;
  char* const text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  ::free(text);
  return result;
}

// Where the file's virtual address 0 was in memory, or the module's begin when
// the file is not what it was.
uint64_t load_bias(const Module& module, int fd) {
  Elf* const elf = elf_begin(fd, ELF_C_READ_MMAP, nullptr);
  uint64_t bias = module.begin;
  size_t count = 0;
  if (elf != nullptr && elf_getphdrnum(elf, &count) == 0) {
    for (size_t i = 0; i < count; ++i) {
      GElf_Phdr part;
      if (gelf_getphdr(elf, static_cast<int>(i), &part) != nullptr &&
          part.p_type == PT_LOAD && part.p_offset == module.file_offset) {
        bias = module.begin - part.p_vaddr;
      }
    }
  }
  if (elf != nullptr) elf_end(elf);
  return bias;
}

}  // namespace

std::string Frame::text() const {
  std::string text = function;
  if (text.empty()) {
    char number[32];
    snprintf(number, sizeof number, "0x%llx",
             static_cast<unsigned long long>(address));
    text = number;
  }
  if (!source.empty()) return text + " at " + source;
  return module.empty() ? text : text + " in " + module;
}

struct Symbols::Files {
  char* debug_path = nullptr;
  Dwfl_Callbacks callbacks = {};
  Dwfl* dwfl = nullptr;
};

Symbols::Symbols(const std::vector<Module>& modules)
    : files_(std::make_unique<Files>()) {
  files_->callbacks.find_elf = dwfl_build_id_find_elf;
  files_->callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
  files_->callbacks.debuginfo_path = &files_->debug_path;
  elf_version(EV_CURRENT);
  files_->dwfl = dwfl_begin(&files_->callbacks);
  if (files_->dwfl == nullptr) return;
  dwfl_report_begin(files_->dwfl);
  std::set<std::string> reported;  // a file may have several parts of code
  for (const Module& module : modules) {
    if (!reported.insert(module.path).second) continue;
    const int fd = open(module.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;  // such as the kernel's own
    const uint64_t bias = load_bias(module, fd);
    // The descriptor is taken over unless this fails.
    if (dwfl_report_elf(files_->dwfl, file_name(module.path).c_str(),
                        module.path.c_str(), fd, bias, true) == nullptr) {
      close(fd);
    }
  }
  dwfl_report_end(files_->dwfl, nullptr, nullptr);
}

Symbols::~Symbols() {
  if (files_->dwfl != nullptr) dwfl_end(files_->dwfl);
}

const Frame& Symbols::frame(uint64_t return_address) {
  const auto [found, is_new] = frames_.try_emplace(return_address);
  Frame& frame = found->second;
  if (!is_new) return frame;
  frame.address = return_address;
  // The call stands before the address it returns to.
  const uint64_t address = return_address - 1;
  Dwfl_Module* const module = files_->dwfl == nullptr
                                  ? nullptr
                                  : dwfl_addrmodule(files_->dwfl, address);
  if (module == nullptr) return frame;
  const char* const module_name = dwfl_module_info(
      module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (module_name != nullptr) frame.module = module_name;
  const char* const name = dwfl_module_addrname(module, address);
  if (name != nullptr) frame.function = demangled(name);
  Dwfl_Line* const line = dwfl_module_getsrc(module, address);
  int number = 0;
  const char* const file =
      line == nullptr
          ? nullptr
          : dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  if (file != nullptr) {
    frame.source = file_name(file) + ":" + std::to_string(number);
  }
  return frame;
}

}  // namespace mote
