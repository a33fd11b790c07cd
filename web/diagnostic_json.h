// A diagnostic as JSON: for the API and for `weir validate --format=json`.
#pragma once

#include "base/json.h"
#include "lang/diagnostic.h"

namespace weir::web {

// {severity, message, file, line, column, endLine, endColumn, notes: [{message, file, …}], text}. Lines and
// columns count from 1, columns in bytes; the end is behind the last byte. What has no place has no file.
void write_diagnostic(JsonWriter& json, const lang::Diagnostic& diagnostic);

}  // namespace weir::web
