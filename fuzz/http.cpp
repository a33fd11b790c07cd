// Any text is a URL or an error, any bytes a request, a response or an error;
// what was read can be written and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/message_reader.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::net {

namespace {

constexpr std::size_t kLimit = 4096;

void try_url(std::string_view text) {
  auto url = parse_url(text);
  auto base = parse_url("http://host/a/b?c");
  (void)parse_host_port(text);
  if (auto resolved = resolve_url(*base, text); resolved && !resolved->is_unix()) {
    if (!resolved->target.starts_with('/') || resolved->target.find_first_of(" \r\n") != std::string::npos)
      std::abort();
  }
  if (!url || url->is_unix()) return;
  if (url->host.empty() || !valid_header_value(url->authority() + url->target)) std::abort();
  auto again = parse_url(url->origin() + url->target);
  if (!again || again->host != url->host || again->port != url->port || again->target != url->target)
    std::abort();
}

void try_text(std::string_view text) {
  Request request{.target = "/?" + std::string(text)};
  (void)request.query("a");
  if (decode_query(text).size() > text.size()) std::abort();
  if (auto plain = gunzip(text, kLimit); plain && plain->size() > kLimit) std::abort();
}

// In pieces of one size; what a reader leaves comes again with more behind it.
template <class Reader>
ReadState read_in_pieces(Reader& reader, std::string_view data, std::size_t piece) {
  std::string buffer;
  while (!data.empty()) {
    buffer.append(data.substr(0, piece));
    data.remove_prefix(std::min(piece, data.size()));
    ReadState state = ReadState::head_done;
    while (state == ReadState::head_done && !buffer.empty()) {
      std::size_t used = 0;
      state = reader.feed(buffer, used);
      if (used > buffer.size()) std::abort();
      buffer.erase(0, used);
    }
    if (state == ReadState::done || state == ReadState::failed) return state;
  }
  return ReadState::need_more;
}

void try_messages(std::string_view data) {
  RequestReader whole(kLimit, kLimit), pieces(kLimit, kLimit);
  ReadState state = read_in_pieces(whole, data, data.size());
  ReadState other = read_in_pieces(pieces, data, 7);
  if ((state == ReadState::done) != (other == ReadState::done)) std::abort();
  if (state == ReadState::done && whole.request().body != pieces.request().body) std::abort();
  if (whole.request().body.size() > kLimit) std::abort();

  ResponseReader response({.max_header_bytes = kLimit, .max_body_bytes = kLimit});
  state = read_in_pieces(response, data, 5);
  if (state == ReadState::need_more) (void)response.finish();
  if (response.response().body.size() > kLimit) std::abort();
}

}  // namespace

void try_all(std::string_view text) {
  try_url(text);
  try_text(text);
  try_messages(text);
}

}  // namespace weir::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::net::try_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
