// The answer to a list request, read as it arrives: each object is handed on
// and forgotten, so that a list of 10 MB takes the memory of its largest object.
// What is too large to be one is skipped and counted: the others go on.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::discovery {

// An object, or an event of a watch, as text: what is longer is skipped. 1.5 MB in etcd are six times as
// much JSON, escaped.
inline constexpr std::size_t kMostKubernetesText = 16u << 20;
// What is longer than that is no object, but an answer that does not end.
inline constexpr std::size_t kEndlessKubernetesText = 64u << 20;
// Whether it would take more memory than what is no accident takes.
bool is_too_large_json(std::string_view text);

class KubernetesListReader {
 public:
  struct Head {
    std::string resource_version;
    std::string next;  // token of the next page; "" at the end
  };
  using Each = std::function<void(const boost::json::object&)>;

  explicit KubernetesListReader(Each each) : each_(std::move(each)) {}

  // The next bytes, cut anywhere. After an error nothing more may be given.
  Result<> read(std::string_view piece);
  // What stood around the objects; fails where the text is not whole, or no list.
  Result<Head> finish() const;
  // Objects that were skipped, as they are too large.
  std::uint64_t too_large() const { return too_large_; }

 private:
  void scan(char c);
  bool opens_items() const;
  Result<> end_of_item();

  Each each_;
  std::string frame_;  // the text without its items
  std::string item_;
  std::size_t item_size_ = 0;  // all of it, also of what is skipped
  std::uint64_t too_large_ = 0;
  int depth_ = 0;  // of brackets that are open
  bool in_items_ = false, in_string_ = false, escaped_ = false;
};

}  // namespace weir::discovery
