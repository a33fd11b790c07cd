#include "web/answer_shape.h"

#include <algorithm>
#include <utility>

namespace weir::web {

std::vector<AnswerShape> joined(std::initializer_list<ShapePart> parts) {
  std::vector<AnswerShape> all;
  for (ShapePart part : parts) {
    for (AnswerShape& shape : part()) all.push_back(std::move(shape));
  }
  return all;
}

std::span<const AnswerShape> answer_shapes() {
  static const std::vector<AnswerShape> all = joined({machine_shapes, component_shapes, profile_shapes});
  return all;
}

const AnswerShape* find_answer_shape(std::string_view name) {
  auto shapes = answer_shapes();
  auto found = std::ranges::find(shapes, name, &AnswerShape::name);
  return found == shapes.end() ? nullptr : &*found;
}

}  // namespace weir::web
