#include "server/http/multipart.h"

#include <gtest/gtest.h>

#include "server/http/message.h"

namespace hanok::server {
namespace {

const std::string kType = "multipart/form-data; boundary=xyz";
const std::string kBody =
    "--xyz\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n"
    "--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain\r\n\r\n"
    "line\r\n--xy not yet\r\n\r\n--xyz--\r\n";

TEST(Multipart, PartsWithNamesAndFiles) {
  const auto form = parse_form(kType, kBody);
  ASSERT_EQ(form.size(), 2u);
  EXPECT_EQ(find_part(form, "purpose")->body, "assistants");
  const FormPart* file = find_part(form, "file");
  EXPECT_EQ(file->filename, "a \"b\".txt");
  EXPECT_EQ(file->content_type, "text/plain");
  EXPECT_EQ(file->body, "line\r\n--xy not yet\r\n");
  EXPECT_EQ(find_part(form, "other"), nullptr);
  const auto korean = parse_form(
      kType, "--xyz\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%ED%95%9C.txt\r\n\r\n\r\n--xyz--");
  EXPECT_EQ(korean[0].filename, "한.txt");
  EXPECT_TRUE(parse_form(kType, "--xyz--").empty());
}

TEST(Multipart, EveryCutOfABodyIsRefused) {
  for (size_t n = 0; n + 4 < kBody.size(); ++n) EXPECT_THROW(parse_form(kType, kBody.substr(0, n)), Refusal) << n;
  EXPECT_THROW(parse_form("application/json", kBody), Refusal);
  EXPECT_THROW(parse_form("multipart/form-data", kBody), Refusal);
  EXPECT_THROW(parse_form(kType, "--xyz\r\n\r\n\r\n--xyz--"), Refusal) << "no name";
}

}  // namespace
}  // namespace hanok::server
