#include "web/flame_file.h"

#include <string_view>

#include "base/json.h"
#include "net/text.h"
#include "profile/pprof.h"
#include "web/assets.h"
#include "web/flame_json.h"
#include "web/site.h"

namespace weir::web {
namespace {

constexpr std::size_t kLargest = 16 << 20;

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string data_of(const profile::FlameTree& tree, const FlameFacts& facts) {
  JsonWriter json;
  json.begin_object().member("title", facts.title).member("unit", facts.unit);
  json.member("from", unix_ms(facts.start))
      .member("until", unix_ms(facts.start) + facts.duration / std::chrono::milliseconds(1));
  json.member("samples", tree.samples()).member("completeSamples", tree.complete_samples());
  if (!facts.before_title.empty()) json.member("before", facts.before_title);
  json.key("facts").begin_array();
  for (const auto& [name, value] : facts.rows) json.begin_array().value(name).value(value).end_array();
  json.end_array().key("losses").begin_array();
  for (const auto& loss : facts.losses) {
    json.begin_object().member("reason", loss.reason).member("meaning", loss.meaning);
    json.member("count", loss.count).end_object();
  }
  json.end_array().key("flame");
  write_flame(json, tree);
  json.end_object();
  return json.take();
}

// Puts `value` where `mark` stands, which is there once.
void fill_in(std::string& text, std::string_view mark, std::string_view value) {
  std::size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), value);
}

}  // namespace

std::string flame_file(const profile::FlameTree& tree, const FlameFacts& facts) {
  auto page = profile::gunzip(flame_file_page(), kLargest);
  if (!page) return "";
  // Base64 has no character that could end what it stands in, whatever the names are.
  std::string data = net::base64(profile::gzip(data_of(tree, facts)));
  // The title comes last: one that looks like the mark of the data finds none.
  fill_in(*page, "%data%", data);
  fill_in(*page, "%title%", escaped(facts.title));
  return *std::move(page);
}

}  // namespace weir::web
