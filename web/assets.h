// The page's files, embedded gzipped. Made by web/ui/build.mjs.
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

// The page of a file with a flame graph, gzipped: "%title%" and "%data%" stand for what it shows.
std::string_view flame_file_page();

}  // namespace weir::web
