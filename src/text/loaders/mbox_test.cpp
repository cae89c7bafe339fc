#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"

namespace hanok::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTwo =
    "From bora@x.example Tue Mar  4 10:00:00 2025\r\nSubject: =?UTF-8?B?7ZmY67aIIOusuOydmA==?=\r\nFrom: b@x.example\r\n"
    "Date: Tue, 4 Mar 2025 10:00:00 +0900\r\n\r\nHello,\r\n\r\nFrom here the road is closed.\r\n>From the station walk.\r\n"
    ">>From was quoted.\r\n\r\n"
    "From - Wed Mar 05 11:30:00 2025\r\nSubject: Keys\r\nDate: 5 Mar 2025 11:30 +0900\r\nContent-Type: "
    "multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nunder the mat\r\n--b\r\nContent-Type: image/png; name=map.png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";

std::vector<std::string> titles(const Document& d) {
  std::vector<std::string> out;
  for (const auto& h : d.headings) out.push_back(h.title);
  return out;
}

TEST(Mbox, MessagesAreSectionsNamedBySubjectAndDay) {
  const Document d = load_bytes("mail/Inbox.mbox", kTwo);
  EXPECT_EQ(broken_promise(d), "");
  EXPECT_EQ(d.title, "Inbox");
  EXPECT_THAT(titles(d), ElementsAre("환불 문의 (2025-03-04)", "Keys (2025-03-05)"));
  EXPECT_EQ(
      d.text,
      "환불 문의 (2025-03-04)\n\nFrom: b@x.example\nDate: Tue, 4 Mar 2025 10:00:00 +0900\n\nHello,\n\nFrom here the "
      "road is closed.\nFrom the station walk.\n>From was quoted.\n\nKeys (2025-03-05)\n\nDate: 5 Mar 2025 11:30 "
      "+0900\n\nunder the mat\n\nAttachment: map.png\n");
}

TEST(Mbox, IsKnownWithoutASuffix) {
  EXPECT_EQ(load_bytes("Sent", kTwo).format, "mbox");
  EXPECT_EQ(load_bytes("letter", "From the sea to the hills.\n").format, "txt");
}

TEST(Mbox, ABrokenMessageIsNotedAndTheOthersAreRead) {
  const Document d = load_bytes("a.mbox", "From x Tue Mar  4 10:00:00 2025\n\nno headers\n\n" + kTwo);
  EXPECT_EQ(titles(d).size(), 2u);
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("message 1 could not be read"));
  EXPECT_THROW(load_bytes("a.mbox", "just text"), Error);
}

}  // namespace
}  // namespace hanok::text
