#include "lm/quantise_model.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "lm/folder_to_gguf.h"
#include "lm/quant_recipe.h"
#include "math/quantise.h"
#include "nn/gguf.h"
#include "nn/gguf_head.h"

namespace hanok::lm {
namespace {

namespace fs = base::fs;
using math::WeightFormat;

constexpr uint32_t kQuantisationVersion = 2;  // of ggml's block layouts

struct Name {
  std::string_view part;  // "attn_v"
  uint32_t layer = 0;
};
Name take_apart(std::string_view name) {
  Name out;
  if (name.starts_with("blk.")) {
    const size_t dot = name.find('.', 4);
    if (dot == std::string_view::npos) return {name, 0};
    for (const char c : name.substr(4, dot - 4)) out.layer = out.layer * 10 + static_cast<uint32_t>(c - '0');
    name.remove_prefix(dot + 1);
  }
  out.part = name.substr(0, name.rfind('.'));
  return out;
}

bool kept(const nn::Tensor& t, std::string_view part) {
  return t.shape.size() < 2 || !t.name.ends_with(".weight") || part.find("norm") != std::string_view::npos ||
         part == "ffn_gate_inp" || part.starts_with("rope_") || !is_float(t.type);
}

// The format, or the next one up whose blocks the rows are whole numbers of.
WeightFormat that_fits(WeightFormat format, size_t columns) {
  const auto fits = [&] { return columns % math::info(format).block == 0; };
  if (!fits()) format = format == WeightFormat::Q4_K ? WeightFormat::Q5_0 : WeightFormat::Q8_0;
  return fits() ? format : WeightFormat::F16;
}

std::vector<std::byte> converted(const nn::Tensor& t, WeightFormat format) {
  const auto& about = math::info(format);
  const size_t columns = t.columns(), rows = t.rows(), bytes = about.row_bytes(columns);
  std::vector<std::byte> out(rows * bytes);
  base::parallel_for(rows, 8, [&](size_t begin, size_t end, size_t) {
    std::vector<float> row(columns);
    for (size_t r = begin; r < end; ++r) {
      read_floats(t, r * columns, columns, row.data());
      math::quantise(format, row.data(), columns / about.block, out.data() + r * bytes);
    }
  });
  return out;
}

// The new tensors are in memory until the file is written.
void check_memory(const fs::path& from, uint64_t need) {
  const auto free = base::available_memory();
  if (free && need > *free)
    throw Error(Code::Exhausted, from.string() + ": quantizing needs " + base::memory_text(need) + " of memory, " +
                                     base::memory_text(*free) + " are free");
}

}  // namespace

QuantiseReport quantise_model(const fs::path& from, std::string_view recipe_name, const fs::path& to) {
  const std::string_view recipe = quant_recipe_named(recipe_name);
  if (recipe.empty()) {
    std::string known;
    for (const auto r : quant_recipes()) known += (known.empty() ? "" : ", ") + std::string(r);
    throw Error(Code::Invalid, "quantize: unknown format '" + std::string(recipe_name) + "'; there are " + known);
  }
  if (!fs::exists(from)) throw Error(Code::NotFound, from.string() + ": no such file or folder");
  if (fs::exists(to) && fs::equivalent(from, to))
    throw Error(Code::Invalid, "quantize: " + to.string() + " is the model that is read; name another file");
  nn::GgufHead head;
  std::optional<nn::Gguf> file;
  std::optional<GgufSource> made_of;
  const std::vector<nn::Tensor>* tensors = nullptr;
  uint32_t layers = 0;
  if (fs::is_directory(from) && fs::exists(from / "config.json")) {
    made_of.emplace(read_folder_as_gguf(from, head));
    tensors = &made_of->tensors;
    layers = made_of->layers;
  } else {
    file.emplace(nn::Gguf::open(from));
    tensors = &file->tensors();
    const std::string architecture(file->text("general.architecture").value_or(""));
    layers = static_cast<uint32_t>(file->whole(architecture + ".block_count").value_or(0));
    for (const auto& [key, value] : file->settings())
      if (!key.starts_with("split.") && key != "general.file_type" && key != "general.quantization_version" &&
          key != "general.alignment")
        head.set(key, value);
  }
  head.set("general.file_type", recipe_file_type(recipe));
  head.set("general.quantization_version", kQuantisationVersion);
  const bool tied =
      std::none_of(tensors->begin(), tensors->end(), [](const nn::Tensor& t) { return t.name == "output.weight"; });
  const auto target = [&](const nn::Tensor& t) {
    const Name name = take_apart(t.name);
    if (kept(t, name.part)) return t.format();
    return std::optional(that_fits(recipe_format(recipe, name.part, name.layer, layers, tied), t.columns()));
  };
  uint64_t need = 0;
  for (const auto& t : *tensors)
    if (const auto format = target(t); format && format != t.format()) need += math::info(*format).row_bytes(t.count());
  check_memory(from, need);

  QuantiseReport report;
  uint64_t all = 0;
  for (const auto& t : *tensors) all += t.bytes.size();
  static constexpr char kZeros[nn::kGgufAlignment] = {};
  std::vector<std::vector<std::byte>> made;
  std::vector<std::string_view> pieces(1);  // the head goes first, when it is known
  for (const auto& t : *tensors) {
    Context::current().check();
    const auto format = target(t);
    if (!format) throw Error(Code::Unsupported, from.string() + ": tensor '" + t.name + "' is " + describe(t));
    const size_t bytes = head.add(t.name, t.shape, *format);
    if (t.format() == *format) {
      pieces.emplace_back(reinterpret_cast<const char*>(t.bytes.data()), bytes);
    } else {
      const auto& values = made.emplace_back(converted(t, *format));
      pieces.emplace_back(reinterpret_cast<const char*>(values.data()), bytes);
      ++report.quantised;
    }
    pieces.emplace_back(kZeros, nn::gguf_padding(bytes));
    ++report.tensors;
    ++report.formats[std::string(math::info(*format).name)];
    report.bytes_before += t.bytes.size();
    report.bytes_after += bytes;
    Context::current().tell({.done = report.bytes_before, .total = all, .what = "quantize", .item = t.name});
  }
  const std::string bytes = head.bytes();
  pieces[0] = bytes;
  base::write_file_atomic(to, pieces);
  return report;
}

}  // namespace hanok::lm
