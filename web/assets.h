// The page's files, embedded gzipped. The table is made by web/ui/build.mjs.
#pragma once

#include <span>
#include <string_view>

namespace weir::web {

struct Asset {
  std::string_view path;  // "app-1a2b3c4d.js"; "" is the page itself
  std::string_view content_type;
  std::string_view etag;     // of the content, quoted
  std::string_view gzipped;  // lives as long as the program
};

std::span<const Asset> embedded_assets();

}  // namespace weir::web
