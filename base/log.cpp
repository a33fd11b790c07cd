#include "base/log.h"

#include <unistd.h>

#include <unordered_map>

#include <fmt/core.h>

namespace weir {
namespace {

constexpr std::size_t kRecent = 512;
constexpr std::size_t kMany = 64;  // lines of one component, once the memory is full

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

// The age of the line that goes for another of `component`: of one that says much its own oldest, else the
// oldest of the one that says most. Nobody pushes out what others say seldom.
template <class ByAge>
std::size_t to_forget(const ByAge& by_age, std::string_view component) {
  struct Lines {
    std::size_t count = 0, oldest = 0;
  };
  Lines own;
  for (std::size_t i = kRecent; i-- > 0;) {
    if (by_age(i).component == component) own = {own.count + 1, i};
  }
  if (own.count >= kMany) return own.oldest;
  std::unordered_map<std::string_view, Lines> all;
  for (std::size_t i = kRecent; i-- > 0;) {
    Lines& lines = all[by_age(i).component];
    lines = {lines.count + 1, i};
  }
  Lines most;
  for (const auto& [name, lines] : all) {
    if (lines.count > most.count || (lines.count == most.count && lines.oldest < most.oldest)) most = lines;
  }
  return most.oldest;
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
  ++lines_;
  write_(line);
  if (recent_.size() < kRecent) {
    recent_.push_back(std::move(record));
    return;
  }
  auto by_age = [&](std::size_t i) -> LogRecord& { return recent_[(next_ + i) % kRecent]; };
  std::size_t gone = to_forget(by_age, record.component);
  for (std::size_t i = gone; i > 0; --i) by_age(i) = std::move(by_age(i - 1));
  by_age(0) = std::move(record);
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
