#include "cli/reference_page.h"

#include <algorithm>
#include <initializer_list>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "cli/markdown.h"
#include "cli/own_metrics.h"
#include "lang/differences.h"
#include "lang/stdlib.h"
#include "runtime/config_blocks.h"
#include "runtime/metric_table.h"

namespace weir::cli {
namespace {

using lang::BodySchema;
using lang::FieldKind;
using lang::FieldSchema;
using markdown::cell;
using markdown::code;

bool is_block(const FieldSchema& field) {
  return field.kind != FieldKind::attribute;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return c == '-' ? '_' : std::toupper(c); });
  return out;
}

// What a usage line writes in place of a value: STRING, LIST, RECEIVER_LIST …
std::string placeholder(const FieldSchema& field) {
  if (field.type.starts_with("list(capsule")) return "RECEIVER_LIST";
  if (field.type == "list(map(string))") return "TARGET_LIST";
  if (field.type.starts_with("list(")) return "[...]";
  if (field.type.starts_with("map(")) return "{...}";
  return upper(field.type);
}

std::string limits(const FieldSchema& field) {
  bool is_duration = field.type == "duration";
  bool is_length = field.type.starts_with("list(") || field.type == "string";
  auto show = [&](double limit) {
    if (is_duration) {
      return format_duration(std::chrono::round<Duration>(std::chrono::duration<double>(limit)));
    }
    return fmt::format("{}{}", limit, is_length ? " long" : "");
  };
  if (field.minimum && field.maximum) {
    return fmt::format(" Between {} and {}.", show(*field.minimum), show(*field.maximum));
  }
  if (field.minimum) return fmt::format(" At least {}.", show(*field.minimum));
  if (field.maximum) return fmt::format(" At most {}.", show(*field.maximum));
  return "";
}

std::string choices(const FieldSchema& field) {
  std::string out;
  for (const std::string& choice : field.choices) {
    out += (out.empty() ? " One of " : ", ") + code(choice.empty() ? "\"\"" : choice);
  }
  return out.empty() ? out : out + '.';
}

std::string description(const FieldSchema& field) {
  return cell(field.doc) + choices(field) + limits(field);
}

std::string attribute_table(const BodySchema& body) {
  std::string out = "| Name | Type | Unit | Default | Required | Description |\n|---|---|---|---|---|---|\n";
  for (const FieldSchema& field : body.fields) {
    if (is_block(field) || !field.no_effect.empty()) continue;
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.name, code(field.type), field.unit,
                       code(field.default_text), field.required ? "yes" : "no", description(field));
  }
  return out + '\n';
}

// Exports and debug info: what is read, not written.
std::string value_table(const BodySchema& body, const std::string& prefix) {
  std::string out;
  for (const FieldSchema& field : body.fields) {
    std::string name = prefix + field.name;
    if (is_block(field)) {
      out += fmt::format("| `{}` | block | | {} |\n", name, cell(field.doc));
      if (field.body) out += value_table(*field.body, name + " > ");
      continue;
    }
    out += fmt::format("| `{}` | {} | {} | {} |\n", name, code(field.type), field.unit, cell(field.doc));
  }
  return out;
}

std::string values_section(std::string_view title, const BodySchema* body, std::string_view none) {
  std::string out = fmt::format("## {}\n\n", title);
  if (!body || body->fields.empty()) return out + std::string(none) + "\n\n";
  return out + "| Name | Type | Unit | Description |\n|---|---|---|---|\n" + value_table(*body, "") + '\n';
}

// Attributes that do something: the others have a table of their own.
bool has_attributes(const BodySchema& body) {
  return std::ranges::any_of(
      body.fields, [](const FieldSchema& field) { return !is_block(field) && field.no_effect.empty(); });
}

struct Nested {
  std::string path;  // "endpoint > basic_auth"
  const FieldSchema* field;
};

void collect_blocks(const BodySchema& body, const std::string& prefix, std::vector<Nested>& found) {
  for (const FieldSchema& field : body.fields) {
    if (!is_block(field)) continue;
    std::string path = prefix + field.name;
    found.push_back({path, &field});
    if (field.body) collect_blocks(*field.body, path + " > ", found);
  }
}

std::string_view how_often(const FieldSchema& field) {
  bool many = field.kind == FieldKind::block_list;
  if (field.required) return many ? "once or more" : "once";
  return many ? "any number" : "at most once";
}

std::string blocks_section(const BodySchema& body) {
  std::vector<Nested> blocks;
  collect_blocks(body, "", blocks);
  if (blocks.empty()) return "";
  std::string out = "## Blocks\n\n| Block | How often | Description |\n|---|---|---|\n";
  for (const auto& [path, field] : blocks) {
    std::string label = field->labelled ? " \"LABEL\"" : "";
    out += fmt::format("| `{}{}` | {} | {} |\n", path, label, how_often(*field), description(*field));
  }
  out += '\n';
  // The same table is printed once, however many blocks share it.
  std::vector<std::pair<const BodySchema*, std::string>> printed;
  for (const auto& [path, field] : blocks) {
    if (!field->body || !has_attributes(*field->body)) continue;
    out += fmt::format("### {}\n\n", path);
    auto before = std::ranges::find(printed, field->body, &std::pair<const BodySchema*, std::string>::first);
    if (before != printed.end()) {
      out += fmt::format("The same as in `{}`.\n\n", before->second);
      continue;
    }
    printed.emplace_back(field->body, path);
    out += attribute_table(*field->body);
  }
  return out;
}

std::string usage_section(const runtime::ComponentType& type) {
  std::size_t width = 0;
  for (const FieldSchema& field : type.arguments->fields) {
    if (field.required && !is_block(field)) width = std::max(width, field.name.size());
  }
  std::string lines;
  for (const FieldSchema& field : type.arguments->fields) {
    if (!field.required) continue;
    if (is_block(field)) {
      lines += fmt::format("  {} {{ ... }}\n", field.name);
    } else {
      lines += fmt::format("  {:<{}} = {}\n", field.name, width, placeholder(field));
    }
  }
  std::string body = lines.empty() ? "{ }" : fmt::format("{{\n{}}}", lines);
  const runtime::ConfigBlock* config_block = runtime::config_block(type.name);
  std::string_view label = config_block == nullptr || config_block->is_labelled ? "\"LABEL\" " : "";
  return fmt::format("## Usage\n\n```river\n{} {}{}\n```\n\n", type.name, label, body);
}

std::string no_effect_rows(const BodySchema& body, const std::string& prefix) {
  std::string out;
  for (const FieldSchema& field : body.fields) {
    if (!field.no_effect.empty()) {
      out += fmt::format("| `{}{}` | {} | {} | {} | {} |\n", prefix, field.name,
                         is_block(field) ? "block" : code(field.type), code(field.default_text),
                         cell(field.doc), cell(field.no_effect));
    }
    if (field.body) out += no_effect_rows(*field.body, prefix + field.name + " > ");
  }
  return out;
}

std::string no_effect_section(const BodySchema& body) {
  std::string rows = no_effect_rows(body, "");
  if (rows.empty()) return "";
  return "## Accepted without effect\n\nA config that sets one of these loads, with one warning.\n\n"
         "| Name | Type | Default | Description | Why without effect |\n|---|---|---|---|---|\n" +
         rows + '\n';
}

std::string_view to_string(MetricInfo::Kind kind) {
  if (kind == MetricInfo::Kind::gauge) return "gauge";
  return kind == MetricInfo::Kind::counter ? "counter" : "histogram";
}

std::string metric_table(std::initializer_list<std::span<const MetricInfo>> parts) {
  std::string out = "| Name | Type | Label | Description |\n|---|---|---|---|\n";
  for (const MetricInfo& metric : parts | std::views::join) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, to_string(metric.kind), code(metric.label),
                       cell(metric.help));
  }
  return out + '\n';
}

std::string metrics_section(std::span<const MetricInfo> metrics) {
  if (metrics.empty()) return "";
  return "## Metrics\n\nEach also has the labels `component_id` and `component_path`.\n\n" +
         metric_table({metrics});
}

}  // namespace

std::string component_page(const runtime::ComponentType& type) {
  std::string page(markdown::kGenerated);
  page += fmt::format("# {}\n\n{}\n\nStability: {}.\n\n", type.name, type.doc,
                      runtime::to_string(type.stability));
  page += usage_section(type);
  page += "## Arguments\n\n";
  page += has_attributes(*type.arguments) ? attribute_table(*type.arguments) : "It has none.\n\n";
  page += blocks_section(*type.arguments);
  page += no_effect_section(*type.arguments);
  if (runtime::config_block(type.name) == nullptr) {
    page += values_section("Exported fields", type.exports, "It exports nothing.");
    page += values_section("Debug information", type.debug_info, "It shows none.");
  }
  page += metrics_section(type.metrics);
  markdown::trim_end(page);
  return page;
}

std::string command_line_page(std::span<const Command> commands) {
  std::string page(markdown::kGenerated);
  page += fmt::format("# Command line\n\n```\n{}```\n\n", program_help(commands));
  for (const Command& command : commands) {
    page += fmt::format("## weir {}\n\n```\n{}```\n\n", command.name, command_help(command));
  }
  markdown::trim_end(page);
  return page;
}

std::string metrics_page(const std::vector<const runtime::ComponentType*>& types) {
  std::string page(markdown::kGenerated);
  page += "# Metrics\n\n`/metrics` has them in the text format of Prometheus. weir's own:\n\n" +
          metric_table({runtime::metric::kAll, own_metric::kAll}) +
          "Those of components are on their pages:\n\n";
  for (const runtime::ComponentType* type : types) {
    if (!type->metrics.empty()) page += fmt::format("- [{}]({}.md#metrics)\n", type->name, type->name);
  }
  return page;
}

std::string language_page() {
  std::string page(markdown::kGenerated);
  page +=
      "# The language\n\nA config is River (`.river`) or Alloy (`.alloy`): one grammar, `lang/River.g4`, and "
      "one way of "
      "formatting, `weir fmt`. What differs is the library, and that secrets may be joined with text in "
      "Alloy.\n\n"
      "## Library\n\n| Name | .river | .alloy |\n|---|---|---|\n";
  std::vector<std::string_view> river = lang::library_names(lang::Dialect::river);
  std::vector<std::string_view> alloy = lang::library_names(lang::Dialect::alloy);
  std::set<std::string_view> names(river.begin(), river.end());
  names.insert(alloy.begin(), alloy.end());
  auto mark = [](const std::vector<std::string_view>& known, std::string_view name) {
    return std::ranges::find(known, name) == known.end() ? "" : "yes";
  };
  for (std::string_view name : names) {
    page += fmt::format("| `{}` | {} | {} |\n", name, mark(river, name), mark(alloy, name));
  }
  page += "\n## Where weir and other programs part\n\n| What | Elsewhere | Here | Why |\n|---|---|---|---|\n";
  for (const lang::Difference& one : lang::differences()) {
    page += fmt::format("| {} | {} | {} | {} |\n", cell(one.subject), cell(one.others), cell(one.here),
                        cell(one.reason));
  }
  page += "\n## What surprises, and is the same everywhere\n\n| What | How it is | Why |\n|---|---|---|\n";
  for (const lang::Difference& one : lang::shared_peculiarities()) {
    page += fmt::format("| {} | {} | {} |\n", cell(one.subject), cell(one.others), cell(one.reason));
  }
  return page;
}

std::string index_page(const std::vector<const runtime::ComponentType*>& types) {
  std::string page(markdown::kGenerated);
  page +=
      "# Reference\n\n- [Command line](command-line.md)\n- [The language](language.md)\n- "
      "[Metrics](metrics.md)\n- [HTTP API](http-api.md)\n\n";
  for (bool is_config_block : {false, true}) {
    page += is_config_block ? "\n## Config blocks\n\n| Block | What it does | Stability |\n|---|---|---|\n"
                            : "## Components\n\n| Component | What it does | Stability |\n|---|---|---|\n";
    for (const runtime::ComponentType* type : types) {
      if ((runtime::config_block(type->name) != nullptr) != is_config_block) continue;
      page += fmt::format("| [{}]({}.md) | {} | {} |\n", type->name, type->name, cell(type->doc),
                          runtime::to_string(type->stability));
    }
  }
  return page;
}

}  // namespace weir::cli
