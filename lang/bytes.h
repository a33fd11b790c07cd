// Bytes: a list of small numbers that is also a text, as a base64 decoder makes them. Put into a place
// for text it is the text; in an expression it is an array like any other.
#pragma once

#include <string>
#include <utility>

#include "lang/value.h"

namespace weir::lang {

class Bytes final : public List {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}

  const std::string& text() const { return bytes_; }
  std::size_t size() const override { return bytes_.size(); }
  Value at(std::size_t index) const override {
    return Value(std::int64_t{static_cast<unsigned char>(bytes_[index])});
  }

 private:
  std::string bytes_;
};

}  // namespace weir::lang
