#include "server/wire/body.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/json.h"
#include "hanok/error.h"

namespace hanok::server {
namespace {

std::string refusal(const std::string& text) {
  try {
    const Body body(text);
    std::vector<float> row;
    append_floats(required(body.object(), "v"), "v", row);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid) << e.what();
    return e.what();
  }
  return "";
}

TEST(Body, ReadsListsOfNumbers) {
  const Body body(R"({"v":[1,-2.5,1e-3,0],"n":null})");
  std::vector<float> row;
  append_floats(required(body.object(), "v"), "v", row);
  EXPECT_EQ(row, (std::vector<float>{1, -2.5F, 1e-3F, 0}));
  EXPECT_FALSE(member(body.object(), "n"));
  EXPECT_FALSE(member(body.object(), "missing"));
  EXPECT_EQ(json_of(body.root()), base::parse_json(R"({"v":[1,-2.5,1e-3,0],"n":null})", "test"));
}

TEST(Body, RefusesWhatIsNoNumberOfAVector) {
  EXPECT_EQ(refusal(R"({"v":[1]})"), "");
  EXPECT_NE(refusal(R"({"v":[1,1e39]})").find("v: number 1 is not finite"), std::string::npos);
  EXPECT_NE(refusal(R"({"v":[NaN]})"), "");
  EXPECT_NE(refusal(R"({"v":[1e999]})"), "");
  EXPECT_NE(refusal(R"({"v":[1,"2"]})").find("v[1]: expected a number, found a string"), std::string::npos);
  EXPECT_NE(refusal(R"({"v":{}})").find("v: expected a list, found an object"), std::string::npos);
  EXPECT_NE(refusal(R"({})").find("v: is missing"), std::string::npos);
  EXPECT_NE(refusal(R"([])").find("body: expected an object"), std::string::npos);
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal(R"({"v":[1])"), "");
  EXPECT_NE(refusal("{\"v\":\"\xFF\"}"), "");
  EXPECT_NE(refusal(std::string(100'000, '[')), "");
  EXPECT_NE(refusal("{\"v\":" + std::string(100, '[') + std::string(100, ']') + "}").find("deeper than 64"),
            std::string::npos);
}

TEST(Body, Base64OfFloatsOfEveryLength) {
  // Made by Python: base64.b64encode(numpy.arange(n, dtype="<f4"))
  const std::vector<std::string> encoded = {"", "AAAAAA==", "AAAAAAAAgD8=", "AAAAAAAAgD8AAABA",
                                            "AAAAAAAAgD8AAABAAABAQA=="};
  for (size_t n = 0; n < encoded.size(); ++n) {
    std::vector<float> row;
    append_base64_floats(encoded[n], "v", row);
    ASSERT_EQ(row.size(), n);
    for (size_t i = 0; i < n; ++i) EXPECT_EQ(row[i], static_cast<float>(i));
  }
  for (const std::string bad : {"AAAA", "A", "AAAAA!==", "AADAfw==" /* NaN */, "AACAfw==" /* infinity */, "한국"}) {
    std::vector<float> row;
    EXPECT_THROW(append_base64_floats(bad, "v", row), Error) << bad;
  }
}

TEST(Body, WholeNumbersWithinTheirBounds) {
  const Body body(R"([3, 3.0, 3.5, -1, 1e300, 18446744073709551615])");
  const auto at = [&](size_t i) { return Element(Array(body.root()).at(i)); };
  EXPECT_EQ(whole_of(at(0), "n"), 3);
  EXPECT_EQ(whole_of(at(1), "n"), 3);
  EXPECT_THROW(whole_of(at(2), "n"), Error);
  EXPECT_THROW(whole_of(at(3), "n", 0), Error);
  EXPECT_THROW(whole_of(at(4), "n"), Error);
  EXPECT_THROW(whole_of(at(5), "n"), Error);
}

}  // namespace
}  // namespace hanok::server
