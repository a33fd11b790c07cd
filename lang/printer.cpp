#include "lang/printer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "lang/columns.h"
#include "lang/parser.h"
#include "lang/token.h"

namespace weir::lang {
namespace {

// What stands between two words. It waits for the second one: a comment between them may change it.
enum class Gap : std::uint8_t { none, blank, soft_mark, newline, break_line, indent, unindent };

// Which line an offset is on, quickest near the one before.
class LineFinder {
 public:
  explicit LineFinder(const Source& source) : source_(source) { set(1); }

  std::uint32_t line(std::uint32_t offset) {
    for (int steps = 0; steps < 4; ++steps) {
      if (offset >= begin_ && offset < end_) return line_;
      set(offset < begin_ ? line_ - 1 : line_ + 1);
    }
    set(source_.position(offset).line);
    return line_;
  }

 private:
  void set(std::uint32_t line) {
    line_ = line;
    begin_ = source_.line_begin(line);
    end_ = line < source_.last_line() ? source_.line_begin(line + 1) : UINT32_MAX;
  }

  const Source& source_;
  std::uint32_t line_ = 0, begin_ = 0, end_ = 0;
};

// Of one pass over the statements. Where lines were joined on the way, what hangs on lines (which attributes
// line up, where a comment stands) may come out otherwise of a second pass: `is_settled` says that it does
// not.
struct Printed {
  std::string text;
  bool is_settled = true;
};

class Printer {
 public:
  explicit Printer(const Source& source) : source_(source), lines_(source), out_(source.text().size()) {}

  // The next of the file.
  void print(const Statement& statement, const std::vector<Span>& comments) {
    comments_ = comments;
    print(statement, file_);
  }

  Printed finish(const std::vector<Span>& comments) {
    comments_ = comments;
    remaining_comments();
    std::string text = out_.finish();
    text.erase(text.find_last_not_of('\n') + 1);
    return {std::move(text += '\n'), is_settled_};
  }

 private:
  // A place in the source, as far as it is known: of words that the tree has no place for it is guessed from
  // the word before.
  struct Place {
    std::uint32_t offset = 0;
    std::uint32_t line = 1;
  };

  Place place(Span span) { return {span.begin, lines_.line(span.begin)}; }
  std::uint32_t first_line(Span span) { return lines_.line(span.begin); }
  std::uint32_t last_line(Span span) { return lines_.line(std::max(span.begin + 1, span.end) - 1); }

  // ---- statements ----

  // How far a body has got.
  struct Progress {
    std::uint32_t line = 0;  // where its last statement ended; 0: there is none yet
    bool was_long = false;   // it had more than one line
  };

  void body(const Body& body) {
    Progress progress;
    for (const Statement& statement : body.statements) print(statement, progress);
  }

  void print(const Statement& statement, Progress& progress) {
    auto* attribute = std::get_if<Attribute>(&statement);
    const Block* block = attribute ? nullptr : std::get<const Block*>(statement);
    Span span = attribute ? attribute->span : block->span;
    std::uint32_t begin = first_line(span);
    if (progress.line > 0) {
      bool is_apart = block || begin > progress.line + 1;
      gap(progress.was_long || is_apart ? Gap::break_line : Gap::newline);
      if (is_apart) gap(Gap::break_line);
      // The blank line is there, whether or not it was.
      lines_may_differ_ = block != nullptr;
    }
    attribute ? print(*attribute) : print(*block);
    progress.line = last_line(span);
    progress.was_long = progress.line > begin;
  }

  void print(const Attribute& attribute) {
    word(attribute.name, attribute.name_span);
    gap(Gap::soft_mark);
    word("=");
    gap(Gap::blank);
    statement_end_ = attribute.span.end;
    expr(*attribute.value);
  }

  void print(const Block& block) {
    // A comment inside the name goes before it where it ends a line.
    Span name = block.name_span;
    if (is_cut_before(Span{name.end, name.end})) name.begin = name.end;
    word(block.name, name);
    if (first_line(block.name_span) != last_line(block.name_span)) {
      is_settled_ = false;
      last_.line = now_.line = last_line(block.name_span);
    }
    gap(Gap::blank);
    if (!block.label.empty()) {
      word(source_.text(block.label_span), block.label_span);
      gap(Gap::blank);
    }
    word("{", block.open);
    if (block.body.statements.empty()) {
      gap(Gap::blank);
      // For a comment that stands here.
      gap(Gap::indent);
      gap(Gap::unindent);
    } else {
      gap(Gap::indent);
      gap(Gap::break_line);
      body(block.body);
      gap(Gap::break_line);
      gap(Gap::unindent);
    }
    word("}", block.close);
  }

  // ---- expressions ----

  void expr(const Expr& expr) {
    std::visit([&](const auto& node) { print(node, expr.span); }, expr.node);
  }

  void print(const Literal& literal, Span span) {
    word(literal.text, span);
    is_after_number_ = literal.kind == Literal::Kind::number;
  }
  void print(const Identifier& identifier, Span span) { word(identifier.name, span); }

  void print(const ArrayExpr& array, Span) {
    word("[", array.open);
    elements(array.elements, array.open, array.close);
    word("]", array.close);
  }

  void print(const CallExpr& call, Span) {
    expr(*call.function);
    word("(", call.open);
    elements(call.arguments, call.open, call.close);
    end_word(")", call.close);
  }

  void elements(Exprs elements, Span open, Span close) {
    std::uint32_t line = first_line(open);
    bool is_first = true;
    for (const Expr* element : elements) {
      if (!is_first) word(",");
      bool is_own_line = first_line(element->span) != line;
      if (is_own_line) {
        gap(Gap::indent);
        gap(Gap::break_line);
      } else if (!is_first) {
        gap(Gap::blank);
      }
      expr(*element);
      if (is_own_line) gap(Gap::unindent);
      line = last_line(element->span);
      is_first = false;
    }
    if (!is_first && first_line(close) != line) {
      word(",");
      gap(Gap::break_line);
    }
  }

  void print(const ObjectExpr& object, Span) {
    word("{", object.open);
    std::uint32_t line = first_line(object.open);
    bool is_first = true, was_long = false;
    for (const ObjectField& field : object.fields) {
      if (!is_first) word(",");
      bool is_own_line = first_line(field.name_span) != line;
      if (is_first) gap(Gap::indent);
      if (is_own_line) {
        gap(is_first || was_long ? Gap::break_line : Gap::newline);
      } else if (!is_first) {
        gap(Gap::blank);
      }
      print(field);
      line = last_line(field.name_span);
      was_long = first_line(field.value->span) != last_line(field.value->span);
      is_first = false;
    }
    if (!is_first && first_line(object.close) != line) {
      word(",");
      gap(Gap::break_line);
    }
    if (!is_first) gap(Gap::unindent);
    word("}", object.close);
  }

  void print(const ObjectField& field) {
    word(source_.text(field.name_span), field.name_span);
    gap(Gap::soft_mark);
    word("=");
    gap(Gap::blank);
    expr(*field.value);
  }

  void print(const AccessExpr& access, Span) {
    expr(*access.object);
    if (is_after_number_) gap(Gap::blank);
    word(".");
    end_word(access.name, access.name_span);
  }

  void print(const IndexExpr& index, Span) {
    expr(*index.object);
    word("[", index.open);
    expr(*index.index);
    word("]", index.close);
  }

  void print(const UnaryExpr& unary, Span) {
    word(to_string(unary.op), unary.op_span);
    expr(*unary.operand);
  }

  void print(const BinaryExpr& binary, Span) {
    expr(*binary.left);
    gap(Gap::blank);
    word(to_string(binary.op), binary.op_span);
    gap(Gap::blank);
    expr(*binary.right);
  }

  void print(const ParenExpr& paren, Span span) {
    word("(");
    expr(*paren.inner);
    end_word(")", Span{span.end - 1, span.end});
  }

  // ---- words and what stands between them ----

  void gap(Gap gap) { gaps_.push_back(gap); }

  void word(std::string_view text, Span span) {
    now_ = place(span);
    Place here = now_;
    if (has_comment_before(here.offset)) {
      comments_before(here);
    } else {
      write_gaps(gaps_.size());
    }
    now_ = here;
    compare_lines(here.line);
    write(text);
    remember_lines(last_line(span));
  }

  // A word that comments are not placed before: those there are follow it.
  void word(std::string_view text) {
    Place here = now_;
    write_gaps(gaps_.size());
    now_ = here;
    write(text);
  }

  // A word that may end a statement: a line must not end behind it if it did not. So what stands on a line
  // before it stays before it.
  void end_word(std::string_view text, Span span) {
    bool ends_statement = span.end == statement_end_;
    if (is_cut_before(span) && !ends_statement) return word(text, span);
    compare_lines(first_line(span));
    word(text);
    remember_lines(last_line(span));
    is_guessed_ = true;
  }

  bool is_cut_before(Span span) {
    return has_comment_before(span.begin) && first_line(comments_[next_comment_]) != first_line(span);
  }

  // Whatever hangs on lines comes out the same of a second pass if the words keep their lines.
  void compare_lines(std::uint32_t line) {
    std::uint32_t before = std::min(line - source_line_, 2U);
    std::uint32_t after = std::min(out_line_ - written_line_, 2U);
    bool may_differ = std::exchange(lines_may_differ_, false);
    if (before != after && !may_differ && !is_empty_) is_settled_ = false;
  }

  void remember_lines(std::uint32_t line) {
    source_line_ = line;
    written_line_ = out_line_;
  }

  void write(std::string_view text) {
    if (is_line_begin_) {
      for (int i = 0; i < indent_; ++i) out_.mark(Columns::Mark::hard);
      is_line_begin_ = false;
    }
    is_empty_ = false;
    now_.offset += static_cast<std::uint32_t>(text.size());
    // No other words may have several lines.
    if (text.starts_with('`') || text.starts_with("/*")) {
      auto newlines = static_cast<std::uint32_t>(std::ranges::count(text, '\n'));
      now_.line += newlines;
      out_line_ += newlines;
      out_.lines(text);
    } else {
      out_.text(text);
    }
    last_ = now_;
    is_after_number_ = is_guessed_ = false;
  }

  void write_newlines(std::uint32_t count, Gap kind) {
    for (; count > 0; --count) {
      kind == Gap::break_line ? out_.break_line() : out_.newline();
      now_.offset += 1;
      now_.line += 1;
      out_line_ += 1;
      is_line_begin_ = true;
    }
  }

  void write_gap(Gap gap) {
    switch (gap) {
      case Gap::none: break;
      case Gap::blank:
        out_.text(" ");
        now_.offset += 1;
        break;
      case Gap::soft_mark:
        out_.mark(Columns::Mark::soft);
        now_.offset += 1;
        break;
      case Gap::newline:
      case Gap::break_line: write_newlines(1, gap); break;
      case Gap::indent: ++indent_; break;
      case Gap::unindent: --indent_; break;
    }
  }

  void write_gaps(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) write_gap(gaps_[i]);
    gaps_.erase(gaps_.begin(), gaps_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  // ---- comments ----

  bool has_comment_before(std::uint32_t offset) const {
    return next_comment_ < comments_.size() && comments_[next_comment_].begin < offset;
  }

  void comments_before(Place next) {
    while (has_comment_before(next.offset)) comment(comments_[next_comment_++], next.line);
    after_comments(next);
  }

  void comment(Span comment, std::uint32_t next_line) {
    Place here = place(comment);
    if (!is_empty_) {
      // Inside an expression no line may begin behind a word that can end it.
      bool is_inside = is_guessed_ && here.offset < statement_end_;
      if (is_inside || here.line == last_.line) {
        if (here.line == next_line) {
          out_.text(" ");
        } else {
          out_.mark(Columns::Mark::hard);
        }
      } else {
        apply_gaps_before_comment();
        write_newlines(std::min(here.line - last_.line, 2U), Gap::break_line);
      }
    }
    now_ = here;
    lines_may_differ_ = false;
    compare_lines(here.line);
    write(comment_text(source_.text(comment)));
    remember_lines(last_line(comment));
    last_comment_is_block_ = source_.text(comment).starts_with("/*");
  }

  // A comment on its own line is indented as far as what was begun, but not yet what is about to end.
  void apply_gaps_before_comment() {
    std::size_t count = 0;
    for (; count < gaps_.size(); ++count) {
      Gap& gap = gaps_[count];
      if (gap == Gap::unindent) break;
      bool is_newline = gap == Gap::newline || gap == Gap::break_line;
      if (gap != Gap::indent) gap = Gap::none;
      if (is_newline) break;
    }
    write_gaps(count);
  }

  void after_comments(Place next) {
    if (last_comment_is_block_ && next.line == last_.line) out_.text(" ");
    Gap kind = Gap::newline;
    for (Gap& gap : gaps_) {
      if (gap == Gap::break_line) kind = gap;
      if (gap != Gap::indent && gap != Gap::unindent) gap = Gap::none;
    }
    write_gaps(gaps_.size());
    if (next.line > last_.line) write_newlines(std::min(next.line - last_.line, 2U), kind);
  }

  void remaining_comments() {
    while (next_comment_ < comments_.size()) comment(comments_[next_comment_++], UINT32_MAX);
  }

  const Source& source_;
  std::span<const Span> comments_;
  Progress file_;
  LineFinder lines_;
  Columns out_;
  std::vector<Gap> gaps_;
  Place now_, last_;
  std::uint32_t source_line_ = 1, written_line_ = 1;  // where the last word of a known place ended
  std::uint32_t out_line_ = 1;
  std::uint32_t statement_end_ = 0;
  std::size_t next_comment_ = 0;
  int indent_ = 0;
  bool is_line_begin_ = true;
  bool is_empty_ = true;
  bool is_after_number_ = false;
  bool last_comment_is_block_ = false;
  bool is_guessed_ = false;        // where the last word stands in the source
  bool lines_may_differ_ = false;  // before the next word, without consequence
  bool is_settled_ = true;
};

}  // namespace

std::expected<std::string, Diagnostics> print_standard(SourcePtr source) {
  // Two passes settle all but odd places of comments, which take one more each.
  constexpr int kMostPasses = 8;
  for (int pass = 1;; ++pass) {
    Printer printer(*source);
    auto comments = parse_each(source, [&](const Statement& statement, const std::vector<Span>& all) {
      printer.print(statement, all);
    });
    if (!comments) return std::unexpected(std::move(comments).error());
    Printed printed = printer.finish(*comments);
    if (printed.is_settled || pass == kMostPasses) return std::move(printed.text);
    if (printed.text == source->text()) return std::move(printed.text);
    source = Source::make(source->name(), std::move(printed.text));
  }
}

}  // namespace weir::lang
