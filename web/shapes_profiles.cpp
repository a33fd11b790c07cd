// What the API answers of profiles.
#include "web/answer_shape.h"

namespace weir::web {
namespace {

constexpr std::string_view kKinds = "native|kernel|python|go|javascript|java|ruby|php|dotnet|jit|unknown";
constexpr std::string_view kReasons = "named|stripped|no_mapping|process_gone|unreadable|jit|evicted|unknown";

std::vector<AnswerShape> range_shapes() {
  return {
      {"Range",
       "A range of time: profiles that begin in it.",
       {{.name = "from", .type = "integer", .doc = "Where it begins.", .unit = "ms"},
        {.name = "until", .type = "integer", .doc = "Where it ends; not part of it.", .unit = "ms"}}},
      {"Services",
       "Who has profiles.",
       {{.name = "stores", .type = "integer", .doc = "0: the config keeps no profiles."},
        {.name = "step",
         .type = "number",
         .doc = "Between two points.",
         .unit = "s",
         .absent = "points is 0"},
        {.name = "services", .type = "[Service]", .doc = "The largest total first."}},
       "Range"},
      {"Service",
       "The profiles of one type that a service has.",
       {{.name = "service", .type = "string", .doc = "Its name."},
        {.name = "type", .type = "string", .doc = "Of the profiles."},
        {.name = "unit", .type = "string", .doc = "Of total: nanoseconds of CPU for process_cpu."},
        {.name = "total", .type = "integer", .doc = "Over the range."},
        {.name = "profiles", .type = "integer", .doc = "How many."},
        {.name = "samples", .type = "integer", .doc = "In them."},
        {.name = "first", .type = "integer", .doc = "Start of the oldest.", .unit = "ms"},
        {.name = "last", .type = "integer", .doc = "Start of the newest.", .unit = "ms"},
        {.name = "points",
         .type = "[[integer]]",
         .doc = "Its series: start of the step in ms, and total.",
         .absent = "points is 0, or 200 services come before"}}},
      {"Series",
       "A total, step by step.",
       {{.name = "service", .type = "string", .doc = "As asked."},
        {.name = "step", .type = "number", .doc = "Between two points.", .unit = "s"},
        {.name = "points", .type = "[[integer]]", .doc = "Start of the step in ms, and total."}},
       "Range"},
      {"Breakdown",
       "Shares by a label.",
       {{.name = "label", .type = "string", .doc = "As asked."},
        {.name = "values", .type = "[Share]", .doc = "The largest first."}},
       "Range"},
      {"Share",
       "What has one value of the label.",
       {{.name = "value", .type = "string", .doc = "The value; \"\": the label is not there."},
        {.name = "unit", .type = "string", .doc = "Of total."},
        {.name = "total", .type = "integer", .doc = "Over the range."},
        {.name = "profiles", .type = "integer", .doc = "How many."},
        {.name = "samples", .type = "integer", .doc = "In them."}}},
  };
}

std::vector<AnswerShape> function_shapes() {
  return {
      {"Selection",
       "All that was selected, as one profile.",
       {{.name = "service", .type = "string", .doc = "As asked."},
        {.name = "type", .type = "string", .doc = "As asked."},
        {.name = "unit", .type = "string", .doc = "Of total and of all values."},
        {.name = "total", .type = "integer", .doc = "Of all samples."},
        {.name = "duration", .type = "number", .doc = "Of all profiles, one after the other.", .unit = "s"}},
       "Range"},
      {"Functions",
       "The functions of a selection.",
       {{.name = "count", .type = "integer", .doc = "How many there are."},
        {.name = "functions", .type = "[Function]", .doc = "The largest first, at most limit."}},
       "Selection"},
      {"Function",
       "What a function took.",
       {{.name = "name", .type = "string", .doc = "Its name, or its file and offset."},
        {.name = "module", .type = "string", .doc = "The file it is in."},
        {.name = "kind", .type = "string", .doc = "Of which code.", .words = kKinds},
        {.name = "why", .type = "string", .doc = "Why it has no name; named: it has one.", .words = kReasons},
        {.name = "self", .type = "integer", .doc = "Value in itself."},
        {.name = "total", .type = "integer", .doc = "Value with what it called."}}},
      {"Diff",
       "Two selections beside each other.",
       {{.name = "before", .type = "Selection", .doc = "The other one, as it is."},
        {.name = "after", .type = "Selection", .doc = "What was selected."},
        {.name = "factor", .type = "number", .doc = "What all values before are multiplied by, below."},
        {.name = "count", .type = "integer", .doc = "Functions there are.", .absent = "limit is 0"},
        {.name = "functions",
         .type = "[FunctionChange]",
         .doc = "Those that changed most first, at most limit.",
         .absent = "limit is 0"},
        {.name = "flame", .type = "Flame", .doc = "The tree of both."}}},
      {"FunctionChange",
       "What a function took before and after.",
       {{.name = "beforeSelf", .type = "integer", .doc = "Value in itself, before."},
        {.name = "beforeTotal", .type = "integer", .doc = "Value with what it called, before."}},
       "Function"},
  };
}

std::vector<AnswerShape> flame_shapes() {
  return {
      {"FlameAnswer",
       "The flame tree of a selection.",
       {{.name = "service", .type = "string", .doc = "As asked."},
        {.name = "type", .type = "string", .doc = "As asked."},
        {.name = "total", .type = "integer", .doc = "Of all samples."},
        {.name = "samples", .type = "integer", .doc = "How many."},
        {.name = "completeSamples",
         .type = "integer",
         .doc = "Of these, whose stack reaches the thread's start."},
        {.name = "flame", .type = "Flame", .doc = "The tree."}},
       "Range"},
      {"Flame",
       "A tree in columns: one entry a node, parents before their children, the root first.",
       {{.name = "name",
         .type = "[integer]",
         .doc = "Place among strings: its name, or its file and offset."},
        {.name = "module", .type = "[integer]", .doc = "Place among strings: the file it is in."},
        {.name = "kind", .type = "[integer]", .doc = "Place among strings: as in Function."},
        {.name = "why", .type = "[integer]", .doc = "Place among strings: as in Function."},
        {.name = "reason",
         .type = "[integer]",
         .doc = "Place among strings: where a name was looked for; \"\"."},
        {.name = "total", .type = "[integer]", .doc = "Value with what is below."},
        {.name = "self", .type = "[integer]", .doc = "Value in itself."},
        {.name = "beforeTotal",
         .type = "[integer]",
         .doc = "The same, before; after the factor.",
         .absent = "nothing is compared"},
        {.name = "beforeSelf",
         .type = "[integer]",
         .doc = "The same, before; after the factor.",
         .absent = "nothing is compared"},
        {.name = "parent", .type = "[integer]", .doc = "Place among the nodes; -1 of the root."},
        {.name = "strings", .type = "[string]", .doc = "All texts, each once."}}},
  };
}

}  // namespace

std::vector<AnswerShape> profile_shapes() {
  return joined({range_shapes, function_shapes, flame_shapes});
}

}  // namespace weir::web
