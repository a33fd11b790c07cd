#include "runtime/config_edit.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "lang/parser.h"
#include "lang/text.h"

namespace weir::runtime {
namespace {

// Parts keep the texts that they were parsed from. Once those are so much more than the file itself, it is
// parsed as a whole.
constexpr std::size_t kMostParts = 1000;
constexpr std::size_t kFewBytes = 64u << 10;

lang::Span span_of(const lang::Statement& statement) {
  auto* block = std::get_if<const lang::Block*>(&statement);
  return block ? (*block)->span : std::get<lang::Attribute>(statement).span;
}

// Where the line behind a statement begins; nullopt: what stands behind it may reach into that line.
std::optional<std::uint32_t> line_behind(std::string_view text, std::uint32_t end) {
  std::size_t at = text.find_first_not_of(" \t\r", end);
  if (at != text.npos && text.substr(at).starts_with("//")) at = text.find('\n', at);
  if (at == text.npos || text[at] != '\n') return std::nullopt;
  return static_cast<std::uint32_t>(at + 1);
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  std::size_t most = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<long>(most), b.begin()).first - a.begin());
}

std::size_t common_suffix(std::string_view a, std::string_view b, std::size_t most) {
  auto end = a.rbegin() + static_cast<long>(most);
  return static_cast<std::size_t>(std::mismatch(a.rbegin(), end, b.rbegin()).first - a.rbegin());
}

// One file, whose text is another than before.
class Comparison {
 public:
  Comparison(const lang::Source& before, std::vector<FilePtr> parts, lang::SourcePtr now)
      : before_(before), parts_(std::move(parts)), now_(std::move(now)) {
    for (const FilePtr& part : parts_) {
      for (const lang::Statement& statement : part->body.statements) {
        statements_.push_back(part->source->in_file(span_of(statement)));
      }
    }
  }

  // Appends the parts of the new text; nullopt: it has to be parsed as a whole.
  std::optional<FileEdit> run(std::vector<FilePtr>& files) {
    find_change();
    FileEdit edit{.file = now_, .before = before_change_, .after = after_change_, .moved = {}, .removed = {}};
    std::string_view text = now_->text(edit.after);
    // At the beginning of a file it would be passed over.
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (edit.after.begin > 0 && text.starts_with(kByteOrderMark)) return std::nullopt;
    lang::Shift place{edit.after.begin, now_->position(edit.after.begin).line - 1};
    auto parsed = lang::parse(lang::Source::make(now_->name(), std::string(text), place));
    if (!parsed) return std::nullopt;
    edit.added = std::make_shared<const lang::File>(*std::move(parsed));
    std::vector<FilePtr> front, behind;
    for (const FilePtr& part : parts_) split(*part, edit, front, behind);
    if (!edit.added->body.statements.empty()) front.push_back(edit.added);
    front.insert(front.end(), behind.begin(), behind.end());
    if (!is_worth_it(front)) return std::nullopt;
    files.insert(files.end(), front.begin(), front.end());
    return edit;
  }

 private:
  void find_change() {
    std::string_view old = before_.text(), now = now_->text();
    std::size_t shorter = std::min(old.size(), now.size());
    std::size_t prefix = common_prefix(old, now);
    std::size_t suffix = common_suffix(old, now, shorter - prefix);
    before_change_ = {0, static_cast<std::uint32_t>(old.size())};
    auto last = std::ranges::upper_bound(statements_, prefix, {}, &lang::Span::end);
    while (last != statements_.begin()) {
      auto line = line_behind(old, (--last)->end);
      if (!line || *line > prefix) continue;
      before_change_.begin = *line;
      break;
    }
    // The newline in front has to be a common one as well: what is behind must not have joined another line.
    std::size_t same = old.size() - suffix;
    auto next = std::ranges::lower_bound(statements_, same, {}, &lang::Span::end);
    if (next != statements_.begin()) --next;
    for (; next != statements_.end(); ++next) {
      auto line = line_behind(old, next->end);
      if (!line || *line <= same) continue;
      before_change_.end = *line;
      break;
    }
    after_change_ = {before_change_.begin,
                     static_cast<std::uint32_t>(now.size() - (old.size() - before_change_.end))};
  }

  // Its statements in front of the change, in it, and behind it.
  void split(const lang::File& part, FileEdit& edit, std::vector<FilePtr>& front,
             std::vector<FilePtr>& behind) const {
    auto all = part.body.statements;
    auto begin_of = [&](const lang::Statement& one) { return part.source->in_file(span_of(one)).begin; };
    auto first =
        std::ranges::partition_point(all, [&](const auto& one) { return begin_of(one) < edit.before.begin; });
    auto last =
        std::ranges::partition_point(all, [&](const auto& one) { return begin_of(one) < edit.before.end; });
    edit.removed.insert(edit.removed.end(), first, last);
    auto take = [&](lang::SourcePtr source, std::span<const lang::Statement> statements) {
      return std::make_shared<const lang::File>(lang::File{std::move(source), {statements}, {}, part.arena});
    };
    if (first != all.begin()) front.push_back(take(part.source, {all.begin(), first}));
    if (last == all.end()) return;
    lang::Shift shift = shift_behind();
    lang::SourcePtr source = part.source;
    if (!(shift == lang::Shift())) {
      lang::SourcePtr& moved = edit.moved[part.source.get()];
      if (moved == nullptr) moved = lang::Source::moved(*part.source, shift);
      source = moved;
    }
    behind.push_back(take(std::move(source), {last, all.end()}));
  }

  lang::Shift shift_behind() const {
    std::int64_t lines = now_->position(after_change_.end).line;
    return {std::int64_t{after_change_.end} - before_change_.end,
            lines - before_.position(before_change_.end).line};
  }

  bool is_worth_it(const std::vector<FilePtr>& parts) const {
    std::size_t bytes = 0;
    std::set<const char*> seen;
    for (const FilePtr& part : parts) {
      if (seen.insert(part->source->text().data()).second) bytes += part->source->text().size();
    }
    return parts.size() <= kMostParts && bytes <= 2 * now_->text().size() + kFewBytes &&
           now_->text().size() <= lang::kLongestText;
  }

  const lang::Source& before_;
  const std::vector<FilePtr> parts_;
  const lang::SourcePtr now_;
  std::vector<lang::Span> statements_;  // in the old file
  lang::Span before_change_, after_change_;
};

const lang::SourcePtr* find_file(const std::vector<lang::SourcePtr>& files, std::string_view name) {
  auto found =
      std::ranges::find(files, name, [](const auto& file) -> std::string_view { return file->name(); });
  return found == files.end() ? nullptr : &*found;
}

// False: it cannot be said where it stands now.
bool carry_over(const ConfigEdit& edit, const std::vector<lang::SourcePtr>& files, lang::SourcePtr& source,
                lang::Span& span) {
  if (source == nullptr) return true;
  const lang::SourcePtr* file = find_file(files, source->name());
  if (file == nullptr) return false;
  source = *file;
  for (const FileEdit& one : edit.edits) {
    if (one.file != source || span.end <= one.before.begin) continue;
    if (span.begin < one.before.end) return false;
    std::uint32_t moved = one.after.end - one.before.end;  // modulo 2^32, as it is meant
    span = {span.begin + moved, span.end + moved};
  }
  return true;
}

bool is_in_change(const ConfigEdit& edit, const lang::Diagnostic& diagnostic) {
  return std::ranges::any_of(edit.edits, [&](const FileEdit& one) {
    return diagnostic.source != nullptr && diagnostic.source->name() == one.file->name() &&
           diagnostic.span.begin >= one.before.begin && diagnostic.span.begin < one.before.end;
  });
}

}  // namespace

ConfigEdit edit_config(const std::vector<lang::SourcePtr>& before, const std::vector<FilePtr>& parts,
                       const std::vector<lang::SourcePtr>& now, lang::Diagnostics& diagnostics) {
  ConfigEdit edit;
  edit.is_complete = std::ranges::equal(
      before, now, [](const auto& old, const auto& file) { return old->name() == file->name(); });
  for (const lang::SourcePtr& file : now) {
    std::vector<FilePtr> own;
    std::ranges::copy_if(parts, std::back_inserter(own),
                         [&](const FilePtr& part) { return part->source->name() == file->name(); });
    const lang::SourcePtr* old = find_file(before, file->name());
    if (old != nullptr && (*old)->text() == file->text()) {
      edit.files.insert(edit.files.end(), own.begin(), own.end());
      continue;
    }
    if (old != nullptr) {
      if (auto changed = Comparison(**old, own, file).run(edit.files)) {
        edit.edits.push_back(*std::move(changed));
        continue;
      }
    }
    edit.is_complete = false;
    std::vector<FilePtr> whole = parse_all({file}, diagnostics);
    edit.files.insert(edit.files.end(), whole.begin(), whole.end());
  }
  return edit;
}

lang::SourcePtr moved_source(const ConfigEdit& edit, const lang::SourcePtr& source, std::uint32_t begin) {
  for (const FileEdit& one : edit.edits) {
    auto moved = one.moved.find(source.get());
    if (moved == one.moved.end()) continue;
    return source->in_file({begin, begin}).begin >= one.before.end ? moved->second : source;
  }
  return source;
}

void place_in_files(lang::Diagnostics& diagnostics, const std::vector<FilePtr>& parts,
                    const std::vector<lang::SourcePtr>& files) {
  std::set<const lang::Source*> ours;
  for (const FilePtr& part : parts) ours.insert(part->source.get());
  auto place = [&](lang::SourcePtr& source, lang::Span& span) {
    if (!ours.contains(source.get())) return;
    span = source->in_file(span);
    if (const lang::SourcePtr* file = find_file(files, source->name())) source = *file;
  };
  for (lang::Diagnostic& diagnostic : diagnostics) {
    place(diagnostic.source, diagnostic.span);
    for (lang::Note& note : diagnostic.notes) place(note.source, note.span);
  }
}

bool carry_over(const ConfigEdit& edit, const std::vector<lang::SourcePtr>& files,
                lang::Diagnostics& diagnostics) {
  std::erase_if(diagnostics, [&](const lang::Diagnostic& one) { return is_in_change(edit, one); });
  for (lang::Diagnostic& diagnostic : diagnostics) {
    if (!carry_over(edit, files, diagnostic.source, diagnostic.span)) return false;
    for (lang::Note& note : diagnostic.notes) {
      if (!carry_over(edit, files, note.source, note.span)) return false;
    }
  }
  return true;
}

}  // namespace weir::runtime
