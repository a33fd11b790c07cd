#include "lang/library_function.h"

#include <fmt/core.h>

#include "lang/text.h"

namespace weir::lang {

Result<Value> LibraryFunction::call(const std::vector<Value>& arguments) const {
  CallResult result = invoke(arguments);
  if (result) return *std::move(result);
  const CallError& error = result.error();
  if (!error.argument) return fail("{}: {}", name_, error.mismatch.message);
  return fail("{}: argument {}{} {}", name_, *error.argument + 1, error.mismatch.path,
              error.mismatch.message);
}

CallResult LibraryFunction::invoke(const std::vector<Value>& arguments) const {
  CallResult result = body_(arguments);
  if (!result) return result;
  // Calls may be nested, each making more of what the one inside has made.
  if (const std::string* text = result->as_string(); text && text->size() > kLongestText)
    return call_error(fmt::format("the text would be longer than {} bytes", kLongestText));
  return result;
}

Value make_function(std::string_view name, LibraryFunction::Body body,
                    LibraryFunction::Parameters parameters) {
  return Value(std::shared_ptr<const Function>(
      std::make_shared<LibraryFunction>(name, std::move(body), std::move(parameters))));
}

std::unexpected<CallError> call_error(std::string message) {
  return std::unexpected(CallError{std::nullopt, {"", std::move(message)}});
}

std::unexpected<CallError> argument_error(std::size_t argument, Mismatch mismatch) {
  return std::unexpected(CallError{argument, std::move(mismatch)});
}

std::unexpected<CallError> wrong_count(std::string_view, std::string_view expected, std::size_t got) {
  return call_error(fmt::format("expected {} args, got {}", expected, got));
}

CallResult call_result(Result<Value> result) {
  if (result) return *std::move(result);
  return call_error(std::move(result).error().message);
}

}  // namespace weir::lang
