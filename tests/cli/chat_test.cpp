// hanok chat, against a server that the test plays: in a real terminal, and from a pipe.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "chain/providers/test_server.h"
#include "program.h"
#include "terminal.h"

namespace hanok::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::Json body_of(const std::string& request) {
  return base::Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
}

/// Answers with what it was told last and how much it was told: "3: hello".
void echo(int socket, const std::string& request, int) {
  if (request.starts_with("GET"))
    return (void)LocalServer::send(socket, reply(200, R"({"data":[{"id":"echo","context_length":200}]})"));
  const auto body = body_of(request);
  const auto messages = body["messages"];
  const std::string text = messages.back()["content"];
  if (body.contains("logprobs")) {  // likes everything with "good" in it
    const bool good = text.find("good") != std::string::npos;
    const auto top = [](const char* token, double p) { return base::Json{{"token", token}, {"logprob", std::log(p)}}; };
    const base::Json content{
        {"top_logprobs", {top("positive", good ? .8 : .2), top("negative", good ? .1 : .7), top("neutral", .1)}}};
    const base::Json answer{
        {"choices",
         {{{"message", {{"content", "x"}}}, {"finish_reason", "length"}, {"logprobs", {{"content", {content}}}}}}}};
    return (void)LocalServer::send(socket, reply(200, answer.dump()));
  }
  if (text == "fail") return (void)LocalServer::send(socket, reply(400, R"({"error":{"message":"no such thing"}})"));
  LocalServer::send(socket, kStream);
  LocalServer::send(socket, event(std::to_string(messages.size()) + ": "));
  if (text == "endless")
    while (LocalServer::send(socket, event("more "))) ::usleep(20000);
  LocalServer::send(socket, event(text) +
                                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":"
                                "{\"prompt_tokens\":10,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n");
}

class Chat : public testing::Test {
 protected:
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> out{HANOK_PROGRAM, "chat", "-m", server_.url(), "-q"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  base::ProcessResult piped(const std::string& input, std::vector<std::string> more = {}) const {
    return base::run_process(command(std::move(more)), input, {.seconds = 60, .memory_bytes = uint64_t{1} << 50});
  }
  std::vector<base::Json> json_lines(const std::string& text) const {
    std::vector<base::Json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(base::Json::parse(line));
    return out;
  }
  Program hanok_;
  LocalServer server_{echo};
};

TEST_F(Chat, FromAPipe) {
  const auto r =
      piped("one\ntwo \\\nlines\n\n\"\"\"\na\n\nb\n\"\"\"\n//slash\n/undo\n/exit\nnever\n", {"--system", "S"});
  EXPECT_EQ(r.exit_status, 0) << r.err;
  EXPECT_EQ(r.out, "2: one\n4: two \nlines\n6: a\n\nb\n8: /slash\nThe last question and its answer are forgotten.\n");
}

TEST_F(Chat, AMemoryTellsTheLastTurnsAndSaysWhatItLeavesOut) {
  const std::vector<std::string> flags{"--memory", "window", "--memory-turns", "1", "--session", "m", "--system", "S"};
  const auto r = piped("one\ntwo\nthree\n/memory\n/retry\n", flags);
  EXPECT_EQ(r.exit_status, 0) << r.err;
  EXPECT_EQ(r.out,
            "2: one\n4: two\n4: three\nuser: three\nassistant: 4: three\n1 turns are told, 0 summarised, 2 left out.\n"
            "4: three\n");
  auto json = flags;
  json.push_back("--json");
  const auto next = json_lines(piped("four\n", json).out);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0]["text"], "4: four");
  EXPECT_EQ(next[0]["memory"], base::Json::parse(R"({"turns":1,"summarised":0,"left_out":2,"summary":""})"));
  // What is said of it begins a line of its own behind the answer.
  const auto terminal = hanok_.bash(
      "printf 'a\\nb\\nc\\n' | " HANOK_PROGRAM " chat --memory window --memory-turns 1 -m " + server_.url() + " 2>&1");
  EXPECT_THAT(terminal.out, HasSubstr("\nnote: the model was told"));
  // Summaries are asked of the model itself, and kept with the session.
  const auto summed = piped("five\n/memory\n", {"--memory", "summary", "--session", "m", "--context", "4000"});
  EXPECT_THAT(summed.out, testing::StartsWith("2: five\nsummary of 5 turns: 1: Bring the summary"));
  EXPECT_EQ(piped("x\n", {"--memory", "all"}).exit_status, 2);
  EXPECT_EQ(piped("x\n", {"--memory", "vector"}).exit_status, 3);
}

TEST_F(Chat, JsonIsALineAnAnswer) {
  const auto r = piped("하나\n/help\n둘\n", {"--json", "--session", "여행"});
  EXPECT_EQ(r.exit_status, 0) << r.err;
  const auto lines = json_lines(r.out);
  ASSERT_EQ(lines.size(), 2u) << r.out;
  EXPECT_EQ(lines[1]["text"], "3: 둘");
  EXPECT_EQ(lines[1]["finish"], "stop");
  EXPECT_EQ(lines[1]["prompt_tokens"], 10);
  EXPECT_EQ(lines[1]["session"], "여행");
  EXPECT_THAT(keys(lines[0]), testing::UnorderedElementsAre("completion_tokens", "dropped", "finish", "model",
                                                            "prompt_tokens", "seconds", "session", "text"));
}

TEST_F(Chat, SessionsAreGoneOnWith) {
  EXPECT_EQ(piped("one\n", {"--session", "trip", "--system", "Be kind."}).out, "2: one\n");
  EXPECT_EQ(piped("two\n/retry\n/history\n", {"--session", "trip"}).out,
            "4: two\n4: two\nsystem: Be kind.\nuser: one\nassistant: 2: one\nuser: two\nassistant: 4: two\n");
  EXPECT_EQ(piped("/clear\nthree\n/save trip2\n", {"--session", "trip"}).exit_status, 0);
  EXPECT_EQ(piped("four\n", {"--session", "trip2"}).out, "4: four\n");
  EXPECT_EQ(piped("/save trip\n").exit_status, 4);  // there is one
  const auto list = hanok_.json({"chat", "--list"});
  EXPECT_EQ(list["sessions"][0]["name"], "trip");
  EXPECT_EQ(list["sessions"][0]["messages"], 2);
  EXPECT_EQ(list["sessions"][1]["messages"], 4);
  EXPECT_EQ(piped("x\n", {"--session", "../trip"}).exit_status, 2);
  hanok_.write("data/chats/broken.json", "{");
  EXPECT_EQ(piped("x\n", {"--session", "broken"}).exit_status, 5);
}

TEST_F(Chat, WhatIsWrongEndsAPipe) {
  EXPECT_EQ(piped("fail\nnever\n").exit_status, 7);
  EXPECT_THAT(piped("/nothing\n").err, HasSubstr("no command /nothing"));
  EXPECT_EQ(piped("/set temperature hot\n").exit_status, 2);
  EXPECT_EQ(piped("x\n", {"--temperature", "-1"}).exit_status, 2);
  const auto none = hanok_.run({"chat"});
  EXPECT_EQ(none.exit_status, 3);
  EXPECT_THAT(none.err, HasSubstr("hanok models pull"));
}

TEST_F(Chat, OldTurnsAreDroppedAndItIsSaid) {
  const std::string words = "word word word word word word word word word word word word word word word word";
  std::string input;
  for (int i = 0; i < 6; ++i) input += words + "\n";
  auto lines = json_lines(piped(input, {"--json", "-n", "20"}).out);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[1]["dropped"], 0);
  EXPECT_GT(lines[5]["dropped"].get<int>(), 0);
  const size_t sent = std::stoul(lines[5]["text"].get<std::string>());
  EXPECT_EQ(sent + lines[5]["dropped"].get<size_t>(), 11u);
  const auto r = piped(input, {"--overflow", "error", "-n", "20"});
  EXPECT_EQ(r.exit_status, 8);
  EXPECT_THAT(r.err, HasSubstr("context of 200"));
}

TEST_F(Chat, OtherCommandsTakeTheServerToo) {
  const auto g = hanok_.json({"generate", "hello", "-m", server_.url(), "--system", "S"});
  EXPECT_EQ(g["text"], "2: hello");
  EXPECT_EQ(g["finish"], "stop");
  EXPECT_EQ(hanok_.run({"generate", "hello", "-m", server_.url(), "--raw"}).exit_status, 6);
  EXPECT_EQ(hanok_.run({"tokenize", "hello", "-m", server_.url()}).exit_status, 6);

  const auto file = hanok_.write("lines.txt", "a good day\na rainy day\n");
  const auto s = hanok_.json({"sentiment", file, "-m", server_.url(), "--uncalibrated"});
  EXPECT_EQ(s["results"][0]["label"], "positive");
  EXPECT_NEAR(s["results"][0]["confidence"].get<double>(), .8, 1e-6);
  EXPECT_EQ(s["results"][1]["label"], "negative");
  EXPECT_EQ(s["counts"]["negative"], 1);
  EXPECT_THAT(hanok_.run({"sentiment", "a good day", "-m", server_.url()}).out, testing::StartsWith("positive\t"));

  const auto page = hanok_.folder() / "page.html";
  const auto plan = hanok_.write("plan.yaml", "question: Which way?\nstyles: [zero-shot, role]\n");
  const auto p = hanok_.json({"prompts", "compare", plan, "-m", server_.url(), "--html", page});
  EXPECT_EQ(p["runs"][0]["answer"], "1: Which way?");
  EXPECT_EQ(p["runs"][1]["answer"], "2: Which way?");
  EXPECT_EQ(p["runs"][1]["completion_tokens"], 2);
  EXPECT_THAT(base::read_file(page), HasSubstr("Which way?"));
  EXPECT_THAT(hanok_.run({"prompts", "compare", plan, "-m", server_.url()}).out, HasSubstr("role "));
  EXPECT_EQ(hanok_.run({"prompts", "compare", hanok_.write("bad.yaml", "styles: x"), "-m", server_.url()}).exit_status,
            2);

  const auto text = hanok_.write("text.txt", "One sentence. Another one.");
  const auto whole = hanok_.json({"summarize", text, "-m", server_.url(), "-n", "40"});
  EXPECT_EQ(whole["parts"], 1);
  EXPECT_THAT(whole["text"].get<std::string>(), HasSubstr("Another one."));
  EXPECT_EQ(hanok_.run({"summarize", hanok_.write("empty.txt", " "), "-m", server_.url()}).exit_status, 2);
}

// ---- at a terminal

class Typed : public Chat {};

#define START(...)                    \
  Terminal t(command({__VA_ARGS__})); \
  ASSERT_TRUE(t.wait_for_text(">"))

/// Types, and waits until the row of the cursor and the cursor's column are these.
#define SHOWS(keys, text, column)                                                                                    \
  t.type(keys);                                                                                                      \
  EXPECT_TRUE(t.wait_for([&] {                                                                                       \
    return t.screen.row(t.screen.cursor_row()) == text && t.screen.cursor_column() == static_cast<size_t>(column);   \
  })) << "after "                                                                                                    \
      << testing::PrintToString(std::string(keys)) << ": \"" << t.screen.row(t.screen.cursor_row()) << "\", column " \
      << t.screen.cursor_column()

TEST_F(Typed, KoreanIsEditedBySyllables) {
  START();
  SHOWS("안녕하세요", "> 안녕하세요", 12);
  SHOWS("\x7f", "> 안녕하세", 10);
  SHOWS("\x1b[D\x1b[D", "> 안녕하세", 6);
  SHOWS("\x7f", "> 안하세", 4);
  SHOWS("ab", "> 안ab하세", 6);
  SHOWS("\x1b[3~", "> 안ab세", 6);
  SHOWS("\x01", "> 안ab세", 2);
  SHOWS("\x1b[C", "> 안ab세", 4);
  SHOWS("\x0b", "> 안", 4);
  SHOWS(" 잘 지내?", "> 안 잘 지내?", 13);
  SHOWS("\x17", "> 안 잘", 8);                         // Ctrl-W, and the blank stays
  t.type("\x15\u1112\u1161\u11AB\u1100\u1173\u11AF");  // as jamo
  EXPECT_TRUE(t.wait_for([&] { return t.screen.cursor_column() == 6; })) << t.screen.cursor_column();
  SHOWS("\x7f", "> \u1112\u1161\u11AB", 4);
  t.type("\r");
  EXPECT_TRUE(t.wait_for_text("1: 한\n")) << t.screen.all();  // sent as syllables
  t.type("\x04");
  EXPECT_EQ(t.wait_for_end(), 0);
}

TEST_F(Typed, WhatJoinsIsOneCharacterForTheCursor) {
  START();
  SHOWS("\u1112x\u1161", "> \u1112x\u1161", 6);  // a jamo, a letter, a vowel that stands alone
  SHOWS("\x1b[D\x7f", "> \u1112\u1161", 4);      // without the letter they are a syllable, and the cursor is behind it
  SHOWS("\x7f", ">", 2);
}

TEST_F(Typed, WideCharactersWrapWhole) {
  Terminal t(command(), 11, 6);  // ten columns are used
  ASSERT_TRUE(t.wait_for_text(">"));
  t.type("가나다라마바사");  // four beside the prompt
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(1) == "마바사" && t.screen.cursor_column() == 6; }))
      << t.screen.all();
  EXPECT_EQ(t.screen.row(0), "> 가나다라");
  t.type(
      "\x01"
      "a");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(0) == "> a가나다"; })) << t.screen.all();
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(1) == "라마바사" && t.screen.cursor_column() == 3; }))
      << t.screen.all();
  t.type("\x15\x0b");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(0) == ">" && t.screen.row(1).empty(); })) << t.screen.all();
}

TEST_F(Typed, SeveralLinesAndHistory) {
  START();
  t.type("first\x1b\rsecond\nthird\\\rfourth");  // Alt-Enter, Ctrl-J, a backslash
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ". fourth"; })) << t.screen.all();
  SHOWS("\x1b[A", ". third", 7);  // up: within the text
  SHOWS("!", ". third!", 8);
  t.type("\x1b[B\r");
  EXPECT_TRUE(t.wait_for_text("1: first\nsecond\nthird!\nfourth\n>")) << t.screen.all();
  t.type("next\r");
  EXPECT_TRUE(t.wait_for_text("3: next\n>")) << t.screen.all();
  SHOWS("dra\x1b[A", "> next", 6);
  SHOWS("\x1b[A", ". fourth", 8);
  SHOWS("\x1b[B\x1b[B", "> dra", 5);  // what was being written comes back
}

TEST_F(Typed, PastedTextIsOneMessage) {
  START();
  t.type("\x1b[200~줄 하나\r줄 둘\t탭\x07\x1b[201~");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ". 줄 둘    탭"; })) << t.screen.all();
  t.type("\r");
  EXPECT_TRUE(t.wait_for_text("1: 줄 하나\n줄 둘")) << t.screen.all();
}

TEST_F(Typed, CtrlCStopsTheAnswerAndNotTheChat) {
  Terminal t(command({"--session", "stopped"}), 160);  // an error stays on one row
  ASSERT_TRUE(t.wait_for_text(">"));
  SHOWS("half a line", "> half a line", 13);
  t.type("\x03");  // throws it away
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ">" && t.screen.cursor_row() > 0; }));
  t.type("endless\r");
  EXPECT_TRUE(t.wait_for_text("more more"));
  t.type("\x03");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ">"; })) << t.screen.all();
  t.type("again\r");
  EXPECT_TRUE(t.wait_for_text("3: again")) << t.screen.all();  // question and half answer are remembered
  t.type("fail\r");
  EXPECT_TRUE(t.wait_for_text("no such thing"));  // an error does not end it either
  t.type("still here\r");
  EXPECT_TRUE(t.wait_for_text("5: still here")) << t.screen.all();
  t.type("\x04");
  EXPECT_EQ(t.wait_for_end(), 0);
  EXPECT_THAT(piped("/history\n", {"--session", "stopped"}).out, HasSubstr("assistant: 1: more more"));
}

TEST_F(Typed, WhatIsTypedBeforeItsTurnIsKept) {
  START();
  t.type("one\r두\x7f둘\rthree\r\x04");  // all at once
  EXPECT_EQ(t.wait_for_end(), 0);
  EXPECT_THAT(t.screen.all(), testing::AllOf(HasSubstr("1: one\n"), HasSubstr("3: 둘\n"), HasSubstr("5: three\n")));
}

TEST_F(Typed, ATextHigherThanTheScreen) {
  Terminal t(command(), 30, 5);
  ASSERT_TRUE(t.wait_for_text(">"));
  for (int i = 1; i <= 9; ++i) t.type("line" + std::to_string(i) + "\n");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == "." && t.screen.row(2) == ". line9"; }))
      << t.screen.all();
  for (int i = 0; i < 8; ++i) t.type("\x1b[A");
  EXPECT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ". line2"; })) << t.screen.all();
  t.type("\r");
  EXPECT_TRUE(t.wait_for_text("1: line1\nline2\nline3")) << t.screen.all();
}

TEST_F(Typed, EndsWhenTold) {
  START();
  ::kill(t.child(), SIGTERM);
  EXPECT_EQ(t.wait_for_end(10), 130);
}

}  // namespace
}  // namespace hanok::test
