// The fields of the API's JSON answers, as a table: the reference page is made of it, and a test holds it
// against what the handlers write.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace weir::web {

struct AnswerField {
  std::string_view name;
  // "string", "integer", "number", "boolean", "any", the name of a shape; "[T]" a list of T; "{T}" an object
  // with any names whose values are T.
  std::string_view type;
  std::string_view doc;
  std::string_view unit = {};
  std::string_view absent = {};  // when it is not there; "": it always is
  std::string_view words = {};   // "healthy|unhealthy": one of these
};

// An object.
struct AnswerShape {
  std::string_view name;
  std::string_view doc;
  std::vector<AnswerField> fields;
  std::string_view like = {};  // the shape whose fields it has too
};

std::span<const AnswerShape> answer_shapes();
// Null when there is none.
const AnswerShape* find_answer_shape(std::string_view name);

// The parts of the table, by what they tell of.
using ShapePart = std::vector<AnswerShape> (*)();
std::vector<AnswerShape> joined(std::initializer_list<ShapePart> parts);
std::vector<AnswerShape> component_shapes();
std::vector<AnswerShape> machine_shapes();
std::vector<AnswerShape> profile_shapes();

}  // namespace weir::web
