// The answer to a list request, read as it arrives: each object is handed on
// and forgotten, so that a list of 10 MB takes the memory of its largest object.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::discovery {

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

 private:
  void scan(char c);
  bool opens_items() const;
  Result<> end_of_item();

  Each each_;
  std::string frame_;  // the text without its items
  std::string item_;
  int depth_ = 0;  // of brackets that are open
  bool in_items_ = false, in_string_ = false, escaped_ = false;
};

}  // namespace weir::discovery
