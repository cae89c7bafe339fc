#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/text.h"
#include "text/loaders/mime.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;

TEST(Mime, EncodedWords) {
  EXPECT_EQ(decode_words("=?UTF-8?B?7ZWc7Jil?= house"), "한옥 house");
  EXPECT_EQ(decode_words("=?euc-kr?Q?=BC=AD=BF=EF?="), "서울");
  EXPECT_EQ(decode_words("=?iso-8859-1?q?caf=E9_noir?="), "café noir");
  // A syllable cut between two words, as some senders do.
  EXPECT_EQ(decode_words("=?UTF-8?Q?=ED=95?= =?UTF-8?Q?=9C?="), "한");
  EXPECT_EQ(decode_words("=?UTF-8?B?7ZWc"), "=?UTF-8?B?7ZWc");
  EXPECT_EQ(decode_words("\xBC\xAD\xBF\xEF"), "서울");
}

TEST(Mime, TransferEncodings) {
  EXPECT_EQ(decode_base64("aGVs\r\nbG8="), "hello");
  EXPECT_EQ(decode_base64("aGU=\r\nbGxv-"), decode_base64("aGUbGxv"));
  EXPECT_EQ(decode_base64("aGVsb"), "hel");
  EXPECT_EQ(decode_quoted_printable("a=3Db=\r\nc=\nd=zz="), "a=bcd=zz=");
}

TEST(LoadMail, PlainTextIsPreferredAndAttachmentsAreNamed) {
  const Document d = load_bytes(
      "a.eml",
      "Subject: =?UTF-8?B?7ZWc7Jil?=\r\n tour\r\nFrom: Bo-ra <b@x.example>\r\nDate: Sat, 1 Mar 2025 09:00:00 +0900\r\n"
      "Content-Type: multipart/mixed; boundary=\"o u\"\r\n\r\npreamble\r\n--o u\r\n"
      "Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain; charset=euc-kr\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n=BC=AD=BF=EF station=\r\n, ten o'clock\r\n--in\r\n"
      "Content-Type: text/html\r\n\r\n<p>rich</p>\r\n--in--\r\n--o u\r\n"
      "Content-Type: application/pdf; name=x\r\nContent-Disposition: attachment; "
      "filename*=UTF-8''%ED%95%9C.pdf\r\n\r\n%PDF\r\n--o u--\r\n");
  EXPECT_EQ(d.title, "한옥 tour");
  EXPECT_EQ(d.text,
            "Subject: 한옥 tour\nFrom: Bo-ra <b@x.example>\nDate: Sat, 1 Mar 2025 09:00:00 +0900\n\n서울 station, ten "
            "o'clock\n\n"
            "Attachment: 한.pdf\n");
}

TEST(LoadMail, HtmlAloneAndForwardedMail) {
  const Document d = load_bytes(
      "a.eml",
      "Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n\n"
      "<p>Come <b>early</b>.</p>\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nold words\n--b--\n");
  EXPECT_EQ(d.text, "Subject: outer\n\nCome early.\n\nSubject: inner\n\nold words\n");
}

TEST(LoadMail, HostileMailIsRefused) {
  EXPECT_THROW(load_bytes("a.eml", "just words\nand more"), Error);
  std::string nested;
  for (int i = 0; i < 100; ++i) nested += "Content-Type: message/rfc822\n\n";
  EXPECT_THROW(load_bytes("a.eml", nested), Error);
}

TEST(LoadSubtitles, MinutesAreHeadingsAndTagsGo) {
  const Document d = load_bytes(
      "a.srt",
      "1\n00:00:01,000 --> 00:00:03,000\n{\\an8}<i>안녕하세요</i>\n\n2\n00:00:04,000 --> 00:00:05,000\nHello\n\n"
      "3\n00:00:05,000 --> 00:00:06,000\nHello\nthere\n\n4\n01:02:03,000 --> 01:02:05,000\na < b\n");
  EXPECT_EQ(d.text, "00:00:00\n\n안녕하세요\nHello\nthere\n\n01:02:00\n\na < b\n");
  ASSERT_EQ(d.headings.size(), 2u);
  EXPECT_EQ(d.headings[1].title, "01:02:00");
  EXPECT_EQ(load_bytes("a.vtt",
                       "WEBVTT\n\nNOTE no\n\nSTYLE\n::cue{}\n\n00:01.000 --> 00:02.000 align:left\n<v "
                       "Mina>Yes<00:00:01.500> sir</v>\n")
                .text,
            "00:00:00\n\nMina: Yes sir\n");
  EXPECT_THROW(load_bytes("a.srt", "no times here"), Error);
}

}  // namespace
}  // namespace hanok::text
