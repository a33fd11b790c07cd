// Profiles in files, in the form that a file's name asks for.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "profile/profile.h"
#include "web/flame_file.h"

namespace weir::cli {

// In a page; more frames than that a browser does not draw swiftly. The smallest become "(other)".
inline constexpr std::size_t kMostNodes = 400'000;

enum class FileForm { pprof_gzip, pprof, folded, html, speedscope };

// By how the path ends; the error lists what would be right.
Result<FileForm> form_of(std::string_view path);

// Whether a file could be written there, as far as can be told beforehand.
Result<> check_writable(const std::filesystem::path& path);

// `facts` is what the page of the HTML form says of the profile; its title names the other forms too.
std::string encode(const profile::Profile& profile, FileForm form, const web::FlameFacts& facts);

// Writes the file and gives it to who called sudo.
Result<> write_profile_file(const std::filesystem::path& path, std::string_view content);

// A pprof (gzipped or not) or folded file, whatever its name.
Result<profile::Profile> read_profile_file(const std::filesystem::path& path);

// In a browser of who called sudo, or of who runs this.
Result<> open_in_browser(const std::filesystem::path& path);

}  // namespace weir::cli
