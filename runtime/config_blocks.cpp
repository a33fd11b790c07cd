#include "runtime/config_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/foreach.h"
#include "runtime/import_file.h"
#include "runtime/import_string.h"
#include "runtime/logging_block.h"

namespace weir::runtime {
namespace {

// A block that only the plan reads: its type is there for pages.
template <class Block>
struct Described {
  using Arguments = Block;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;
  static constexpr auto kStability = Stability::stable;

  Described(Context&, const Arguments&) {}
  Exports evaluate(const Arguments&) { return {}; }
};

struct ArgumentDescription : Described<ArgumentBlock> {
  using Described::Described;
  static constexpr std::string_view kName = "argument";
  static constexpr std::string_view kDoc =
      "What a use of the module has to say; read as argument.LABEL.value. Stands in modules only.";
};

struct ExportDescription : Described<ExportBlock> {
  using Described::Described;
  static constexpr std::string_view kName = "export";
  static constexpr std::string_view kDoc =
      "What users of the module see, as add.LABEL.NAME. Stands in modules only.";
};

struct DeclareDescription : Described<lang::Nothing> {
  using Described::Described;
  static constexpr std::string_view kName = "declare";
  static constexpr std::string_view kDoc =
      "Defines a component of one's own, used as a block of the name that its label is. Its body holds "
      "argument, export, declare, import and component blocks, which see nothing of the outside.";
};

struct LoggingDescription : Described<LoggingArguments> {
  using Described::Described;
  static constexpr std::string_view kName = "logging";
  static constexpr std::string_view kDoc = "What is logged, and how. Stands in the config itself only.";
};

struct ModuleUse : Described<lang::Nothing> {
  using Described::Described;
  static constexpr std::string_view kName = "module";
  static constexpr std::string_view kDoc = "A component defined by a declare block.";
};

template <class Block>
void add(Registry& registry) {
  registry.add(Block::kName, [] {
    ComponentType type = component_type<Block>();
    // What it exports is for the runtime only.
    type.exports = &lang::schema<lang::Nothing>();
    return type;
  });
}

template <class Block>
Result<lang::Value> read_texts(const ArgumentsPtr& arguments, const std::string& id) {
  return Block::read_texts(*static_cast<const typename Block::Arguments*>(arguments.get()), id);
}

// All there are in the language, also where weir does nothing with them.
constexpr std::array<ConfigBlock, 17> kBlocks = {{
    {.name = "argument"},
    {.name = "declare"},
    {.name = "export"},
    {.name = "foreach"},
    {.name = "http", .is_labelled = false},
    {.name = "import.file", .read_texts = read_texts<ImportFile>},
    {.name = "import.git"},
    {.name = "import.http"},
    {.name = "import.string", .read_texts = read_texts<ImportString>, .has_text_in_config = true},
    {.name = "livedebugging", .is_labelled = false},
    {.name = "logging", .is_labelled = false},
    {.name = "module.file", .read_texts = read_texts<ModuleFile>},
    {.name = "module.git"},
    {.name = "module.http"},
    {.name = "module.string", .read_texts = read_texts<ModuleString>, .has_text_in_config = true},
    {.name = "remotecfg", .is_labelled = false},
    {.name = "tracing", .is_labelled = false},
}};

}  // namespace

const ConfigBlock* config_block(std::string_view name) {
  auto found = std::ranges::find(kBlocks, name, &ConfigBlock::name);
  return found == kBlocks.end() ? nullptr : &*found;
}

void register_config_blocks(Registry& registry) {
  add<ArgumentDescription>(registry);
  add<ExportDescription>(registry);
  add<DeclareDescription>(registry);
  add<Foreach>(registry);
  add<ImportFile>(registry);
  add<ImportString>(registry);
  add<LoggingDescription>(registry);
  add<ModuleFile>(registry);
  add<ModuleString>(registry);
}

const ComponentType& module_type() {
  static const ComponentType kType = [] {
    ComponentType type = component_type<ModuleUse>();
    type.create = [](Context& ctx, const ArgumentsPtr&) -> std::unique_ptr<Instance> {
      return std::make_unique<detail::InstanceOf<ModuleUse>>(ctx, lang::Nothing());
    };
    type.to_body = [](const ArgumentsPtr& body) { return *static_cast<const lang::BodyValue*>(body.get()); };
    return type;
  }();
  return kType;
}

ArgumentsPtr module_arguments(lang::BodyValue body) {
  return std::make_shared<const lang::BodyValue>(std::move(body));
}

}  // namespace weir::runtime
