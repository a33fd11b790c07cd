#include "web/diagnostic_json.h"

namespace weir::web {
namespace {

void write_place(JsonWriter& json, const lang::SourcePtr& source, lang::Span span) {
  if (!source) return;
  auto begin = source->position(span.begin);
  auto end = source->position(span.end);
  json.member("file", source->name());
  json.member("line", begin.line).member("column", begin.column);
  json.member("endLine", end.line).member("endColumn", end.column);
}

}  // namespace

void write_diagnostic(JsonWriter& json, const lang::Diagnostic& diagnostic) {
  json.begin_object();
  json.member("severity", diagnostic.severity == lang::Severity::error ? "error" : "warning");
  json.member("message", diagnostic.message);
  write_place(json, diagnostic.source, diagnostic.span);
  json.key("notes").begin_array();
  for (const lang::Note& note : diagnostic.notes) {
    json.begin_object().member("message", note.message);
    write_place(json, note.source, note.span);
    json.end_object();
  }
  json.end_array();
  json.member("text", lang::render(diagnostic)).end_object();
}

}  // namespace weir::web
