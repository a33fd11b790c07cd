#include "runtime/doubtful.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "lang/eval.h"

namespace weir::runtime {
namespace {

class Doubts {
 public:
  Doubts(const Plan& plan, lang::Diagnostics& diagnostics) : plan_(plan), diagnostics_(diagnostics) {}

  void run() {
    for (NodeIndex index = 0; index < plan_.nodes.size(); ++index) look_at_use(index);
    for (const FilePtr& file : plan_.inputs.files) look_at_objects(file->source, file->body);
  }

 private:
  void warn(const lang::SourcePtr& source, lang::Span span, std::string message) {
    diagnostics_.push_back({.severity = lang::Severity::warning,
                            .source = source,
                            .span = span,
                            .message = std::move(message),
                            .notes = {}});
  }

  void look_at_use(NodeIndex index) {
    const PlannedNode& node = plan_.nodes[index];
    bool exports_something = node.type != nullptr && !node.type->exports->fields.empty();
    if (!exports_something || !plan_.graph.needed_by(index).empty()) return;
    std::vector<std::string> exports;
    std::string_view id = plan_.local_id(node);
    for (const auto& field : node.type->exports->fields) {
      exports.push_back(fmt::format("{}.{}", id, field.name));
    }
    warn(node.source, {node.block->name_span.begin, node.block->label_span.end},
         fmt::format("{} is not used: nothing refers to {}", id, fmt::join(exports, " or ")));
  }

  void look_at_objects(const lang::SourcePtr& source, const lang::Body& body) {
    for (const lang::Statement& statement : body.statements) {
      if (auto* block = std::get_if<const lang::Block*>(&statement)) {
        look_at_objects(source, (*block)->body);
      } else {
        lang::visit_objects(*std::get<lang::Attribute>(statement).value,
                            [&](const lang::ObjectExpr& object) { look_at_fields(source, object); });
      }
    }
  }

  void look_at_fields(const lang::SourcePtr& source, const lang::ObjectExpr& object) {
    std::unordered_map<std::string_view, lang::Span> last;
    for (const lang::ObjectField& field : object.fields) {
      auto [it, is_new] = last.try_emplace(field.name, field.name_span);
      if (is_new) continue;
      warn(source, it->second,
           fmt::format("field \"{}\" is given twice: this one has no effect", field.name));
      diagnostics_.back().notes.push_back(
          {.source = source, .span = field.name_span, .message = "this one counts"});
      it->second = field.name_span;
    }
  }

  const Plan& plan_;
  lang::Diagnostics& diagnostics_;
};

}  // namespace

void warn_of_doubtful(const Plan& plan, lang::Diagnostics& diagnostics) {
  Doubts(plan, diagnostics).run();
}

}  // namespace weir::runtime
