// Holds answers of the API against its table.
#pragma once

#include <boost/json.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "web/answer_shape.h"

namespace weir::web::testing {

class AnswerCheck {
 public:
  // Everything in `answer` that is not as `type` says, an AnswerField's.
  void check(const boost::json::value& answer, std::string_view type, const std::string& where);

  const std::vector<std::string>& problems() const { return problems_; }
  // "Shape.field" that has not occurred.
  std::vector<std::string> unseen() const;

 private:
  void check_object(const boost::json::object& object, const AnswerShape& shape, const std::string& where);
  void check_field(const boost::json::value& value, const AnswerShape& shape, const AnswerField& field,
                   const std::string& where);

  std::vector<std::string> problems_;
  std::set<std::string> seen_;
};

// As a person reads it: what fits into a line stands in one, and of many objects in a list the first two.
std::string pretty(const boost::json::value& value);

}  // namespace weir::web::testing
