#include "net/message_writer.h"

#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include "net/text.h"

namespace weir::net {

namespace {

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// What this room writes itself.
bool is_framing(std::string_view name) {
  for (std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
    if (equal_ignoring_case(name, own)) return true;
  }
  return false;
}

// Always in English, whatever the locale: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t time) {
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  gmtime_r(&time, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday, kMonths[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void add_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view response_body(const Response& response) {
  if (!has_body(response.status)) return {};
  return response.body.empty() ? response.static_body : std::string_view(response.body);
}

std::string response_head(const Response& response, AfterReply after) {
  std::string head;
  head.reserve(256);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 reason_phrase(response.status), http_date(std::time(nullptr)));
  for (const auto& [name, value] : response.headers.all()) {
    if (!is_framing(name) && valid_header_name(name) && valid_header_value(value)) {
      add_header(head, name, value);
    }
  }
  // The end of a stream is that of the connection.
  if (has_body(response.status) && !response.events) {
    add_header(head, "Content-Length", std::to_string(response_body(response).size()));
  }
  add_header(head, "Connection", after == AfterReply::close ? "close" : "keep-alive");
  head += "\r\n";
  return head;
}

std::string request_head(const ClientRequest& request, const Url& url, std::string_view target) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, target);
  const Headers& given = request.headers;
  if (!given.has("Host")) add_header(head, "Host", url.authority());
  if (!given.has("User-Agent")) add_header(head, "User-Agent", "weir");
  for (const auto& [name, value] : given.all()) {
    if (!is_framing(name)) add_header(head, name, value);
  }
  if (!url.user_info.empty() && !given.has("Authorization")) {
    add_header(head, "Authorization", "Basic " + base64(url.user_info));
  }
  bool sends_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (sends_body || !request.body.empty()) {
    add_header(head, "Content-Length", std::to_string(request.body.size()));
  }
  head += "\r\n";
  return head;
}

}  // namespace weir::net
