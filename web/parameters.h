// The parameters of the API: names, defaults and limits for handlers, errors and the reference page alike.
#pragma once

#include <cstdint>
#include <limits>

#include "web/route.h"

namespace weir::web::parameter {

using enum Parameter::Type;

inline constexpr std::int64_t kMaxPid = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::int64_t kMaxPoints = 2'000;
inline constexpr std::int64_t kLatestMs = 9'000'000'000'000;  // beyond, nanoseconds would overflow

// ---- lists in pages ----

inline constexpr Parameter kOffset{.name = "offset",
                                   .type = integer,
                                   .doc = "The first row to answer, of those that match.",
                                   .lowest = 0,
                                   .highest = 1'000'000'000};
inline constexpr Parameter kPageLimit{
    .name = "limit", .type = integer, .doc = "Rows to answer.", .number = 50, .lowest = 1, .highest = 200};
inline constexpr Parameter kViewFilter{.name = "filter", .doc = "Rows whose text has this."};
inline constexpr Parameter kProcessFilter{
    .name = "filter",
    .doc = "Those whose pid, comm, service, container or finder has this; upper and lower case are one."};

// ---- components ----

inline constexpr Parameter kModules{
    .name = "modules", .type = word, .doc = "1: those in modules too.", .otherwise = "0", .words = "0|1"};
inline constexpr Parameter kStates{
    .name = "states",
    .type = word,
    .doc = "all: also the state waiting, which other programs do not have; else unknown stands for it.",
    .otherwise = "common",
    .words = "common|all"};
inline constexpr Parameter kDefaults{
    .name = "defaults",
    .type = word,
    .doc = "1: with the arguments at their defaults, and what the reference says of each.",
    .otherwise = "0",
    .words = "0|1"};

// ---- events ----

inline constexpr Parameter kSince{
    .name = "since",
    .doc =
        "The last id that was seen, like the header Last-Event-ID: only what has changed after it is told.",
    .otherwise = "none: every topic is named at first"};

// ---- processes and targets ----

inline constexpr Parameter kState{.name = "state",
                                  .type = word,
                                  .doc = "Those in this state.",
                                  .otherwise = "all states",
                                  .words = "profiled|names_missing|waiting|left_out|no_target|exited_unread"};
inline constexpr Parameter kSort{
    .name = "sort",
    .type = word,
    .doc = "Most CPU, least pid, first name or least share of complete stacks first.",
    .otherwise = "cpu",
    .words = "cpu|pid|name|complete"};
inline constexpr Parameter kProcessPid{.name = "pid",
                                       .type = integer,
                                       .doc = "The process of this id, and those that had it before.",
                                       .otherwise = "any",
                                       .lowest = 0,
                                       .highest = kMaxPid};
inline constexpr Parameter kPid{.name = "pid",
                                .type = integer,
                                .doc = "Targets that are this process.",
                                .otherwise = "any",
                                .lowest = 0,
                                .highest = kMaxPid};
inline constexpr Parameter kContainer{
    .name = "container",
    .doc = "Targets in the container of this name or id; of an id twelve digits are enough."};
inline constexpr Parameter kWantedLabels{.name = "labels",
                                         .doc =
                                             "Targets that have all of these: a JSON object of strings, at "
                                             "most 64 KiB. An empty value means that the "
                                             "label is not there."};
inline constexpr Parameter kFormat{.name = "format",
                                   .type = word,
                                   .doc = "text: as `weir explain targets` prints it.",
                                   .otherwise = "json",
                                   .words = "json|text"};

// ---- profiles: what is selected ----

inline constexpr Parameter kFrom{.name = "from",
                                 .type = integer,
                                 .doc = "Profiles that begin at this time or later.",
                                 .unit = "ms",
                                 .otherwise = "an hour before until",
                                 .lowest = 0,
                                 .highest = kLatestMs};
inline constexpr Parameter kUntil{.name = "until",
                                  .type = integer,
                                  .doc = "Profiles that begin before this time.",
                                  .unit = "ms",
                                  .otherwise = "now",
                                  .lowest = 1,
                                  .highest = kLatestMs};
inline constexpr Parameter kService{
    .name = "service", .doc = "The label service_name.", .otherwise = "any, when there are labels"};
inline constexpr Parameter kType{
    .name = "type",
    .doc =
        "The label `__name__`, with the sample type behind it where that is another one: memory:inuse_space.",
    .otherwise = "process_cpu"};
inline constexpr Parameter kLabels{.name = "labels",
                                   .doc =
                                       "Profiles that have all of these: {host=\"a\",zone=\"b\"}. An empty "
                                       "value means that the label is not "
                                       "there."};
inline constexpr Parameter kStore{
    .name = "store", .doc = "Id of the pyroscope.store to ask.", .otherwise = "the first of the config"};

// ---- profiles: what is answered ----

inline constexpr Parameter kPoints{.name = "points",
                                   .type = integer,
                                   .doc = "Points of each service's series; 0: without series.",
                                   .number = 0,
                                   .lowest = 0,
                                   .highest = kMaxPoints};
inline constexpr Parameter kStep{.name = "step",
                                 .type = integer,
                                 .doc = "Between two points; at least a 2,000th of the range.",
                                 .unit = "s",
                                 .otherwise = "a 240th of the range",
                                 .lowest = 1,
                                 .highest = kLatestMs / 1000};
inline constexpr Parameter kMaxNodes{.name = "max_nodes",
                                     .type = integer,
                                     .doc = "Nodes of the flame tree; the smallest are put together.",
                                     .number = 5'000,
                                     .lowest = 2,
                                     .highest = 50'000};
inline constexpr Parameter kRowLimit{.name = "limit",
                                     .type = integer,
                                     .doc = "Functions to answer.",
                                     .number = 100,
                                     .lowest = 0,
                                     .highest = 10'000};
inline constexpr Parameter kFunctionsBy{.name = "by",
                                        .type = word,
                                        .doc = "Which value is largest first.",
                                        .otherwise = "self",
                                        .words = "self|total"};
inline constexpr Parameter kLabel{
    .name = "label", .doc = "The label whose values share the total.", .is_required = true};

// ---- profiles: what is compared ----

inline constexpr Parameter kBeforeFrom{.name = "before_from",
                                       .type = integer,
                                       .doc = "Where the range of the other selection begins.",
                                       .unit = "ms",
                                       .otherwise = "as long before its end as from is before until",
                                       .lowest = 0,
                                       .highest = kLatestMs};
inline constexpr Parameter kBeforeUntil{.name = "before_until",
                                        .type = integer,
                                        .doc = "Where the range of the other selection ends.",
                                        .unit = "ms",
                                        .otherwise = "from",
                                        .lowest = 1,
                                        .highest = kLatestMs};
inline constexpr Parameter kBeforeService{
    .name = "before_service", .doc = "Service of the other selection.", .otherwise = "service"};
inline constexpr Parameter kBeforeType{
    .name = "before_type", .doc = "Type of the other selection.", .otherwise = "type"};
inline constexpr Parameter kBeforeLabels{
    .name = "before_labels", .doc = "Labels of the other selection.", .otherwise = "labels"};
inline constexpr Parameter kBasis{.name = "by",
                                  .type = word,
                                  .doc =
                                      "What makes both alike: total leaves values as they are, time brings "
                                      "them to the same length of time, "
                                      "share to the same total.",
                                  .otherwise = "total",
                                  .words = "total|time|share"};

}  // namespace weir::web::parameter
