#include "components/import_http.h"

#include <fmt/format.h>

#include "net/url.h"
#include "runtime/plan_inputs.h"

namespace weir {
namespace {

// What the text is called in messages: without credentials, and with its suffix at the end.
std::string name_of(const std::string& url) {
  std::string name = url.substr(0, url.find_first_of("?#"));
  std::size_t host = name.find("://") + 3;
  std::size_t at = name.substr(host, name.find('/', host) - host).rfind('@');
  return at == std::string::npos ? name : name.erase(host, at + 1);
}

}  // namespace

void ImportHttp::Arguments::check(lang::Problems& problems) const {
  if (auto parsed = net::parse_url(url); !parsed) problems.add("url", parsed.error().message);
}

void ImportHttp::apply(Arguments args) {
  args_ = std::move(args);
  ask();
}

void ImportHttp::stop() {
  fetch_ = nullptr;
  timer_ = nullptr;
}

void ImportHttp::ask() {
  timer_ = ctx_.after(args_.poll_frequency, [this] { ask(); });
  runtime::FetchRequest request{.method = args_.method,
                                .url = args_.url,
                                .total_timeout = args_.poll_timeout,
                                .max_body_bytes = runtime::kMaxContentBytes};
  for (const auto& [name, value] : args_.headers) request.headers.emplace_back(name, value);
  if (args_.client) {
    if (auto applied = args_.client->apply_to(request); !applied) return complain(applied.error().message);
  }
  fetch_ = ctx_.fetch(std::move(request), {.on_done = [this](const auto& response) { show(response); }});
}

void ImportHttp::show(const Result<runtime::FetchResponse>& response) {
  if (!response) return complain(response.error().message);
  if (response->status != 200)
    return complain(fmt::format("{}: HTTP {}", name_of(args_.url), response->status));
  ctx_.set_health(runtime::HealthState::healthy, fmt::format("read {}", name_of(args_.url)));
  ctx_.publish_object(lang::Value::ordered_object({{name_of(args_.url), response->body}}));
}

void ImportHttp::complain(std::string why) {
  ctx_.set_health(runtime::HealthState::unhealthy,
                  fmt::format("{}; tried again every {}", why, format_duration(args_.poll_frequency)));
}

}  // namespace weir
