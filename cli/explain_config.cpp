#include "cli/explain_config.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/rehearsal.h"
#include "cli/terminal.h"
#include "lang/text.h"
#include "runtime/explain.h"
#include "web/explanation.h"

namespace weir::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kMostShown = 20;
// What finds the processes and the containers of this machine.
constexpr std::string_view kLocal[] = {"discovery.process", "discovery.docker"};

using Ids = std::vector<std::string>;

bool finds_targets(const runtime::Node& node) {
  return node.type != nullptr && !node.type->is_transform && node.type->exports->find("targets") != nullptr;
}

bool is_local(const runtime::Node& node) {
  return std::ranges::find(kLocal, node.name) != std::end(kLocal);
}

// "__meta_docker_" for discovery.docker: how the labels begin that it gives a target.
std::string label_prefix(const runtime::Node& node) {
  return fmt::format("__meta_{}_", std::string_view(node.name).substr(node.name.rfind('.') + 1));
}

class Question {
 public:
  Question(const ConfigQuestion& question, Rehearsed rehearsed)
      : asked_(question),
        rehearsed_(std::move(rehearsed)),
        props_{.exports = {}, .env = environment_variable} {
    for (const auto& node : rehearsed_.snapshot->nodes) {
      if (finds_targets(*node)) finders_.push_back(node.get());
    }
  }

  const std::string& notes() const { return notes_; }

  // The config with nothing found but what is asked for.
  Result<Rehearsed> answer() {
    auto found = is_on_this_machine() ? find_here() : take_labels();
    if (!found) return fail(found.error());
    for (const auto& finder : finders_) props_.exports.erase(finder->id);
    props_.exports.merge(*found);
    return rehearse(asked_.config, props_);
  }

 private:
  using Exports = std::map<std::string, lang::Value>;

  bool is_on_this_machine() const { return !asked_.wanted.pid.empty() || !asked_.wanted.container.empty(); }

  static Exports of_one(const std::string& id, std::vector<lang::Value> targets) {
    return {{id, lang::Value::object({{"targets", lang::Value::array(std::move(targets))}})}};
  }

  // ---- the target is what is asked for ----

  Result<Exports> take_labels() {
    auto finder = finder_of_labels();
    if (!finder) return fail(finder.error());
    lang::Value::Fields fields;
    for (const auto& [name, value] : asked_.wanted.labels) {
      // No target has an empty one.
      if (!value.empty()) fields.emplace_back(name, lang::Value(value));
    }
    return of_one((*finder)->id, {lang::Value::object(std::move(fields))});
  }

  Result<const runtime::Node*> finder_of_labels() {
    if (!asked_.from.empty()) return named_finder();
    if (finders_.empty()) return fail("{}: there is none that it could come from", finders_text());
    if (finders_.size() == 1) return finders_.front();
    std::vector<const runtime::Node*> likely;
    std::ranges::copy_if(finders_, std::back_inserter(likely), [&](const auto* finder) {
      auto begins = [prefix = label_prefix(*finder)](const auto& label) {
        return label.first.starts_with(prefix);
      };
      return std::ranges::any_of(asked_.wanted.labels, begins);
    });
    if (likely.size() != 1) return fail("{}; say with --from which one finds the target", finders_text());
    notes_ += fmt::format(
        "Its labels are those of {}: the target is taken for one that this finds. --from names another.\n",
        likely.front()->id);
    return likely.front();
  }

  // ---- the target is looked for ----

  Result<Exports> find_here() {
    auto lookers = lookers_of_machine();
    if (!lookers) return fail(lookers.error());
    Exports found;
    Ids looked;
    for (const runtime::Node* looker : *lookers) {
      look_with(*looker);
      looked.push_back(looker->id);
      std::vector<lang::Value> matching = matching_of(looker->id);
      if (!matching.empty()) found.merge(of_one(looker->id, std::move(matching)));
    }
    if (found.empty()) return fail("no such target is found by {}", fmt::join(looked, ", "));
    return found;
  }

  Result<std::vector<const runtime::Node*>> lookers_of_machine() const {
    std::vector<const runtime::Node*> lookers;
    if (!asked_.from.empty()) {
      auto named = named_finder();
      if (!named) return fail(named.error());
      lookers.push_back(*named);
      return lookers;
    }
    std::ranges::copy_if(finders_, std::back_inserter(lookers),
                         [](const auto* node) { return is_local(*node); });
    if (!lookers.empty()) return lookers;
    return fail(
        "{}: none looks for processes or containers of this machine; say with --labels what the target is",
        finders_text());
  }

  // It sees what a run would show it: those whose targets it takes look before it.
  void look_with(const runtime::Node& node) {
    if (!looked_.insert(&node).second) return;
    for (const std::string& id : node.references_to) {
      if (const runtime::Node* other = rehearsed_.snapshot->find(id)) look_with(*other);
    }
    if (!finds_targets(node)) return;
    auto exports = look(asked_.config, props_, node.id, kPatience);
    if (!exports) notes_ += exports.error().message + "\n";
    if (exports) props_.exports[node.id] = *std::move(exports);
  }

  // Of the targets that it has found those that are asked for.
  std::vector<lang::Value> matching_of(const std::string& id) const {
    std::vector<lang::Value> matching;
    auto exports = props_.exports.find(id);
    auto object = exports == props_.exports.end() ? nullptr : exports->second.as_map();
    auto targets = object ? object->find("targets") : std::nullopt;
    auto list = targets ? targets->as_list() : nullptr;
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      lang::Value target = list->at(i);
      auto labels = target.as_map();
      if (labels && asked_.wanted.match(*labels)) matching.push_back(std::move(target));
    }
    return matching;
  }

  // ---- which component ----

  Result<const runtime::Node*> named_finder() const {
    auto found = std::ranges::find(finders_, asked_.from, &runtime::Node::id);
    if (found != finders_.end()) return *found;
    return fail("--from: \"{}\" is no component that finds targets; {}", lang::printable(asked_.from),
                finders_text());
  }

  std::string finders_text() const {
    if (finders_.empty()) return "no component of the config finds targets";
    Ids ids;
    for (const runtime::Node* finder : finders_) ids.push_back(finder->id);
    return fmt::format("the config finds targets with {}", fmt::join(ids, ", "));
  }

  const ConfigQuestion& asked_;
  const Rehearsed rehearsed_;
  Props props_;
  std::vector<const runtime::Node*> finders_;
  std::set<const runtime::Node*> looked_;
  std::string notes_;
};

// What does not see the target because it does not know yet what it is told.
std::string notes_of_waiting(const runtime::Snapshot& snapshot) {
  std::string notes;
  for (const auto& node : snapshot.nodes) {
    auto state = node->state();
    bool takes_targets = node->type != nullptr && node->type->arguments->find("targets") != nullptr;
    if (!takes_targets || state->arguments != nullptr) continue;
    notes += fmt::format("{} does not see it: {}\n", node->id, state->evaluation_health.message);
  }
  return notes;
}

}  // namespace

ConfigAnswer explain_config(const ConfigQuestion& question, lang::Color color) {
  Rehearsed rehearsed = rehearse(question.config, {.exports = {}, .env = environment_variable});
  if (rehearsed.snapshot == nullptr)
    return {.code = kRefused, .text = "", .notes = lang::render(rehearsed.diagnostics, color)};
  Question asked(question, std::move(rehearsed));
  auto answer = asked.answer();
  if (!answer)
    return {.code = kRefused,
            .text = "",
            .notes = fmt::format("{}Error: {}\n", asked.notes(), answer.error().message)};
  // The file may have changed while others were waited for.
  if (answer->snapshot == nullptr)
    return {.code = kRefused, .text = "", .notes = asked.notes() + lang::render(answer->diagnostics, color)};
  auto any = [](const lang::Map&) { return true; };
  auto explanations = runtime::explain_targets(*answer->snapshot, any, {.targets = kMostShown});
  return {.code = kOk,
          .text = web::explanations_text(explanations),
          .notes = asked.notes() + notes_of_waiting(*answer->snapshot)};
}

}  // namespace weir::cli
