// weir diff: what two profiles in files differ in, as a table, as folded stacks, or as a flame graph.

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/core.h>

#include "base/number.h"
#include "base/seconds.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/profile_file.h"
#include "cli/terminal.h"
#include "lang/text.h"
#include "profile/compare.h"
#include "profile/flame.h"
#include "profile/text_formats.h"

namespace weir::cli {
namespace {

constexpr Flag kFlags[] = {
    {.name = "output",
     .value = "FILE",
     .default_text = "",
     .doc =
         "Where to, in place of a table on standard output: .html (a flame graph that shows what is more and "
         "what is less), .folded (a line a stack with both values), .txt (the table).",
     .letter = 'o'},
    {.name = "by",
     .value = "BASIS",
     .default_text = "total",
     .doc = "What is compared: total, the CPU time as it was recorded (of a command that was run twice); "
            "time, as "
            "if both recordings had lasted equally long (of a service); share, as if both had taken the same "
            "CPU "
            "time (of different loads)."},
    {.name = "rows",
     .value = "NUMBER",
     .default_text = "40",
     .doc = "Functions in the table; 0: all that differ.",
     .letter = 'n'},
    {.name = "open", .value = "", .default_text = "", .doc = "Show the .html file in a browser."},
};

struct Comparison {
  std::string before_name, after_name;
  profile::Profile before;  // scaled
  profile::Profile after;
  profile::Basis basis = profile::Basis::total;
  std::string unit;
  std::pair<Duration, Duration> lengths;
};

Result<profile::Basis> parse_basis(std::string_view text) {
  if (text == "total") return profile::Basis::total;
  if (text == "time") return profile::Basis::time;
  if (text == "share") return profile::Basis::share;
  return fail("--by: \"{}\" is none of total, time, share", text);
}

Result<Comparison> compare(const Invocation& invocation) {
  Comparison comparison{.before_name = invocation.operands[0], .after_name = invocation.operands[1]};
  auto basis = parse_basis(invocation.flag("by"));
  if (!basis) return fail(basis.error());
  comparison.basis = *basis;
  auto before = read_profile_file(comparison.before_name);
  if (!before) return fail(before.error());
  auto after = read_profile_file(comparison.after_name);
  if (!after) return fail(after.error());
  auto factor = profile::factor(*before, *after, *basis);
  if (!factor)
    return fail("{} and {} cannot be compared by {}: {}; --by=share can", comparison.before_name,
                comparison.after_name, invocation.flag("by"), factor.error().message);
  comparison.unit = after->type.sample_unit;
  comparison.lengths = {before->duration, after->duration};
  profile::scale(*before, *factor);
  comparison.before = *std::move(before);
  comparison.after = *std::move(after);
  return comparison;
}

std::string length_text(Duration length) {
  return fmt::format("{:.1f} s", in_seconds(length));
}

std::string basis_text(const Comparison& comparison) {
  const auto& [before, after] = comparison.lengths;
  if (comparison.basis == profile::Basis::share) return "before is scaled to the total of after";
  if (comparison.basis == profile::Basis::time)
    return fmt::format("before is scaled from {} to the {} of after", length_text(before),
                       length_text(after));
  if (before <= Duration::zero() || after <= Duration::zero()) return "as they were recorded";
  return fmt::format("as they were recorded, for {} and {}", length_text(before), length_text(after));
}

std::string row_text(const profile::FunctionChange& change, std::string_view unit) {
  std::int64_t difference = profile::subtract_saturating(change.after.self, change.before.self);
  std::string sign = difference > 0 ? "+" : "";
  std::string module = change.function.module.empty() ? "" : "  " + lang::printable(change.function.module);
  return fmt::format("{:>12}  {:>12}  {:>12}  {:>8}  {:>8}  {}{}\n", amount_text(change.before.self, unit),
                     amount_text(change.after.self, unit), sign + amount_text(difference, unit),
                     change_text(change.before.self, change.after.self),
                     change_text(change.before.total, change.after.total),
                     lang::printable(change.function.name), module);
}

std::string table(const Comparison& comparison, std::size_t most) {
  const std::string& unit = comparison.unit;
  std::int64_t before = comparison.before.total();
  std::int64_t after = comparison.after.total();
  std::string out = fmt::format("before  {:>12}  {}\nafter   {:>12}  {}  {}\n{}\n\n",
                                amount_text(before, unit), comparison.before_name, amount_text(after, unit),
                                comparison.after_name, change_text(before, after), basis_text(comparison));
  auto changes = profile::compare_functions(comparison.before, comparison.after);
  auto first_alike = std::ranges::find_if(
      changes, [](const profile::FunctionChange& c) { return c.before.self == c.after.self; });
  auto differing = static_cast<std::size_t>(first_alike - changes.begin());
  if (differing == 0) return out + "No function differs.\n";
  out += fmt::format("{:>12}  {:>12}  {:>12}  {:>8}  {:>8}  {}\n", "self then", "self now", "change", "self",
                     "total", "function");
  std::size_t shown = most == 0 ? differing : std::min(most, differing);
  for (std::size_t i = 0; i < shown; ++i) out += row_text(changes[i], unit);
  if (shown < differing)
    out += fmt::format("and {} more functions (--rows 0 shows all)\n", differing - shown);
  return out;
}

std::string page(const Comparison& comparison) {
  profile::FlameTree tree;
  tree.add_before(comparison.before);
  tree.add(comparison.after);
  tree.finish(kMostNodes);
  web::FlameFacts facts{.title = std::filesystem::path(comparison.after_name).filename(),
                        .unit = comparison.unit,
                        .start = comparison.after.start,
                        .duration = comparison.after.duration,
                        .before_title = std::filesystem::path(comparison.before_name).filename()};
  facts.rows = {{"Before", comparison.before_name},
                {"After", comparison.after_name},
                {"Compared by", basis_text(comparison)},
                {"Total before", amount_text(comparison.before.total(), comparison.unit)},
                {"Total after", amount_text(comparison.after.total(), comparison.unit)}};
  return web::flame_file(tree, facts);
}

enum class DiffForm { table, folded, page };

Result<DiffForm> diff_form(std::string_view path) {
  if (path.empty() || path.ends_with(".txt")) return DiffForm::table;
  auto form = form_of(path);
  if (form && *form == FileForm::folded) return DiffForm::folded;
  if (form && *form == FileForm::html) return DiffForm::page;
  return fail("--output: \"{}\": the name of the file says its form: .html, .folded or .txt", path);
}

std::string write(const Comparison& comparison, DiffForm form, std::size_t rows) {
  if (form == DiffForm::folded) return profile::encode_folded(comparison.before, comparison.after);
  return form == DiffForm::page ? page(comparison) : table(comparison, rows);
}

ExitCode refuse(const Error& error, ExitCode code) {
  say("Error: {}\n", lang::printable(error.message));
  return code;
}

ExitCode diff(const Invocation& invocation) {
  std::string path(invocation.flag("output"));
  auto form = diff_form(path);
  if (!form) return refuse(form.error(), kRefused);
  std::string_view text = invocation.flag("rows");
  auto rows = whole_number<std::size_t>(text);
  if (!rows) return refuse({fmt::format("--rows: \"{}\" is no number", text)}, kRefused);
  auto comparison = compare(invocation);
  if (!comparison) return refuse(comparison.error(), kRefused);
  std::string content = write(*comparison, *form, *rows);
  if (path.empty()) {
    if (!put(stdout, content)) return refuse({"standard output takes no more"}, kNoWorld);
    return kOk;
  }
  if (auto written = write_profile_file(path, content); !written) return refuse(written.error(), kNoWorld);
  say("Wrote {} ({}).\n", path, size_text(content.size()));
  if (!invocation.is_on("open")) return kOk;
  if (auto opened = open_in_browser(path); !opened) say("{}\n", opened.error().message);
  return kOk;
}

}  // namespace

constinit const Command kDiffCommand{
    .name = "diff",
    .operands = "BEFORE AFTER",
    .summary = "compare two profiles in files, function by function",
    .description =
        "Reads two files, pprof (gzipped or not) or folded stacks, and says which functions take more CPU of "
        "their own than before and which take less, the largest change first. What was recorded is compared "
        "as it is; --by=time makes up for recordings of different lengths, --by=share for different loads.",
    .flags = kFlags,
    .min_operands = 2,
    .max_operands = 2,
    .run = diff,
};

}  // namespace weir::cli
