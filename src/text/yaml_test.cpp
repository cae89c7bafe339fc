#include "text/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/error.h"

namespace hanok::text {
namespace {

TEST(Yaml, ValuesByTheCoreSchema) {
  EXPECT_EQ(
      parse_yaml("a: 1\nb: [true, ~, 1.5, x, '1', \"true\", -2, 1e3]\nc:\n  - d: |\n      두\n      줄\n", "f").dump(),
      R"({"a":1,"b":[true,null,1.5,"x","1","true",-2,1000.0],"c":[{"d":"두\n줄\n"}]})");
  EXPECT_EQ(parse_yaml("a: &x {k: v}\nb: *x", "f").dump(), R"({"a":{"k":"v"},"b":{"k":"v"}})");
  EXPECT_EQ(parse_yaml("", "f"), nullptr);
  EXPECT_EQ(parse_yaml("nan", "f"), "nan");
}

std::string error_of(const std::string& text) {
  try {
    parse_yaml(text, "f.yaml");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    return e.what();
  }
  return "no error";
}

TEST(Yaml, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_THAT(error_of("a: [1\nb"), testing::HasSubstr("f.yaml: not YAML"));
  EXPECT_THAT(error_of("a: 1\na: 2"), testing::HasSubstr("'a' twice at line 2"));
  EXPECT_THAT(error_of("? [a]\n: 1"), testing::HasSubstr("no scalar"));
  EXPECT_THAT(error_of("a: \xFF"), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(error_of(std::string(100, '[') + std::string(100, ']')), testing::HasSubstr("deeper"));
  // "A billion laughs": each line is ten of the one before.
  std::string laughs = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) laughs += "," + last;
    laughs += "]\n";
  }
  EXPECT_THAT(error_of(laughs), testing::HasSubstr("more than 100000 values"));
}

}  // namespace
}  // namespace hanok::text
