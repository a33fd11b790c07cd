// Hides what is secret in a config text, for excerpts that leave this machine.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "lang/diagnostic.h"
#include "lang/source.h"

namespace weir::lang {

// Whether an attribute of that name holds a secret.
using IsSecretName = std::function<bool(std::string_view name)>;

// By which names texts hand on what becomes the value of such an attribute. What stands there is secret too.
struct HandedOn {
  using Names = std::set<std::string, std::less<>>;
  Names arguments;  // X of argument.X
  Names exports;    // of a module, as a reference names them: X of creds.c.X
  Names items;      // of a foreach, by its var: "it", or "it.X" for a field of each

  std::size_t size() const { return arguments.size() + exports.size() + items.size(); }
  void merge(HandedOn other);
};

// Every literal in the value of such an attribute, or of what is handed on to one, becomes stars, in the
// excerpts of the diagnostics and where a message quotes it; in the excerpts also what comments and URLs
// tell. All places stay. The text need not parse.
void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret, const HandedOn& known = {});

// The whole text for a person to read, with "(secret)" for what is secret: in the values of such attributes
// and of what is handed on to them, also of those that a comment takes out of use, and in URLs. Each line
// keeps its number.
std::string without_secrets(const SourcePtr& source, const IsSecretName& is_secret,
                            const HandedOn& known = {});
// What the text hands on to such attributes, or to what is known to be handed on.
HandedOn handed_on(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known = {});

// Of a map of headers that is secret: whether a header of that name holds no secret.
bool is_plain_header(std::string_view name);
// Whether the name says that a secret stands there, as those of query parameters may: "access_token".
bool sounds_secret(std::string_view name);

}  // namespace weir::lang
