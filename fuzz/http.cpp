// Any bytes are a request, a response or an error, however they are cut into pieces; what is unpacked stays
// within its limit; what was read can be written and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/message_reader.h"
#include "net/message_writer.h"
#include "net/text.h"

namespace weir::net {

namespace {

constexpr std::size_t kLimit = 4096;

void must(bool holds) {
  if (!holds) std::abort();
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
      must(used <= buffer.size());
      buffer.erase(0, used);
    }
    if (state == ReadState::done || state == ReadState::failed) return state;
  }
  return ReadState::need_more;
}

// What a request asks for, a client can ask for again.
void write_again(const Request& request) {
  if (!request.target.starts_with('/')) return;
  ClientRequest copy{.method = request.method, .url = "http://h/", .body = request.body};
  for (const auto& [name, value] : request.headers.all()) copy.headers.add(name, value);
  if (copy.headers.has("Expect")) return;
  std::string bytes =
      request_head(copy, {.scheme = "http", .host = "h", .port = 80, .target = "/"}, request.target);
  RequestReader reader(4 * kLimit, kLimit);
  bool is_read = read_in_pieces(reader, bytes + request.body, kLimit) == ReadState::done;
  // What this room writes itself a reader may refuse twice.
  if (!is_read) return;
  must(reader.request().method == request.method && reader.request().target == request.target);
  must(reader.request().body == request.body);
}

void try_request(std::string_view data) {
  RequestReader whole(kLimit, kLimit), pieces(kLimit, kLimit);
  ReadState state = read_in_pieces(whole, data, data.size());
  ReadState other = read_in_pieces(pieces, data, 7);
  must((state == ReadState::done) == (other == ReadState::done));
  must(whole.request().body.size() <= kLimit && whole.body_bytes() <= kLimit);
  if (state != ReadState::done) return;
  must(whole.request().body == pieces.request().body);
  must(whole.request().headers.all() == pieces.request().headers.all());
  write_again(whole.request());
}

void try_response(std::string_view data) {
  ResponseReader collecting({.max_header_bytes = kLimit, .max_body_bytes = kLimit});
  ReadState state = read_in_pieces(collecting, data, 5);
  if (state == ReadState::need_more) state = collecting.finish();
  must(collecting.response().body.size() <= kLimit);
  // Streamed, and cut otherwise, it is the same body.
  std::string streamed;
  ResponseReader streaming(
      {.max_header_bytes = kLimit, .on_data = [&](std::string_view piece) { streamed += piece; }});
  ReadState other = read_in_pieces(streaming, data, 64);
  if (other == ReadState::need_more) other = streaming.finish();
  if (state != ReadState::done) return;
  must(other == ReadState::done && streamed == collecting.response().body);
  must(collecting.keep_alive() == streaming.keep_alive());
  if (auto plain = gunzip(collecting.response().body, kLimit)) must(plain->size() <= kLimit);
}

// Heads that a handler makes say what they mean to say, and no more.
void try_answer(std::string_view data) {
  std::size_t cut = data.size() / 2;
  Response response = Response::text(200, std::string(data.substr(cut)));
  response.headers.set(data.substr(0, cut / 2), data.substr(cut / 2, cut - cut / 2));
  std::string bytes = response_head(response, AfterReply::keep_alive) + std::string(response_body(response));
  ResponseReader reader({.max_header_bytes = 4 * data.size() + kLimit, .max_body_bytes = data.size()});
  must(read_in_pieces(reader, bytes, bytes.size()) == ReadState::done);
  must(reader.response().body == response.body);
}

}  // namespace

void try_all(std::string_view text) {
  try_request(text);
  try_response(text);
  try_answer(text);
  if (auto plain = gunzip(text, kLimit)) must(plain->size() <= kLimit);
}

}  // namespace weir::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::net::try_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
