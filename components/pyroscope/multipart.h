// Multipart: the parts of a multipart/form-data body (RFC 7578), as profilers send them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::pyroscope {

struct Part {
  std::string name;          // of the form's field
  std::string_view content;  // points into the body
};

// "" when the content type names none.
std::string multipart_boundary(std::string_view content_type);

// At most 16 parts.
Result<std::vector<Part>> split_multipart(std::string_view body, std::string_view boundary);

}  // namespace weir::pyroscope
