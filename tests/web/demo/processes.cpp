#include "tests/web/demo/processes.h"

#include "tests/web/fake.h"

namespace weir::web::testing {
namespace {

struct DemoProcess {
  std::uint32_t pid;
  const char* comm;
  const char* service;  // "": no target takes it
  double percent;       // of one CPU
  std::uint64_t samples, complete;
  std::uint64_t named;  // of 100 frames
  const char* unnamed = "";
};

const std::string kLongService(64 << 10, 'w');

const DemoProcess kProcesses[] = {
    {2118, "checkout", "checkout-api", 41.2, 92'114, 88'511, 99},
    {2291, "thumbs", "thumbnails", 22.8, 51'020, 50'984, 97},
    {2304, "thumbs", "thumbnails", 21.1, 49'771, 49'712, 97},
    {2977, "node", "web-ssr", 17.4, 38'114, 24'392, 61, "//anon: code made at run time, without a map of it"},
    {3120, "taxd", "tax", 9.7, 20'661, 20'402, 78,
     "/opt/acme/libacme_tax.so: no debug file: /usr/lib/debug/.build-id/9c/1f44e0.debug, "
     "/opt/acme/.debug/libacme_tax.so"},
    {1277, "kubelet", "", 6.3, 0, 0, 0},
    {20400, "<img onerror=x>", "<img src=x onerror=alert(1)>", 4.4, 9'310, 9'302, 99},
    {20401, "\u062e\u062f\u0645\u0629", "\u202egpj.exe", 3.9, 8'800, 8'790, 99},
    {20402, "wide", kLongService.c_str(), 1.1, 2'410, 2'409, 99},
    {1017, "service-2", "", 1.1, 0, 0, 0},
    {612, "systemd-journal", "", 1.1, 0, 0, 0},
    {4120, "cron", "cron", 0.004, 0, 0, 0},
    {880, "sshd", "", 0.1, 0, 0, 0},
};

}  // namespace

std::vector<ProcessTimes> demo_processes() {
  Duration now = since_boot();
  std::vector<ProcessTimes> all;
  for (const auto& one : kProcesses) {
    auto cpu = static_cast<std::int64_t>(static_cast<double>(now.count()) * one.percent / 100);
    all.push_back({.pid = one.pid, .comm = one.comm, .cpu = Duration(cpu)});
  }
  // The machine runs many that do little.
  for (std::uint32_t i = 0; i < 60; ++i)
    all.push_back(
        {.pid = 5000 + i, .comm = "worker/" + std::to_string(i), .cpu = std::chrono::milliseconds(20)});
  return all;
}

std::shared_ptr<const profile::ProcessReport> demo_process_report() {
  auto report = std::make_shared<FakeProcesses>();
  for (const auto& one : kProcesses) {
    std::string service = one.service;
    if (!service.empty()) report->services.emplace(one.pid, service);
    if (one.samples == 0) continue;
    report->collected.push_back({.pid = one.pid,
                                 .comm = one.comm,
                                 .service = service,
                                 .samples = one.samples,
                                 .complete_samples = one.complete,
                                 .frames = 100,
                                 .named_frames = one.named,
                                 .unnamed = one.unnamed});
  }
  report->collected.push_back(
      {.pid = 30118, .comm = "cc1plus", .samples = 3, .exited = true, .exited_unread = true});
  return report;
}

}  // namespace weir::web::testing
