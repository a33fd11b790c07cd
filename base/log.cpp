#include "base/log.h"

#include <unistd.h>

#include <fmt/core.h>

namespace weir {
namespace {

constexpr std::size_t kRecent = 512;

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == 0x7f) return true;
  }
  return false;
}

void append_logfmt(std::string& out, std::string_view key, std::string_view value) {
  if (!out.empty()) out += ' ';
  out += key;
  out += '=';
  if (needs_quotes(value)) {
    append_json_string(out, value);
  } else {
    out += value;
  }
}

void append_json(std::string& out, std::string_view key, std::string_view value) {
  out += out.empty() ? '{' : ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, value);
}

void write_to_stderr(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    // Nobody left to tell when standard error itself fails.
    if (n <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warn: return "warn";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "info";
}

std::string format_record(const LogRecord& record, LogFormat format) {
  std::string out;
  auto append = format == LogFormat::json ? append_json : append_logfmt;
  append(out, "ts", format_time(record.time));
  append(out, "level", to_string(record.level));
  if (!record.component.empty()) append(out, "component_id", record.component);
  append(out, "msg", record.message);
  for (const auto& [key, value] : record.fields) append(out, key, value);
  if (format == LogFormat::json) out += '}';
  return out;
}

LogHub::LogHub() : LogHub(write_to_stderr) {}

LogHub::LogHub(Write write) : write_(std::move(write)) {}

void LogHub::log(LogRecord record) {
  std::string line = format_record(record, format_.load(std::memory_order_relaxed));
  std::lock_guard lock(mutex_);
  write_(line);
  if (recent_.size() < kRecent) {
    recent_.push_back(std::move(record));
    return;
  }
  recent_[next_] = std::move(record);
  next_ = (next_ + 1) % kRecent;
}

std::vector<LogRecord> LogHub::recent(std::string_view component) const {
  std::lock_guard lock(mutex_);
  std::vector<LogRecord> found;
  for (std::size_t i = 0; i < recent_.size(); ++i) {
    const LogRecord& record = recent_[(next_ + i) % recent_.size()];
    if (record.component == component) found.push_back(record);
  }
  return found;
}

void Logger::log(LogLevel level, std::string_view message, Fields fields) const {
  if (!hub_->enabled(level)) return;
  LogRecord record{.time = system_clock().wall(),
                   .level = level,
                   .component = component_,
                   .message = std::string(message),
                   .fields = {}};
  for (const auto& [key, value] : fields) record.fields.emplace_back(key, value);
  hub_->log(std::move(record));
}

}  // namespace weir
