// Log lines with a level, the component they belong to, a message and fields.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace weir {

enum class LogLevel { error, warn, info, debug };
enum class LogFormat { logfmt, json };

struct LogRecord {
  WallTime time;
  LogLevel level = LogLevel::info;
  std::string component;  // "discovery.docker.linux"; empty for weir itself
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

std::string_view to_string(LogLevel level);
// One line without its newline.
std::string format_record(const LogRecord& record, LogFormat format);

// Where all lines of a process meet. Every method may be called on any thread.
class LogHub {
 public:
  using Write = std::function<void(std::string_view line)>;

  // Lines go to standard error.
  LogHub();
  explicit LogHub(Write write);

  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  void set_format(LogFormat format) { format_.store(format, std::memory_order_relaxed); }
  bool enabled(LogLevel level) const { return level <= level_.load(std::memory_order_relaxed); }
  void log(LogRecord record);
  // The last lines of one component, oldest first (a bounded memory of all of them).
  std::vector<LogRecord> recent(std::string_view component) const;
  // How many there have been.
  std::uint64_t lines() const { return lines_; }

 private:
  std::atomic<LogLevel> level_ = LogLevel::info;
  std::atomic<LogFormat> format_ = LogFormat::logfmt;
  mutable std::mutex mutex_;  // orders lines; guards recent_
  Write write_;
  std::vector<LogRecord> recent_;  // a ring of kRecent records
  std::size_t next_ = 0;
  std::atomic<std::uint64_t> lines_ = 0;
};

// A component's handle on the hub. Cheap to copy; the hub outlives it.
class Logger {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

  Logger(LogHub& hub, std::string component) : hub_(&hub), component_(std::move(component)) {}

  void error(std::string_view message, Fields fields = {}) const { log(LogLevel::error, message, fields); }
  void warn(std::string_view message, Fields fields = {}) const { log(LogLevel::warn, message, fields); }
  void info(std::string_view message, Fields fields = {}) const { log(LogLevel::info, message, fields); }
  void debug(std::string_view message, Fields fields = {}) const { log(LogLevel::debug, message, fields); }

  LogHub& hub() const { return *hub_; }

 private:
  void log(LogLevel level, std::string_view message, Fields fields) const;

  LogHub* hub_;
  std::string component_;
};

}  // namespace weir
