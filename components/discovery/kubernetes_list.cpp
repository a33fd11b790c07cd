#include "components/discovery/kubernetes_list.h"

#include "components/json_reader.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kMostJsonMemory = 256u << 20;
constexpr std::size_t kMaxFrame = 256u << 10;  // kind, versions, a token
constexpr int kItemsDepth = 2;                 // of the elements of .items
constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

}  // namespace

bool is_too_large_json(std::string_view text) {
  // Most are far from it.
  constexpr std::size_t kSmall = 1u << 20;
  return text.size() > kSmall && json_bytes(text) > kMostJsonMemory;
}

// Whether the bracket that comes next belongs to the list's "items".
bool KubernetesListReader::opens_items() const {
  std::string_view before = frame_;
  auto cut = [&](std::string_view what) { before = before.substr(0, before.find_last_not_of(what) + 1); };
  cut(kBlanks);
  if (!before.ends_with(':')) return false;
  before.remove_suffix(1);
  cut(kBlanks);
  return before.ends_with("\"items\"");
}

void KubernetesListReader::scan(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
}

Result<> KubernetesListReader::read(std::string_view piece) {
  for (char c : piece) {
    bool plain = !in_string_;
    if (!in_items_) {
      if (plain && c == '[' && depth_ == 1 && opens_items()) in_items_ = true;
      scan(c);
      frame_ += c;
      if (frame_.size() > kMaxFrame) return fail("what stands around the objects of the list is too long");
      continue;
    }
    if (plain && depth_ == kItemsDepth && (c == ',' || c == ']')) {
      auto read = end_of_item();
      if (!read) return read;
      if (c == ',') continue;
      in_items_ = false;
      frame_ += c;
    } else {
      if (++item_size_ > kEndlessKubernetesText) return fail("an object of the list does not end");
      if (item_size_ <= kMostKubernetesText) item_ += c;
    }
    scan(c);
  }
  return {};
}

Result<> KubernetesListReader::end_of_item() {
  if (item_size_ > kMostKubernetesText || is_too_large_json(item_)) {
    ++too_large_;
  } else if (!is_blank(item_)) {
    auto value = parse_json(item_, "an object of the list");
    if (!value) return std::unexpected(value.error());
    each_(as_object(*value));
  }
  item_.clear();
  item_size_ = 0;
  return {};
}

Result<KubernetesListReader::Head> KubernetesListReader::finish() const {
  auto value = parse_json(frame_, "the list");
  if (!value) return std::unexpected(value.error());
  const auto& list = as_object(*value);
  if (!text_at(list, "kind").ends_with("List")) return fail("the answer is not a list");
  const auto& meta = object_at(list, "metadata");
  return Head{.resource_version = string_at(meta, "resourceVersion"), .next = string_at(meta, "continue")};
}

}  // namespace weir::discovery
