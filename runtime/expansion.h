// Expansion: the blocks of a config, and of the modules it uses, to the nodes
// of one flat graph. What names in expressions mean is found afterwards
// (resolution).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/definitions.h"
#include "runtime/plan.h"

namespace weir::runtime {

class PlanMessages;

class Expansion {
 public:
  Expansion(Plan& plan, const Registry& registry, PlanMessages& messages)
      : plan_(plan), registry_(registry), messages_(messages) {}

  // Everything in plan.inputs; then, into plans of their own, the declares that nothing uses.
  void run();

 private:
  enum class Kind { config, declare, module_text, item };
  // What a module is inside of, inner ones first: nothing may contain itself.
  struct Link {
    const lang::Block* declare = nullptr;
    const Content* content = nullptr;
    std::shared_ptr<const Link> outer;
  };
  struct Place {
    ScopeIndex scope = kRootScope;
    int depth = 0;
    std::shared_ptr<const Link> inside_of;
  };
  struct Given {
    const lang::Attribute* attribute = nullptr;
    ModuleText text;  // where it stands
    ScopeIndex names = kRootScope;
    bool is_used = false;
  };
  struct Module {
    Kind kind = Kind::config;
    Place place;
    std::vector<ModuleText> texts;
    const Definitions* outer = nullptr;
    const lang::Block* use = nullptr;
    lang::SourcePtr use_source;
    std::map<std::string_view, Given> given;
    bool is_template = false;  // nobody has given anything
    bool is_imported = false;  // brought from elsewhere
    const Definitions* definitions = nullptr;
  };

  void drain();
  void read(Module& module);
  void read_block(Module& module, const ModuleText& text, const lang::Block& block);
  bool refuse_misplaced(const Module& module, const ModuleText& text, const lang::Block& block);
  void read_logging(const ModuleText& text, const lang::Block& block);
  void read_argument(Module& module, const ModuleText& text, const lang::Block& block);
  void read_export(Module& module, const ModuleText& text, const lang::Block& block);
  void read_singleton(Module& module, const ModuleText& text, const lang::Block& block);
  void read_component(Module& module, const ModuleText& text, const lang::Block& block);
  void check_given(const Module& module);
  bool has_label(const ModuleText& text, const lang::Block& block, std::string_view what);

  // modules
  void use_declare(Module& module, const ModuleText& text, const lang::Block& block, const Meaning& meaning);
  void use_text(Module& module, const ModuleText& text, const lang::Block& block);
  void read_foreach(Module& module, const ModuleText& text, const lang::Block& block);
  std::string variable_of(const ModuleText& text, const lang::Block& block);
  void take_given(Module& inner, const Place& outside, const ModuleText& text, const lang::Body& body);
  void report_no_definition(const ModuleText& text, const lang::Block& block, const Meaning& meaning);
  // Whether it may stand there: not in itself, and not too deep.
  bool may_nest(const Place& place, const ModuleText& text, const lang::Block& block);
  bool may_nest(const Place& place, const Content& content, const ModuleText& text, const lang::Block& block);
  bool may_nest(const Place& place, const Definitions::Declare& declare, const ModuleText& text,
                const lang::Block& block);

  // definitions
  void define(Definitions& into, const Place& place, const ModuleText& text, const lang::Block& block);
  bool is_free(const ModuleText& text, const lang::Block& block);
  void define_import(Definitions& into, const Place& place, const ModuleText& text, const lang::Block& block);
  const Definitions* definitions_in(const Content& content, const Place& place, const ModuleText& text,
                                    const lang::Block& block, NodeIndex owner);
  void read_templates();

  // Null when there is one of that id already, or when there are too many.
  PlannedNode* add(const Place& place, const ModuleText& text, const lang::Block& block, NodeKind kind,
                   const ComponentType* type);
  PlannedNode* add(const Place& place, const ModuleText& text, const lang::Block& block,
                   const std::string& local_id, NodeKind kind, const ComponentType* type);
  ScopeIndex add_scope(std::string path, NodeIndex owner);

  Plan& plan_;
  const Registry& registry_;
  PlanMessages& messages_;
  std::deque<Module> queue_;
  std::deque<Definitions> definitions_;
  std::set<const lang::Block*> used_;
  bool is_full_ = false;
};

// What the text of a file is in: its name decides, else what brought it.
lang::Dialect dialect_of(const lang::File& file, lang::Dialect otherwise);

// The last of that name; null: there is none.
const lang::Attribute* find_attribute(const lang::Body& body, std::string_view name);

}  // namespace weir::runtime
