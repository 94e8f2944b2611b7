#include "trace_input.hpp"

#include <lzma.h>
#include <stdio.h>
#include <string.h>

#include <cerrno>
#include <memory>

namespace mote {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes read_all(const std::string& path) {
  const bool is_input = path == "-";
  const std::unique_ptr<FILE, int (*)(FILE*)> file(
      is_input ? stdin : fopen(path.c_str(), "rb"),
      is_input ? [](FILE*) { return 0; } : fclose);
  if (!file) throw Failure(path + ": " + strerror(errno));
  Bytes bytes;
  constexpr size_t step = 1 << 20;
  for (size_t length = 0;;) {
    bytes.resize(length + step);
    const size_t got = fread(bytes.data() + length, 1, step, file.get());
    length += got;
    if (got < step) {
      if (ferror(file.get())) throw Failure(path + ": " + strerror(errno));
      bytes.resize(length);
      return bytes;
    }
  }
}

bool is_xz(const Bytes& bytes) {
  constexpr uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
  return bytes.size() > sizeof magic &&
         memcmp(bytes.data(), magic, sizeof magic) == 0;
}

Bytes uncompressed(const Bytes& compressed, const std::string& path) {
  lzma_stream stream = LZMA_STREAM_INIT;
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> guard(&stream,
                                                                   lzma_end);
  if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) {
    throw Failure(path + ": liblzma has no memory");
  }
  stream.next_in = compressed.data();
  stream.avail_in = compressed.size();
  Bytes bytes(compressed.size() * 8);
  for (;;) {
    stream.next_out = bytes.data() + stream.total_out;
    stream.avail_out = bytes.size() - stream.total_out;
    const lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    if (result == LZMA_STREAM_END) break;
    if (result != LZMA_OK) throw Failure(path + ": is not whole, or damaged");
    if (stream.avail_out == 0) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(stream.total_out);
  return bytes;
}

const char* what_is_wrong(TraceStatus status) {
  switch (status) {
    case TraceStatus::foreign:
      return "is not a mote trace";
    case TraceStatus::other_version:
      return "is a trace of another version of mote";
    case TraceStatus::cut:
      return "is cut off within its header";
    default:
      return "has a damaged header";
  }
}

}  // namespace

std::vector<uint8_t> read_trace(const std::string& path) {
  Bytes bytes = read_all(path);
  if (is_xz(bytes)) bytes = uncompressed(bytes, path);
  const TraceDecoder decoder(bytes.data(), bytes.size());
  if (decoder.status() != TraceStatus::good) {
    throw Failure(path + ": " + what_is_wrong(decoder.status()));
  }
  return bytes;
}

std::string describe_end(const TraceDecoder& decoder, const uint8_t* trace) {
  const auto offset = std::to_string(decoder.next_position() - trace);
  switch (decoder.status()) {
    case TraceStatus::cut:
      return "the trace is cut off within a record, at byte " + offset;
    case TraceStatus::malformed:
      return "the trace is damaged at byte " + offset +
             "; what follows is ignored";
    default:
      return "";
  }
}

}  // namespace mote
