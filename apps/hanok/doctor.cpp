#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/threads.h"
#include "command.h"
#include "hanok/error.h"
#include "hanok/text.h"
#include "math/cpu.h"
#include "memory_speed.h"
#include "models_in_use.h"
#include "train_program.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

OrderedJson tool(const std::string& name, const std::string& need) {
  bool found = true;
  try {
    base::run_process({name, name == "pdftotext" ? "-v" : "--version"}, "",
                      {.seconds = 20, .memory_bytes = 8ull << 30});
  } catch (const Error&) {
    found = false;
  }
  return {{"name", name}, {"found", found}, {"for", need}};
}

OrderedJson ocr_tool() {
  OrderedJson out = {{"name", "tesseract"}, {"found", true}, {"for", "text in pictures (ingest --ocr)"}};
  try {
    text::check_ocr(kOcrLanguages);
  } catch (const Error& e) {
    out["found"] = false;
    out["why"] = e.what();
  }
  return out;
}

OrderedJson trainer() {
  const std::string file = train_program();
  OrderedJson out = {
      {"name", "hanok-train"}, {"found", !file.empty()}, {"for", "training and pictures (hanok vision)"}};
  if (file.empty()) out["why"] = kNoTrainProgram;
  return out;
}

// poppler-data holds the character maps of Korean, Chinese and Japanese PDFs.
bool has_poppler_data() {
  for (const char* folder : {"/usr/share/poppler/cMap/Adobe-Korea1", "/usr/local/share/poppler/cMap/Adobe-Korea1"})
    if (std::filesystem::exists(folder)) return true;
  return false;
}

OrderedJson check_data(Session& session, std::vector<std::string>& problems) {
  const std::string folder = session.data_folder();
  OrderedJson out = {{"folder", folder}};
  struct statvfs fs {};
  std::filesystem::path existing = folder;
  while (!existing.empty() && !std::filesystem::exists(existing)) existing = existing.parent_path();
  if (::statvfs(existing.c_str(), &fs) == 0) {
    const double free_bytes = static_cast<double>(fs.f_bavail) * static_cast<double>(fs.f_frsize);
    out["free_bytes"] = free_bytes;
    if (free_bytes < 1e9) problems.push_back("less than 1 GB is free where the data directory is (" + folder + ")");
  }
  if (!std::filesystem::exists(folder + "/hanok.db")) {
    out["state"] = "empty";
    return out;
  }
  try {
    auto found = session.store(false).verify();
    out["state"] = found.empty() ? "sound" : "damaged";
    for (auto& p : found) problems.push_back(std::move(p));
  } catch (const Error& e) {
    out["state"] = "unreadable";
    problems.emplace_back(e.what());
  }
  return out;
}

OrderedJson examine(Session& session) {
  std::vector<std::string> problems;
  OrderedJson out = {{"version", HANOK_VERSION}};
  out["cpu"] = {{"name", cpu_name()},
                {"features", math::features_name(math::features())},
                {"threads", base::default_threads()},
                {"memory_gb_per_second", memory_bandwidth() / 1e9}};
  if (std::string why = math::tile_problem(math::tile_state()); !why.empty()) out["cpu"]["amx_not_used"] = why;
  // Found or not, a folder without such files needs none of the last three: they are no problems.
  OrderedJson tools = {tool("pdftotext", "PDF files"), tool("soffice", "doc, xls and ppt files (LibreOffice)"),
                       ocr_tool(), trainer()};
  if (!tools[0]["found"].get<bool>())
    problems.push_back("pdftotext is missing: PDFs cannot be read; apt install poppler-utils");
  if (!has_poppler_data())
    problems.push_back("poppler-data is missing: Korean PDFs give no text; apt install poppler-data");
  out["tools"] = tools;
  out["data"] = check_data(session, problems);
  out["models"] = models_report(session, problems);
  out["problems"] = problems;
  return out;
}

}  // namespace

void add_doctor(Command& root) {
  Command c = root.subcommand("doctor", "What this machine offers, what is missing and how to get it.");
  c.run([](Session& session) {
    const OrderedJson report = examine(session);
    session.print(report, [&](std::ostream& out) {
      const auto& cpu = report["cpu"];
      out << "hanok " HANOK_VERSION "\n";
      out << "cpu      " << cpu["name"].get<std::string>() << ", kernels: " << cpu["features"].get<std::string>()
          << ", " << cpu["threads"] << " threads, " << static_cast<int>(cpu["memory_gb_per_second"].get<double>())
          << " GB/s from memory\n";
      if (cpu.contains("amx_not_used")) out << "cpu      " << cpu["amx_not_used"].get<std::string>() << "\n";
      out << "data     " << report["data"]["folder"].get<std::string>() << " ("
          << report["data"]["state"].get<std::string>() << ")\n";
      out << "models   " << report["models"]["embedding"].get<std::string>() << "\n";
      for (const auto& t : report["tools"])
        out << "tool     " << t["name"].get<std::string>() << (t["found"].get<bool>() ? ": for " : " is missing, for ")
            << t["for"].get<std::string>()
            << (t["name"] == "hanok-train" && t.contains("why") ? "; " + t["why"].get<std::string>() : "") << "\n";
      for (const auto& p : report["problems"]) out << "missing  " << p.get<std::string>() << "\n";
      if (report["problems"].empty()) out << "all is well\n";
    });
  });
}

}  // namespace hanok::app
