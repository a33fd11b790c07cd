// Prints a Rust v0 name (RFC 2603) while it reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "profiler/session.h"

namespace weir::profiler::rust {

// A back reference stands for what was there before, which may have back references
// of its own: the text is bounded, and so is the work, for some of it prints nothing.
inline constexpr std::size_t kMaxText = 64u << 10;
inline constexpr std::size_t kMaxSteps = 1u << 16;
inline constexpr std::size_t kMaxDepth = 256;

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

class V0Printer {
 public:
  // `name` begins behind "_R".
  V0Printer(std::string_view name, Demangle mode) : name_(name), end_(name.size()), mode_(mode) {}

  std::optional<std::string> run() {
    if (is_digit(peek())) return std::nullopt;  // a version that does not exist yet
    path(Separator::colons);
    if (!at_end()) {  // the crate that made it out of a generic one
      is_silent_ = true;
      path(Separator::none);
    }
    return failed_ || !at_end() ? std::nullopt : std::optional(std::move(out_));
  }

 private:
  enum class Separator : std::uint8_t { none, colons };  // before generic arguments: ::<> in expressions

  struct Identifier {
    std::int64_t disambiguator = 0;
    std::string name;
  };

  // Reading. After a failure nothing is left to read, so that everything ends.
  bool at_end() const { return at_ >= end_; }
  char peek() const { return at_end() ? '\0' : name_[at_]; }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  bool begin_step() {
    if (++depth_ > kMaxDepth || ++steps_ > kMaxSteps) fail();
    return !failed_;
  }

  void write(std::string_view text) {
    if (is_silent_ || failed_) return;
    if (out_.size() + text.size() > kMaxText) return fail();
    out_ += text;
  }
  void write(char c) { write(std::string_view(&c, 1)); }

  void path(Separator separator);
  void path_here(Separator separator);
  void nested_path(Separator separator);
  void implementation();
  Identifier identifier();
  std::int64_t disambiguator();
  std::string plain_identifier(bool& is_punycode);
  void generic_arguments();
  void generic_argument();
  void type();
  void type_here();
  void array();
  void tuple();
  void reference();
  void function();
  void abi();
  void dyn();
  void dyn_trait();
  bool open_path();
  void binder();
  void lifetime(std::int64_t index);
  void constant();
  void constant_value(char type);
  void character(std::uint64_t code);
  std::int64_t base62();
  std::size_t decimal();

  template <class Read>
  void back_reference(Read&& read);

  std::string_view name_;
  std::size_t at_ = 0;
  std::size_t end_;
  Demangle mode_;
  std::string out_;
  bool failed_ = false;
  bool is_silent_ = false;
  std::int64_t lifetimes_ = 0;  // bound around here
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
};

template <class Read>
void V0Printer::back_reference(Read&& read) {
  std::size_t here = at_++;
  std::int64_t target = base62();
  if (is_silent_ || failed_) return;
  if (target < 0 || static_cast<std::size_t>(target) >= here) return fail();
  std::size_t behind = std::exchange(at_, static_cast<std::size_t>(target));
  std::size_t outer_end = std::exchange(end_, here);
  read();
  end_ = outer_end;
  at_ = failed_ ? end_ : behind;
}

}  // namespace weir::profiler::rust
