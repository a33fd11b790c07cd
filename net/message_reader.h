// Reads one HTTP/1 message from bytes as they come. The grammar is Beast's;
// what to keep, and how much of it, is ours.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace weir::net {

enum class ReadState { need_more, head_done, done, failed };
enum class ReadFailure { none, malformed, header_too_big, body_too_big };

// Of a request. Feed it until done or failed; after head_done feed the rest.
class RequestReader {
 public:
  RequestReader(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~RequestReader();

  // Takes bytes from the front of `data` and says how many. What it leaves must
  // be at the front of the next call, with more behind it.
  ReadState feed(std::string_view data, std::size_t& used);

  Request& request();
  std::size_t body_bytes() const;  // as far as it has come
  bool keep_alive() const;
  bool is_http_1_1() const;
  ReadFailure failure() const;
  const std::string& reason() const;  // of the failure

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of a response.
class ResponseReader {
 public:
  struct Options {
    std::size_t max_header_bytes = 64 << 10;
    std::size_t max_body_bytes = 64 << 20;            // of a collected body
    bool without_body = false;                        // the answer to HEAD or CONNECT
    std::function<void(std::string_view)> on_data{};  // set: pieces go there
  };
  explicit ResponseReader(Options options);
  ~ResponseReader();

  ReadState feed(std::string_view data, std::size_t& used);
  // The connection ended: done when the message may end so, else failed.
  ReadState finish();

  ClientResponse& response();
  bool keep_alive() const;
  const std::string& reason() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::net
