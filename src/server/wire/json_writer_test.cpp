#include "server/wire/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/json.h"
#include "base/random.h"

namespace hanok::server {
namespace {

TEST(JsonWriter, SetsCommasWhereTheyBelong) {
  JsonWriter out;
  out.open_object().member("a", 1).key("b").open_array().value("x").null().value(true).open_array().close_array();
  out.close_array().key("c").open_object().close_object().close_object();
  EXPECT_EQ(out.take(), R"({"a":1,"b":["x",null,true,[]],"c":{}})");
}

TEST(JsonWriter, StringsReadBackAsTheyWere) {
  const std::string all = std::string("\0\x01\x1f\"\\\n\r\t/ 한국어 é 😀", 35) + "\x7f";
  JsonWriter out;
  out.value(all);
  EXPECT_EQ(base::parse_json(out.take(), "test").get<std::string>(), all);
}

TEST(JsonWriter, WhatIsNoUtf8BecomesTheReplacementCharacter) {
  for (const std::string bad :
       {"\x80", "\xC0\xAF", "\xE0\x9F\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5", "a\xE4"}) {
    JsonWriter out;
    out.value(bad);
    const std::string text = out.take();
    EXPECT_NO_THROW(base::parse_json(text, "test")) << text;
    EXPECT_NE(text.find("\xEF\xBF\xBD"), std::string::npos);
  }
}

TEST(JsonWriter, EveryFloatReadsBackBitByBit) {
  base::Random random(1);
  std::vector<float> row = {0.0F, -0.0F, 1.0F, 1e-45F, 3.4028235e38F, 0.1F, 16777216.0F};
  while (row.size() < 5000) {
    const auto bits = static_cast<uint32_t>(random.next());
    float v;
    std::memcpy(&v, &bits, sizeof v);
    if (std::isfinite(v)) row.push_back(v);
  }
  JsonWriter out;
  out.values(row);
  const auto read = base::parse_json(out.take(), "test");
  for (size_t i = 0; i < row.size(); ++i) {
    EXPECT_TRUE(read[i].is_number_float()) << row[i];  // 1 is written 1.0
    const auto back = static_cast<float>(read[i].get<double>());
    EXPECT_EQ(std::memcmp(&back, &row[i], sizeof back), 0) << row[i];
  }
}

TEST(JsonWriter, WhatIsNotFiniteIsNull) {
  JsonWriter out;
  out.open_array().value(std::numeric_limits<float>::infinity()).value(std::nan("")).close_array();
  EXPECT_EQ(out.take(), "[null,null]");
}

}  // namespace
}  // namespace hanok::server
