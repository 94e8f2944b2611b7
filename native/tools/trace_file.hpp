// The file that a traced process writes, mapped piece by piece ahead of its
// use: what is written is the kernel's, so a killed process loses nothing.
//
// No descriptor stays open: a program that closes those it does not know, or
// counts them, sees none, and nothing is ever written to what got the number
// afterwards. Space is allocated before it is mapped, because a store to a
// mapped page that the disk has no room for is a SIGBUS.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mote {

class TraceFile {
 public:
  // Creates `path`, which must not exist: 0, or an error number. The directory
  // may be moved away from, not renamed.
  int create(const char* path) {
    const size_t length = strlen(path);
    if (length >= sizeof path_) return ENAMETOOLONG;
    memcpy(path_, path, length + 1);
    const int fd = open(path_, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return errno;
    close(fd);
    window_offset_ = 0;
    at_ = window_ = nullptr;
    return map();
  }

  // In a fork's child, whose parent goes on writing: the mapping is dropped,
  // the file left alone.
  void abandon() {
    if (window_ != nullptr) munmap(window_, window_bytes_);
    at_ = window_ = nullptr;
  }

  // Makes room for `size` bytes more: 0, or why there is none. What is still
  // there then is `spare_bytes` at least, for a last word.
  int reserve(size_t size) {
    const size_t needed = size + spare_bytes;
    return needed <= room() ? 0 : map();
  }

  // Where the next byte goes, and the end of what was put there.
  uint8_t* begin() const { return at_; }
  void commit(uint8_t* end) { at_ = end; }

  // Cuts the file to what was written. Writing may go on, if it must.
  void trim() {
    if (window_ == nullptr) return;
    const auto length = static_cast<off_t>(written_bytes());
    if (truncate(path_, length) != 0) return;  // zeros at the end do no harm
    munmap(window_, window_bytes_);
    window_offset_ = static_cast<size_t>(length);
    at_ = window_ = nullptr;
  }

  size_t written_bytes() const {
    return window_offset_ + static_cast<size_t>(at_ - window_);
  }

  // A record with the longest path fits.
  static constexpr size_t spare_bytes = 512;
  static constexpr size_t window_bytes_max = 1 << 20;
  static constexpr size_t first_window_bytes = 1 << 16;

 private:
  char path_[PATH_MAX] = "";
  size_t window_offset_ = 0;  // of the window in the file
  size_t window_bytes_ = 0;
  uint8_t* window_ = nullptr;  // mapped memory, null between two
  uint8_t* at_ = nullptr;

  size_t room() const {
    return window_ == nullptr
               ? 0
               : static_cast<size_t>(window_ + window_bytes_ - at_);
  }

  // The window moves up to where writing stands. On an error the old one stays.
  int map() {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t written = written_bytes();
    const size_t offset = written & ~(page - 1);
    // A short run leaves a short file, even if it is killed.
    const size_t length = offset == 0 ? first_window_bytes : window_bytes_max;
    // Beyond this limit the kernel would send a signal that ends the program.
    rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
        offset + length > limit.rlim_cur) {
      return EFBIG;
    }
    const int fd = open(path_, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = posix_fallocate(fd, static_cast<off_t>(offset), length);
    if (error == 0) {
      void* const window = mmap(nullptr, length, PROT_READ | PROT_WRITE,
                                MAP_SHARED, fd, static_cast<off_t>(offset));
      if (window == MAP_FAILED) {
        error = errno;
      } else {
        if (window_ != nullptr) munmap(window_, window_bytes_);
        window_ = static_cast<uint8_t*>(window);
        window_bytes_ = length;
        window_offset_ = offset;
        at_ = window_ + (written - offset);
      }
    }
    close(fd);
    return error;
  }
};

}  // namespace mote
