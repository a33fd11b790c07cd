// ConfigEdit: the new text of a config beside the one that runs. What did not change is not parsed again: its
// trees go on, wherever they stand in the new text. Pure.
#pragma once

#include <unordered_map>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/source.h"
#include "runtime/plan_inputs.h"

namespace weir::runtime {

// What has become of one file, by whole statements.
struct FileEdit {
  lang::SourcePtr file;      // its new text
  lang::Span before, after;  // of the old text, and what stands there now
  std::unordered_map<const lang::Source*, lang::SourcePtr> moved;  // the sources of what stands behind
  std::vector<lang::Statement> removed;
  FilePtr added;  // all that was parsed anew
};

struct ConfigEdit {
  std::vector<FilePtr> files;   // in order of the text; a file may be in several parts
  std::vector<FileEdit> edits;  // of files whose text is another
  bool is_complete = false;     // nothing else has changed: no file has come or gone or had to be read anew
};

// `parts` are the trees of `before`. Every error of every file is appended.
ConfigEdit edit_config(const std::vector<lang::SourcePtr>& before, const std::vector<FilePtr>& parts,
                       const std::vector<lang::SourcePtr>& now, lang::Diagnostics& diagnostics);

// Where that stands now: in the source that it is in since the edit.
lang::SourcePtr moved_source(const ConfigEdit& edit, const lang::SourcePtr& source, std::uint32_t begin);

// Says all places in the sources of whole files, not of their parts.
void place_in_files(lang::Diagnostics& diagnostics, const std::vector<FilePtr>& parts,
                    const std::vector<lang::SourcePtr>& files);

// What was said of the config before the edit, of all that is left of it. False: of something it cannot be
// said any more where it stands.
bool carry_over(const ConfigEdit& edit, const std::vector<lang::SourcePtr>& files,
                lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
