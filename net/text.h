// Small pieces of HTTP text shared by the files of this room.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/result.h"

namespace weir::net {

std::string_view trim(std::string_view text);  // of spaces, tabs and line ends

// "%41+b" -> "A b". A broken escape stands for itself.
std::string decode_query(std::string_view text);

// "/%6detrics+" -> "/metrics+".
std::string decode_path(std::string_view text);

// "A b" -> "A+b", "/" -> "%2F": a name or a value of a form.
std::string encode_query(std::string_view text);

std::string base64(std::string_view bytes);
// Padding may be missing; nothing for what is not base64.
std::optional<std::string> from_base64(std::string_view text);

// A name of token characters, a value without line breaks or NUL: what may be
// written into a message head without changing its meaning.
bool valid_header_name(std::string_view name);
bool valid_header_value(std::string_view value);

std::string_view reason_phrase(int status);

// Of a gzip stream, several members included; more than `limit` bytes is an error.
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace weir::net
