#include "web/graph_edges.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "lang/lexer.h"
#include "profile/collection.h"
#include "profile/handover.h"

namespace weir::web {
namespace {

using Kind = GraphEdge::Kind;
using CapsulePtr = std::shared_ptr<const lang::Capsule>;

constexpr std::string_view kReceiver = "ProfilesReceiver";
constexpr std::string_view kReceiverType = "capsule(ProfilesReceiver)";
constexpr std::string_view kTargetsType = "list(map(string))";
constexpr std::string_view kArgument = "argument.";
constexpr std::string_view kExports = "exports.";

// "a.b.c" wherever names are joined by dots, each once.
std::set<std::string, std::less<>> names_in(const runtime::Node& node) {
  std::set<std::string, std::less<>> names;
  auto place = node.place();
  if (!place.source) return names;
  std::string_view text = place.source->text();
  if (place.span.end > text.size()) return names;
  auto block = lang::Source::make("", std::string(place.source->text(place.span)));
  std::string name;
  auto before = lang::TokenKind::end_of_file;
  for (const lang::Token& token : lang::lex(block).tokens) {
    bool is_joined = token.kind == lang::TokenKind::dot || before == lang::TokenKind::dot;
    if (!is_joined && !name.empty()) names.insert(std::exchange(name, {}));
    if (token.kind == lang::TokenKind::identifier || token.kind == lang::TokenKind::dot)
      name += block->text(token.span);
    before = token.kind;
  }
  return names;
}

// What stands between `prefix` and the next dot, in each of the names that begin with it.
std::vector<std::string> parts_behind(const std::set<std::string, std::less<>>& names,
                                      const std::string& prefix) {
  std::vector<std::string> parts;
  for (auto it = names.lower_bound(prefix); it != names.end() && it->starts_with(prefix); ++it) {
    std::string_view rest = std::string_view(*it).substr(prefix.size());
    if (rest.starts_with(kExports)) rest.remove_prefix(kExports.size());  // of a module.*
    std::string part(rest.substr(0, rest.find('.')));
    if (!part.empty() && (parts.empty() || parts.back() != part)) parts.push_back(std::move(part));
  }
  return parts;
}

bool are_targets(const lang::List& list) {
  return list.size() > 0 && list.at(0).as_map() != nullptr;
}

Kind kind_of(const lang::Value& value, std::string_view type) {
  if (auto capsule = value.as_capsule())
    return capsule->type_name() == kReceiver ? Kind::profiles : Kind::value;
  if (type == kReceiverType) return Kind::profiles;
  auto list = value.as_list();
  if (type == kTargetsType || (list && are_targets(*list))) return Kind::targets;
  return list ? Kind::list : Kind::value;
}

// Who hands out profiles, how many it has handed out, and to whom.
struct Sender {
  const runtime::Node* node = nullptr;
  std::uint64_t profiles = 0;
  std::set<CapsulePtr> receivers;
};

std::optional<std::uint64_t> handed_over(const runtime::NodeState& state) {
  for (const auto& [type, service] : state.services) {
    if (type == typeid(profile::CollectionReport))
      return std::static_pointer_cast<const profile::CollectionReport>(service)->stats().profiles;
    if (type == typeid(profile::Handover))
      return std::static_pointer_cast<const profile::Handover>(service)->profiles();
  }
  return std::nullopt;
}

void add_capsules(const lang::Value& value, std::set<CapsulePtr>& capsules) {
  if (auto capsule = value.as_capsule()) capsules.insert(std::move(capsule));
}

std::set<CapsulePtr> receivers_of(const runtime::Node& node) {
  std::set<CapsulePtr> receivers;
  for (const auto& statement : node.arguments().statements) {
    if (statement.name != "forward_to") continue;
    auto list = statement.value.as_list();
    for (std::size_t i = 0; list && i < list->size(); ++i) add_capsules(list->at(i), receivers);
  }
  return receivers;
}

bool is_in(const runtime::Node& node, const runtime::Node& module) {
  return node.id.size() > module.id.size() && node.id.starts_with(module.id) &&
         node.id[module.id.size()] == '/';
}

class Edges {
 public:
  explicit Edges(const runtime::Snapshot& snapshot)
      : nodes_(snapshot.nodes), modules_(module_owners(snapshot)) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      index_.emplace(nodes_[i]->id, i);
      states_.push_back(nodes_[i]->state());
      if (auto profiles = handed_over(*states_[i]))
        senders_.push_back({nodes_[i].get(), *profiles, receivers_of(*nodes_[i])});
    }
  }

  std::vector<GraphEdge> run() {
    for (std::size_t user = 0; user < nodes_.size(); ++user) {
      const auto& node = *nodes_[user];
      auto module = modules_.find(node.module_id);
      if (node.references_to.empty() && module == modules_.end()) continue;
      auto names = names_in(node);
      for (const auto& id : node.references_to) {
        if (auto used = index_.find(id); used != index_.end()) add_reference(user, used->second, names);
      }
      if (module == modules_.end()) continue;
      add_arguments(module->second, user, names);
      add_exports(module->second, user);
    }
    std::vector<GraphEdge> edges;
    for (auto& [ends, edge] : edges_) edges.push_back(std::move(edge));
    return edges;
  }

 private:
  void add_reference(std::size_t user, std::size_t used, const std::set<std::string, std::less<>>& names) {
    auto exports = parts_behind(names, nodes_[used]->local_id + ".");
    auto values = states_[used]->exports.as_map();
    const auto* type = nodes_[used]->type;
    for (const auto& name : exports) {
      const auto* field = type && type->exports ? type->exports->find(name) : nullptr;
      auto value = values ? values->find(name).value_or(lang::Value()) : lang::Value();
      add(user, used, name, value, field ? std::string_view(field->type) : std::string_view());
    }
    // Named in a way that the text alone does not show.
    if (exports.empty()) add(user, used, "", {}, "");
  }

  // What the module is given, and this component in it uses.
  void add_arguments(std::size_t module, std::size_t user, const std::set<std::string, std::less<>>& names) {
    auto used = parts_behind(names, std::string(kArgument));
    if (used.empty()) return;
    auto given = nodes_[module]->arguments();
    for (const auto& name : used) {
      auto statement = std::ranges::find(given.statements, name, &lang::StatementValue::name);
      add(user, module, name, statement == given.statements.end() ? lang::Value() : statement->value, "",
          true);
    }
  }

  // What this component exports, and the module hands out as it is.
  void add_exports(std::size_t module, std::size_t from) {
    auto outer = states_[module]->exports.as_map();
    auto inner = states_[from]->exports.as_map();
    if (!outer || !inner) return;
    inner->visit([&](std::string_view name, const lang::Value& value) {
      auto list = value.as_list();
      auto capsule = value.as_capsule();
      if (!list && !capsule) return;
      bool is_same = false;
      outer->visit([&](std::string_view, const lang::Value& other) {
        is_same = is_same || (list && other.as_list() == list) || (capsule && other.as_capsule() == capsule);
      });
      if (is_same) add(module, from, std::string(name), value, "", true);
    });
  }

  void add(std::size_t user, std::size_t used, const std::string& name, const lang::Value& value,
           std::string_view type, bool is_inside = false) {
    Kind kind = kind_of(value, type);
    bool is_against = kind == Kind::profiles;
    auto ends = is_against ? std::pair(user, used) : std::pair(used, user);
    auto& edge = edges_[ends];
    edge.from = ends.first;
    edge.to = ends.second;
    edge.is_inside = is_inside;
    if (!name.empty()) edge.exports.push_back(name);
    if (kind >= edge.kind) {
      edge.kind = kind;
      auto list = value.as_list();
      edge.length = list ? std::optional(list->size()) : std::nullopt;
      if (auto capsule = value.as_capsule(); is_against && capsule) edge.profiles = sent(user, capsule);
    }
  }

  // By the component, or by those in the module.
  std::optional<std::uint64_t> sent(std::size_t from, const CapsulePtr& receiver) const {
    std::optional<std::uint64_t> sum;
    for (const Sender& sender : senders_) {
      bool is_sender = sender.node == nodes_[from].get() || is_in(*sender.node, *nodes_[from]);
      if (is_sender && sender.receivers.contains(receiver)) sum = sum.value_or(0) + sender.profiles;
    }
    return sum;
  }

  const std::vector<std::shared_ptr<const runtime::Node>>& nodes_;
  std::vector<std::shared_ptr<const runtime::NodeState>> states_;
  std::unordered_map<std::string_view, std::size_t> index_;
  ModuleOwners modules_;
  std::vector<Sender> senders_;
  std::map<std::pair<std::size_t, std::size_t>, GraphEdge> edges_;
};

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::value: return "value";
    case Kind::list: return "list";
    case Kind::targets: return "targets";
    case Kind::profiles: return "profiles";
  }
  return "value";
}

ModuleOwners module_owners(const runtime::Snapshot& snapshot) {
  ModuleOwners owners;
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
    for (const auto& path : snapshot.nodes[i]->created_modules) owners.emplace(path, i);
  }
  return owners;
}

std::vector<GraphEdge> graph_edges(const runtime::Snapshot& snapshot) {
  return Edges(snapshot).run();
}

}  // namespace weir::web
