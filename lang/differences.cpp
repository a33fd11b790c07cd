#include "lang/differences.h"

namespace weir::lang {
namespace {

constexpr Difference kDifferences[] = {
    {"An argument list without arguments that spans lines", "is formatted to `f(,`, which no parser reads",
     "is formatted to `f()`", "What is formatted must mean what it meant."},
    {"A tab inside a string", "becomes blanks when formatted", "stays", "It is part of the value."},
    {"A comment between the parts of a name or before a closing bracket",
     "may end up where it ends the statement too early, or swallows what follows",
     "is placed where the text parses to the same tree", "What is formatted must mean what it meant."},
    {"Formatting twice", "may align other lines than formatting once, where lines were joined",
     "changes nothing the second time", "A check of what is committed must come to rest."},
    {"Division of integers by zero", "ends the process (River), or is an error (Alloy)",
     "is an error in both dialects; of floats it gives an infinity in River",
     "A config must not end the program."},
    {"A huge integer exponent", "takes as many steps as the exponent says",
     "takes 64 steps, with the same result", "A config must not hang the program."},
    {"`format()` of a secret", "prints its text", "prints `(secret)`",
     "What is formatted is shown and logged. `nonsensitive()` says that one means it."},
    {"A required attribute or block that is missing", "is reported without a place",
     "is reported at the block that lacks it", "One wants to know which of ten blocks it is."},
    {"Several mistakes in one body", "are reported one at a time", "are reported together",
     "One run should do."},
    {"YAML maps whose keys are no strings", "get the key `<interface {} Value>`, and lose all but one entry",
     "get the keys as they are written: `1`, `true`", "Nothing may get lost."},
    {"Nesting", "has no limit but the memory", "ends at 500 levels, with an error",
     "A crafted config must not exhaust the stack."},
    {"Long texts", "have no limit but the memory",
     "end at 64 MiB, of a config and of what an expression makes",
     "A crafted config must not exhaust the memory."},
};

constexpr Difference kShared[] = {
    {"Quoted keys of an object",
     "keep their escapes as they are written: `{\"a\\tb\" = 1}` has a key with a backslash, "
     "and `{\"\" = 1}` one of two quotes",
     "", "Configs refer to such keys by the name they have."},
    {"A negative integer exponent",
     "gives the base: `2 ^ -1` is 2 (Alloy: 0 and 1 excepted). `2.0 ^ -1` is 0.5", "",
     "The value of a config must not depend on the program that reads it."},
    {"Integers that do not fit",
     "wrap: in sums, and when put into a smaller place. Signed with unsigned is computed as "
     "signed",
     "", "The same. Fields of weir's components have limits, and refuse what wrapped."},
    {"`\"-5.5\"` put into a number",
     "is an error, `\"5.5\"` is none: with a sign only whole numbers are read", "", "The same."},
    {"`array.combine_maps` with `keep_left`",
     "adds a left object once for each right one that does not match, and not at "
     "all where there is no right one",
     "", "The same."},
    {"`&&` and `||`", "evaluate both sides always: `false && missing` is an error", "",
     "The same; and a wrong name is found on the first run."},
};

}  // namespace

std::span<const Difference> differences() {
  return kDifferences;
}

std::span<const Difference> shared_peculiarities() {
  return kShared;
}

}  // namespace weir::lang
