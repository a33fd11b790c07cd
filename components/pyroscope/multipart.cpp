#include "components/pyroscope/multipart.h"

#include "base/ascii.h"
#include "net/text.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kMostParts = 16;
constexpr std::size_t kMostBoundary = 70;  // RFC 2046, 5.1.1

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A parameter of a header's value: `form-data; name="profile"; filename="x"`. A quoted one may hold a
// semicolon.
std::string parameter(std::string_view value, std::string_view wanted) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos && at < value.size()) {
    value.remove_prefix(at + 1);
    std::size_t equals = value.find('=');
    if (equals == std::string_view::npos) return "";
    std::string_view name = trim(value.substr(0, equals));
    value.remove_prefix(equals + 1);
    std::string text;
    if (value.starts_with('"')) {
      std::size_t i = 1;
      for (; i < value.size() && value[i] != '"'; ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
      }
      at = value.find(';', i);
    } else {
      at = value.find(';');
      text = trim(value.substr(0, at));
    }
    if (equal_ignoring_case(name, wanted)) return text;
  }
  return "";
}

std::string name_of(std::string_view headers) {
  while (!headers.empty()) {
    std::size_t end = headers.find("\r\n");
    std::string_view line = headers.substr(0, end);
    headers.remove_prefix(end == std::string_view::npos ? headers.size() : end + 2);
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (equal_ignoring_case(trim(line.substr(0, colon)), "content-disposition"))
      return parameter(line.substr(colon + 1), "name");
  }
  return "";
}

}  // namespace

std::string multipart_boundary(std::string_view content_type) {
  std::string_view kind = trim(content_type.substr(0, content_type.find(';')));
  if (!equal_ignoring_case(kind, "multipart/form-data")) return "";
  std::string boundary = parameter(content_type, "boundary");
  return boundary.size() <= kMostBoundary ? boundary : "";
}

Result<std::vector<Part>> split_multipart(std::string_view body, std::string_view boundary) {
  std::string line = "--" + std::string(boundary);
  std::vector<Part> parts;
  std::size_t at = body.find(line);
  if (at == std::string_view::npos) return fail("multipart: the boundary does not occur");
  line.insert(0, "\r\n");  // of every further one it is a part
  at += line.size() - 2;
  while (!body.substr(at).starts_with("--")) {
    std::size_t begin = body.find("\r\n", at);
    std::size_t head = begin == std::string_view::npos ? begin : body.find("\r\n\r\n", begin);
    std::size_t end = head == std::string_view::npos ? head : body.find(line, head + 2);
    if (end == std::string_view::npos) return fail("multipart: cut off in part {}", parts.size() + 1);
    if (parts.size() == kMostParts) return fail("multipart: more than {} parts", kMostParts);
    std::string_view headers = head > begin ? body.substr(begin + 2, head - begin - 2) : std::string_view();
    std::size_t content = head + 4;
    parts.push_back(
        {name_of(headers), end > content ? body.substr(content, end - content) : std::string_view()});
    at = end + line.size();
  }
  return parts;
}

}  // namespace weir::pyroscope
