#include "base/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

using testing::HasSubstr;

std::string why(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Child, LinesGoBothWays) {
  Child cat({"cat"});
  for (const std::string line : {"one", "", "둘", "x"}) {
    cat.write_line(line, 5);
    EXPECT_EQ(cat.read_line(5, 100), line);
  }
  const std::string large(300'000, 'x');  // more than a pipe holds
  Child eater({"sh", "-c", "head -c 300001 | wc -c"});
  eater.write_line(large, 5);
  EXPECT_THAT(eater.read_line(5, 100), HasSubstr("300001"));
}

TEST(Child, SilenceFloodsAndEndsAreErrors) {
  Child silent({"sleep", "60"});
  EXPECT_THAT(why([&] { silent.read_line(0.05, 100); }), HasSubstr("says nothing"));
  Child flood({"yes", std::string(1000, 'x')});
  EXPECT_EQ(flood.read_line(5, 2000).size(), 1000u);
  Child endless({"sh", "-c", "while :; do printf xxxxxxxxxxxxxxxx; done"});
  EXPECT_THAT(why([&] { endless.read_line(5, 1000); }), HasSubstr("more than 1000 bytes"));
  Child ends({"sh", "-c", "echo bad luck >&2; exit 3"});
  EXPECT_THAT(why([&] { ends.read_line(5, 100); }), testing::AllOf(HasSubstr("has ended"), HasSubstr("bad luck")));
  EXPECT_THAT(why([] { Child({"/none/such"}); }), HasSubstr("is it installed"));
  Child deaf({"sleep", "60"});
  EXPECT_THAT(why([&] { deaf.write_line(std::string(1 << 20, 'x'), 0.1); }), HasSubstr("does not read"));
  const Context::Scope scope(Context().with_timeout(0.05));
  Child waits({"sleep", "60"});
  EXPECT_THROW(waits.read_line(60, 100), Error);
}

}  // namespace
}  // namespace hanok::base
