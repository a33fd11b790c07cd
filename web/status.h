// What concerns all of weir, as the answer and as the event that the page's frame is made of.
#pragma once

#include <string>

#include "web/site.h"

namespace weir::web {

struct StatusText {
  OwnCost cost;
  std::string moving;  // an object: the time, and the cost
  std::string steady;  // an object: what does not change unless something happens

  std::string whole() const;  // both as one object
};

// On the server's thread. Takes no longer where there are more components, unless their health has changed.
StatusText status_text(Site& site);

}  // namespace weir::web
