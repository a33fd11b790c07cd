// The reference page of the HTTP API, made of the table that requests are checked against.
#pragma once

#include <string>

namespace weir::cli {

// docs/reference/http-api.md.
std::string http_api_page();

}  // namespace weir::cli
