// A prefix of the page's paths, "/weir", for a server or a proxy that has other pages as well. "" is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::web {

// As a person writes it: "/" is none, and a slash at the end makes no difference.
Result<std::string> read_path_prefix(std::string_view text);

// What `path` is to the routes; nullopt where nothing of ours stands.
std::optional<std::string> below_prefix(std::string path, std::string_view prefix);

// Where who asks for the root, or forgets the last slash, finds the page; "" for any other path. Relative, so
// that it leads to the page behind a proxy that takes the prefix away, too.
std::string page_address(std::string_view path, std::string_view prefix);

}  // namespace weir::web
