#include "net/http.h"

#include <algorithm>

#include "net/query.h"
#include "net/text.h"

namespace weir::net {

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(all_, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
}

void Headers::add(std::string_view name, std::string_view value) {
  all_.emplace_back(name, value);
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::ranges::any_of(all_,
                             [&](const auto& header) { return equal_ignoring_case(header.first, name); });
}

std::string_view Request::path() const {
  std::string_view text = target;
  return text.substr(0, text.find('?'));
}

std::string Request::query(std::string_view name) const {
  for (const QueryPair& pair : split_query(target)) {
    if (decode_query(pair.name) == name) return decode_query(pair.value);
  }
  return {};
}

Response Response::text(int status, std::string body) {
  Response response{.status = status, .body = std::move(body)};
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  return response;
}

Response Response::json(int status, std::string body) {
  Response response{.status = status, .body = std::move(body)};
  response.headers.set("Content-Type", "application/json");
  return response;
}

Response Response::stream(EventStream events) {
  Response response{.events = std::move(events)};
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  // A proxy that collects bodies before it passes them on would pass on none.
  response.headers.set("X-Accel-Buffering", "no");
  return response;
}

}  // namespace weir::net
