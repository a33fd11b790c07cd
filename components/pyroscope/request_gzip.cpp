#include "components/pyroscope/request_gzip.h"

#include <algorithm>
#include <string_view>

namespace weir::pyroscope {
namespace {

constexpr int kMostDoubts = 3;

bool names_gzip(std::string_view encodings) {
  constexpr std::string_view kBetween = ", ;\t";
  for (std::size_t from = 0; (from = encodings.find_first_not_of(kBetween, from)) != encodings.npos;) {
    std::size_t end = std::min(encodings.find_first_of(kBetween, from), encodings.size());
    if (encodings.substr(from, end - from) == "gzip") return true;
    from = end;
  }
  return false;
}

// Connect's word for an encoding a server does not know.
bool is_about_encoding(const runtime::FetchResponse& answer) {
  return answer.status == 415 || answer.status == 501 ||
         (answer.status >= 400 && answer.body.find("\"unimplemented\"") != std::string::npos);
}

// So may a server answer that took the gzipped bytes for a message.
bool may_not_have_understood(int status) {
  return status == 400 || status == 422 || status == 500;
}

}  // namespace

bool RequestGzip::learn(const runtime::FetchResponse& answer, bool was_gzipped) {
  if (was_gzipped && is_about_encoding(answer)) {
    state_ = State::refused;
    return true;
  }
  if (was_gzipped && state_ != State::works && may_not_have_understood(answer.status)) {
    state_ = ++doubts_ < kMostDoubts ? State::unknown : State::refused;
    return true;
  }
  if (was_gzipped && answer.status == 200) state_ = State::works;
  if (state_ == State::unknown && names_gzip(answer.header("Accept-Encoding"))) state_ = State::announced;
  return false;
}

}  // namespace weir::pyroscope
