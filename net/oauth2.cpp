#include "net/oauth2.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "base/ascii.h"
#include "base/number.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::net {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostShown = 200;
constexpr Duration kLongest = std::chrono::seconds(30);
// A token that is about to expire may do so on its way.
constexpr Duration kMargin = std::chrono::seconds(10);

void add_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form.append(encode_query(name)).append("=").append(encode_query(value));
}

// Of a server's text, what can be shown on one line.
std::string shown(std::string_view text) {
  std::string result(trim(text).substr(0, kMostShown));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return result;
}

struct Answer {
  std::string access_token, token_type, error, description;
  double seconds = 0;
};

double number_of(std::string_view text) {
  return whole_number<double>(text).value_or(0);
}

Answer from_json(const json::object& object) {
  auto text = [&](std::string_view key) {
    const json::value* value = object.if_contains(key);
    const json::string* string = value ? value->if_string() : nullptr;
    return string ? std::string(*string) : std::string();
  };
  Answer answer{.access_token = text("access_token"),
                .token_type = text("token_type"),
                .error = text("error"),
                .description = text("error_description"),
                .seconds = number_of(text("expires_in"))};
  const json::value* seconds = object.if_contains("expires_in");
  if (seconds && seconds->is_number()) answer.seconds = seconds->to_number<double>();
  return answer;
}

// Some servers answer with a form.
Answer from_form(std::string_view body) {
  Request form{.target = "/?" + std::string(body)};
  return {.access_token = form.query("access_token"),
          .token_type = form.query("token_type"),
          .error = form.query("error"),
          .description = form.query("error_description"),
          .seconds = number_of(form.query("expires_in"))};
}

Result<Answer> parse(const ClientResponse& response) {
  std::string type = to_lower(response.headers.get("Content-Type"));
  if (type.starts_with("application/x-www-form-urlencoded") || type.starts_with("text/plain")) {
    if (!trim(response.body).starts_with('{')) return from_form(response.body);
  }
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  if (error) return fail("its answer is no JSON: {}", error.message());
  const json::object* object = value.if_object();
  if (!object) return fail("its answer is no JSON object");
  return from_json(*object);
}

std::string key_of(const OAuth2Options& options) {
  const TlsOptions& tls = options.tls;
  const ProxyOptions& proxy = options.proxy;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
                     options.token_url, options.client_id, options.client_secret, options.scopes,
                     options.endpoint_params, tls.ca_pem, tls.ca_file, tls.cert_pem, tls.cert_file,
                     tls.key_pem, tls.key_file, tls.server_name, tls.insecure_skip_verify, tls.min_version,
                     proxy.url, proxy.no_proxy, proxy.from_environment, proxy.connect_headers);
}

}  // namespace

ClientRequest token_request(const OAuth2Options& options, ClientNaming naming) {
  std::string form;
  add_field(form, "grant_type", "client_credentials");
  if (!options.scopes.empty()) add_field(form, "scope", fmt::format("{}", fmt::join(options.scopes, " ")));
  for (const auto& [name, value] : options.endpoint_params) add_field(form, name, value);
  ClientRequest request{.method = "POST",
                        .url = options.token_url,
                        .tls = options.tls,
                        .follow_redirects = false,  // the secret is for this server only
                        .proxy = options.proxy,
                        .total_timeout = kLongest,
                        .max_body_bytes = kMostBytes};
  if (naming == ClientNaming::header) {
    std::string pair = encode_query(options.client_id) + ":" + encode_query(options.client_secret);
    request.own_headers.set("Authorization", "Basic " + base64(pair));
  } else {
    add_field(form, "client_id", options.client_id);
    add_field(form, "client_secret", options.client_secret);
  }
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "application/json");
  request.body = std::move(form);
  return request;
}

Result<AccessToken> read_token(const ClientResponse& response) {
  auto answer = parse(response);
  bool is_good = response.status >= 200 && response.status <= 299;
  if (!is_good || (answer && !answer->error.empty())) {
    std::string said = answer ? shown(answer->error + " " + answer->description) : std::string();
    return fail("it answered {} {}{}{}", response.status, reason_phrase(response.status),
                said.empty() ? "" : ": ", said);
  }
  if (!answer) return fail(answer.error());
  if (answer->access_token.empty()) return fail("its answer has no access_token");
  std::string type = answer->token_type;
  if (type.empty() || equal_ignoring_case(type, "bearer")) type = "Bearer";
  AccessToken token{.authorization = type + " " + answer->access_token};
  if (!valid_header_value(token.authorization)) return fail("its access_token holds a control character");
  constexpr double kYear = 365 * 24 * 3600;
  if (answer->seconds > 0) {
    token.lifetime =
        std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::min(answer->seconds, kYear))));
  }
  return token;
}

struct Tokens::Fetch {
  bool is_done = false;
  Result<std::string> result;  // the header's value
  std::vector<asio::steady_timer*> waiting;
};

std::shared_ptr<Tokens::Entry> Tokens::entry(const OAuth2Options& options) {
  constexpr std::size_t kMost = 64;
  std::string key = key_of(options);
  auto it = entries_.find(key);
  if (it == entries_.end()) {
    // Those who wait for a fetch hold what they need of it.
    if (entries_.size() >= kMost) {
      entries_.erase(
          std::ranges::min_element(entries_, {}, [](const auto& pair) { return pair.second->used; }));
    }
    it = entries_.emplace(std::move(key), std::make_shared<Entry>()).first;
  }
  it->second->used = Clock::now();
  return it->second;
}

asio::awaitable<Result<std::string>> Tokens::get(const OAuth2Options& options, asio::steady_timer& waiting) {
  std::shared_ptr<Entry> found = entry(options);
  if (!found->authorization.empty() && Clock::now() < found->good_until) co_return found->authorization;
  bool is_first = !found->fetch;
  if (is_first) found->fetch = std::make_shared<Fetch>();
  std::shared_ptr<Fetch> under_way = found->fetch;
  if (is_first) fetch(found, options);
  if (!under_way->is_done) {
    waiting.expires_at(Clock::time_point::max());
    under_way->waiting.push_back(&waiting);
    co_await waiting.async_wait(kResult);
    std::erase(under_way->waiting, &waiting);
  }
  if (!under_way->is_done) co_return fail("cancelled");
  co_return under_way->result;
}

void Tokens::refuse(const OAuth2Options& options, std::string_view authorization) {
  std::shared_ptr<Entry> found = entry(options);
  if (found->authorization == authorization) found->authorization.clear();
}

void Tokens::fetch(std::shared_ptr<Entry> entry, OAuth2Options options) {
  ClientRequest request = token_request(options, entry->naming);
  send_(std::move(request), [this, entry, options = std::move(options)](Result<ClientResponse> response) {
    if (!response) return finish(*entry, fail(response.error()));
    bool is_refused = response->status >= 400 && response->status <= 499 && response->status != 429;
    if (is_refused && !entry->naming_known && entry->naming == ClientNaming::header) {
      entry->naming = ClientNaming::form;
      return fetch(entry, options);
    }
    auto token = read_token(*response);
    // Which way the server does not take can be said only when it takes the other.
    if (token) entry->naming_known = true;
    if (!token && !entry->naming_known) entry->naming = ClientNaming::header;
    auto url = parse_url(options.token_url);
    if (!token && url) token = fail("{}: {}", url->origin() + url->target, token.error().message);
    finish(*entry, std::move(token));
  });
}

void Tokens::finish(Entry& entry, Result<AccessToken> token) {
  std::shared_ptr<Fetch> done = std::move(entry.fetch);
  done->is_done = true;
  entry.authorization.clear();
  if (token) {
    entry.authorization = token->authorization;
    bool is_endless = token->lifetime == Duration::max();
    Duration good_for = token->lifetime > 2 * kMargin ? token->lifetime - kMargin : token->lifetime / 2;
    entry.good_until = is_endless ? Clock::time_point::max() : Clock::now() + good_for;
    done->result = entry.authorization;
  } else {
    done->result = fail("oauth2: {}", token.error().message);
  }
  for (asio::steady_timer* timer : done->waiting) timer->cancel();
}

}  // namespace weir::net
