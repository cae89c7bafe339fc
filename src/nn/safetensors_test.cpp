#include "nn/safetensors.h"
#include "nn/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "hanok/error.h"

namespace hanok::nn {
namespace {

std::string file_of(const std::string& json, const std::string& data, uint64_t length) {
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(length >> (8 * i));
  return out + json + data;
}
std::string file_of(const std::string& json, const std::string& data) { return file_of(json, data, json.size()); }

SafetensorsHeader read(const std::string& file) {
  return read_safetensors(std::as_bytes(std::span(file)), "x.safetensors");
}

std::string error_of(const std::string& file, Code code = Code::Corrupt) {
  try {
    read(file);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "no error";
}

std::string entry(const std::string& name, const std::string& type, const std::string& shape, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirBytes) {
  const std::string file =
      file_of("{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "F32", "[1,2]", 4, 12) + "," +
                  entry("a", "BF16", "[2]", 0, 4) + "," + entry("s", "I8", "[]", 12, 13) + "," +
                  entry("e", "F32", "[0,3]", 13, 13) + "}   ",
              std::string("\x80\x3f\x00\x40", 4) + std::string("\0\0\x80\x3f\0\0\0\x40", 8) + "\x05");
  const auto header = read(file);
  ASSERT_EQ(header.tensors.size(), 4u);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(read_floats(header.tensors[0]), (std::vector<float>{1, 2}));
  EXPECT_EQ(read_floats(header.tensors[1]), (std::vector<float>{1, 2}));
  EXPECT_EQ(header.tensors[2].count(), 1u);
  EXPECT_EQ(header.tensors[3].count(), 0u);
  EXPECT_EQ(header.metadata.at("format"), "pt");
  EXPECT_EQ(describe(header.tensors[1]), "[1, 2] F32");
}

TEST(Safetensors, ReadsHalvesAtAnyAddress) {
  for (const std::string pad : {"", " ", "  ", "   "}) {
    std::string data;
    for (int i = 0; i < 600; ++i) data += std::string("\x00\x3c", 2);
    const std::string file = file_of("{" + entry("h", "F16", "[600]", 0, 1200) + "}" + pad, data);
    EXPECT_EQ(read_floats(read(file).tensors[0]), std::vector<float>(600, 1.0f));
  }
}

TEST(Safetensors, RefusesDamage) {
  using testing::HasSubstr;
  const std::string one = "{" + entry("w", "F32", "[2]", 0, 8) + "}", eight(8, '\0');
  EXPECT_NO_THROW(read(file_of(one, eight)));
  EXPECT_THAT(error_of(""), HasSubstr("at least 8"));
  EXPECT_THAT(error_of(file_of(one, eight, 1ull << 40)), HasSubstr("limit"));
  EXPECT_THAT(error_of(file_of(one, eight, 1000)), HasSubstr("ends at byte 1008"));
  EXPECT_THAT(error_of(file_of("[]", "")), HasSubstr("start with '{'"));
  EXPECT_THAT(error_of(file_of("{", "")), HasSubstr("not JSON"));
  EXPECT_THAT(error_of(file_of(one, eight.substr(1))), HasSubstr("there are 7"));
  EXPECT_THAT(error_of(file_of(one, eight + "x")), HasSubstr("belong to none"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F32", "[3]", 0, 8) + "}", eight)), HasSubstr("has 8 bytes"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F32", "[-2]", 0, 8) + "}", eight)), HasSubstr("whole numbers"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F32", "[4294967296,4294967296]", 0, 8) + "}", eight)),
              HasSubstr("overflows"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F32", "[4611686018427387904]", 0, 8) + "}", eight)),
              HasSubstr("has 8 bytes"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F32", "[2]", 8, 0) + "}", eight)), HasSubstr("takes bytes"));
  EXPECT_THAT(
      error_of(file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 2, 6) + "}", "123456")),
      HasSubstr("overlaps"));
  EXPECT_THAT(error_of(file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 6, 10) + "}",
                               "1234567890")),
              HasSubstr("hole"));
  EXPECT_THAT(
      error_of(file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("a", "F32", "[1]", 4, 8) + "}", eight)),
      HasSubstr("twice"));
  EXPECT_THAT(error_of(file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "")),
              HasSubstr("expected dtype, shape and data_offsets"));
  EXPECT_THAT(error_of(file_of("{\"__metadata__\":{\"a\":1}}", "")), HasSubstr("not text"));
  EXPECT_THAT(error_of(file_of("{\"a\":[[[[[[[[]]]]]]]]}", "")), HasSubstr("nested"));
  EXPECT_THAT(error_of(file_of("{" + entry("w", "F128", "[2]", 0, 8) + "}", eight), Code::Unsupported),
              HasSubstr("F128"));
}

TEST(Weights, JoinsTheParts) {
  base::TempFolder temp;
  const auto put = [&](const std::string& name, const std::string& bytes) {
    base::write_file_atomic(temp.path() / name, bytes);
  };
  EXPECT_THROW(Weights::open(temp.path()), Error);
  put("p1.safetensors", file_of("{" + entry("a", "F32", "[1]", 0, 4) + "}", std::string("\0\0\x80\x3f", 4)));
  put("p2.safetensors", file_of("{" + entry("m.b", "F32", "[1]", 0, 4) + "}", std::string("\0\0\0\x40", 4)));
  put("model.safetensors.index.json", R"({"weight_map":{"a":"p1.safetensors","m.b":"p2.safetensors"}})");
  const Weights weights = Weights::open(temp.path());
  EXPECT_EQ(read_floats(weights.at("m.b", {1})), std::vector<float>{2});
  EXPECT_EQ(weights.prefix_of("b", {"", "m."}), "m.");
  EXPECT_EQ(weights.find("c"), nullptr);
  EXPECT_THROW(weights.at("c", {1}), Error);
  EXPECT_THROW(weights.at("a", {2}), Error);
  for (const char* bad : {R"({"weight_map":{"a":"../p1.safetensors"}})", R"({"weight_map":{"a":1}})",
                          R"({"weight_map":{"z":"p1.safetensors"}})", R"({"weight_map":3})", R"([])",
                          R"({"weight_map":{"a":"p3.safetensors"}})"}) {
    put("model.safetensors.index.json", bad);
    EXPECT_THROW(Weights::open(temp.path()), Error) << bad;
  }
}

TEST(Weights, SaysWhatToDoWithOtherFormats) {
  base::TempFolder temp;
  base::write_file_atomic(temp.path() / "pytorch_model.bin", "x");
  try {
    Weights::open(temp.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
    EXPECT_THAT(e.what(), testing::HasSubstr("convert"));
  }
}

}  // namespace
}  // namespace hanok::nn
