#include "components/discovery/kubernetes_event.h"

#include <optional>

#include "components/json_reader.h"

namespace weir::discovery {
namespace {

using Kind = KubernetesEvent::Kind;

std::optional<Kind> kind_of(std::string_view type) {
  if (type == "ADDED" || type == "MODIFIED") return Kind::changed;
  if (type == "DELETED") return Kind::gone;
  if (type == "BOOKMARK") return Kind::bookmark;
  if (type == "ERROR") return Kind::error;
  return std::nullopt;
}

}  // namespace

Result<KubernetesEvent> read_kubernetes_event(
    std::string_view line, const std::function<void(Kind, const boost::json::object&)>& each) {
  auto value = parse_json(line, "an event of the watch");
  if (!value) return std::unexpected(value.error());
  const auto& event = as_object(*value);
  const auto& object = object_at(event, "object");
  std::string_view type = text_at(event, "type");
  auto kind = kind_of(type);
  if (!kind) return fail("an event of the watch is of the unknown type \"{}\"", type.substr(0, 40));
  if (kind == Kind::error) {
    return KubernetesEvent{
        .kind = *kind, .code = number_at(object, "code"), .message = string_at(object, "message")};
  }
  if (kind != Kind::bookmark) each(*kind, object);
  return KubernetesEvent{.kind = *kind,
                         .resource_version = string_at(object_at(object, "metadata"), "resourceVersion")};
}

std::string status_message(std::string_view text) {
  constexpr std::size_t kShown = 300;
  auto value = parse_json(text, "a status");
  std::string message = value ? string_at(as_object(*value), "message") : "";
  if (message.empty()) message = text;
  return message.substr(0, kShown);
}

}  // namespace weir::discovery
