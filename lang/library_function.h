// How a library function is written: typed parameters, a lambda for the body. Arguments are converted by the
// codecs, and errors know which argument they are about.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lang/codec.h"
#include "lang/value.h"

namespace weir::lang {

struct CallError {
  std::optional<std::size_t> argument;  // which one is to blame; none: the call as a whole
  Mismatch mismatch;
};
using CallResult = std::expected<Value, CallError>;

class LibraryFunction final : public Function {
 public:
  using Body = std::function<CallResult(const std::vector<Value>& arguments)>;

  // By the codec's type of each; nullopt: any number of any type.
  using Parameters = std::optional<std::vector<std::string>>;

  LibraryFunction(std::string_view name, Body body, Parameters parameters)
      : name_(name), body_(std::move(body)), parameters_(std::move(parameters)) {}

  std::string_view name() const override { return name_; }
  const Parameters& parameters() const { return parameters_; }
  Result<Value> call(const std::vector<Value>& arguments) const override;
  // No text becomes longer than kLongestText.
  CallResult invoke(const std::vector<Value>& arguments) const;

 private:
  std::string name_;
  Body body_;
  Parameters parameters_;
};

Value make_function(std::string_view name, LibraryFunction::Body body,
                    LibraryFunction::Parameters parameters = std::nullopt);
std::unexpected<CallError> call_error(std::string message);
std::unexpected<CallError> argument_error(std::size_t argument, Mismatch mismatch);
std::unexpected<CallError> wrong_count(std::string_view name, std::string_view expected, std::size_t got);
CallResult call_result(Result<Value> result);

// typed<std::string, std::string>("split", [](const std::string& text, const std::string& by) ->
// Result<Value> …)
template <class... Parameters, class BodyFn>
Value typed(std::string_view name, BodyFn body) {
  auto call = [name, body](const std::vector<Value>& arguments) -> CallResult {
    constexpr std::size_t kCount = sizeof...(Parameters);
    if (arguments.size() != kCount) return wrong_count(name, std::to_string(kCount), arguments.size());
    std::size_t next = 0;
    // Braces order the conversions from left to right.
    std::tuple<Converted<Parameters>...> converted{Codec<Parameters>::from_value(arguments[next++])...};
    std::optional<CallError> wrong;
    std::size_t index = 0;
    auto look = [&](const auto& one) {
      if (!one && !wrong) wrong = CallError{index, one.error()};
      ++index;
    };
    return std::apply(
        [&](const auto&... one) -> CallResult {
          (look(one), ...);
          if (wrong) return std::unexpected(*std::move(wrong));
          return call_result(body(*one...));
        },
        converted);
  };
  return make_function(name, std::move(call), std::vector<std::string>{Codec<Parameters>::type()...});
}

}  // namespace weir::lang
