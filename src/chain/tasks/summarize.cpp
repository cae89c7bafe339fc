#include <algorithm>

#include "base/threads.h"
#include "hanok/chains.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

constexpr size_t kNoContext = 3000;  // tokens of a part where the model does not say what it holds
constexpr size_t kMostRounds = 8;    // each shortens several times: more means that it does not
constexpr size_t kLeastPart = 64;    // tokens; fewer are no text to summarise
constexpr double kHangulIsKorean = 0.3;

class Summarizer {
 public:
  Summarizer(const ChatModel& model, std::string_view text, const SummarizeOptions& options)
      : model_(model),
        options_(options),
        prompts_(text::hangul_share(text) > kHangulIsKorean ? options.korean_prompts : options.prompts) {}

  Summary run(std::string_view text) {
    std::string rest = text::nfc(text);
    bool first = true;
    for (out_.rounds = 1; out_.rounds <= kMostRounds; ++out_.rounds) {
      base::check_interrupt();
      const PromptTemplate& instruction = first ? prompts_.whole : prompts_.joined;
      const size_t room = room_for(instruction);
      if (fits(instruction, rest, room)) {
        Context::current().tell({total_, total_ + 1, "parts"});
        out_.text = ask(instruction, rest, "the summary");
        Context::current().tell({total_ + 1, total_ + 1, "parts"});
        return std::move(out_);
      }
      std::string shorter = parts(rest, std::min(room, room_for(prompts_.part)), first);
      if (shorter.size() >= rest.size()) break;
      rest = std::move(shorter);
      first = false;
    }
    throw Error(Code::Exhausted, "summarize: the summaries of " + model_.name() +
                                     " do not get shorter than its context; take a model with a larger one, or fewer "
                                     "tokens for an answer");
  }

 private:
  std::vector<Message> prompt(const PromptTemplate& instruction, std::string_view text) const {
    return {
        {"user", instruction.format({{"sentences", std::to_string(options_.sentences)}, {"text", std::string(text)}})}};
  }

  /// Tokens of text that go beside the instruction and the answer.
  size_t room_for(const PromptTemplate& instruction) const {
    const size_t context = model_.context_tokens();
    const size_t answer = options_.answer.max_tokens, around = model_.count_tokens(prompt(instruction, ""));
    size_t room = context == 0 ? kNoContext : context > around + answer ? context - around - answer : 0;
    if (options_.part_tokens > 0) room = std::min(room, options_.part_tokens);
    if (room < kLeastPart)
      throw Error(Code::Exhausted, "summarize: the context of " + model_.name() + " has " + std::to_string(context) +
                                       " tokens; with " + std::to_string(around) + " around the text and " +
                                       std::to_string(answer) + " for the answer only " + std::to_string(room) +
                                       " are left for it");
    return room;
  }

  bool fits(const PromptTemplate& instruction, const std::string& text, size_t room) const {
    if (model_.count_tokens(std::string_view(text)) > room) return false;
    const size_t context = model_.context_tokens();  // parts are counted alone; together they may be a few more
    return context == 0 || model_.count_tokens(prompt(instruction, text)) + options_.answer.max_tokens <= context;
  }

  std::string parts(const std::string& text, size_t room, bool first) {
    // A tenth less: tokens at the borders join differently.
    const auto chunks = text::split(
        {.text = text}, {.max_tokens = room - room / 10, .overlap_tokens = 0, .count = [&](std::string_view t) {
                           return model_.count_tokens(t);
                         }});
    if (first) out_.parts = chunks.size();
    const size_t begun = total_;
    total_ += chunks.size();
    std::string joined;
    for (size_t i = 0; i < chunks.size(); ++i) {
      Context::current().tell({begun + i, total_ + 1, "parts"});
      const auto span = chunks[i].span;
      const std::string said = ask(prompts_.part, std::string_view(text).substr(span.start, span.end - span.start),
                                   "part " + std::to_string(i + 1) + " of " + std::to_string(chunks.size()));
      joined += (joined.empty() ? "" : "\n\n") + said;
    }
    return joined;
  }

  std::string ask(const PromptTemplate& instruction, std::string_view text, const std::string& which) {
    base::check_interrupt();
    const ChatReply reply = traced_chat(model_, prompt(instruction, text), options_.answer);
    out_.prompt_tokens += reply.prompt_tokens;
    out_.completion_tokens += reply.completion_tokens;
    if (reply.finish == ChatFinish::Length || reply.finish == ChatFinish::Context)
      out_.warnings.push_back(which + ": cut after " + std::to_string(reply.completion_tokens) + " tokens");
    std::string said = reply.text();
    const size_t from = said.find_first_not_of(" \t\n");
    if (from == said.npos) throw Error(Code::Unavailable, "summarize: " + model_.name() + " said nothing of " + which);
    return said.substr(from, said.find_last_not_of(" \t\n") + 1 - from);
  }

  const ChatModel& model_;
  const SummarizeOptions& options_;
  const SummarizePrompts& prompts_;
  size_t total_ = 0;  // parts of all rounds so far
  Summary out_;
};

}  // namespace

SummarizePrompts default_summarize_prompts(bool korean) {
  if (korean)
    return {"다음 글을 {sentences}문장 이내로 요약하세요. 글에 있는 내용만 쓰세요.\n\n{text}\n\n요약:",
            "다음 글은 긴 문서의 한 부분입니다. 중요한 사실, 이름, 숫자를 빠뜨리지 말고 {sentences}문장 이내로 "
            "요약하세요.\n\n{text}\n\n요약:",
            "다음은 한 문서의 부분별 요약입니다. 이것을 하나의 요약 {sentences}문장 이내로 합치세요. 있는 내용만 "
            "쓰세요.\n\n{text}\n\n요약:"};
  return {
      "Summarize the following text in at most {sentences} sentences. Use only what the text says.\n\n{text}\n\n"
      "Summary:",
      "The following text is one part of a longer document. Summarize it in at most {sentences} sentences. Keep "
      "important facts, names and numbers.\n\n{text}\n\nSummary:",
      "The following are summaries of the parts of one document, in order. Join them into one summary of at most "
      "{sentences} sentences. Use only what they say.\n\n{text}\n\nSummary:"};
}

Summary summarize(const ChatModel& model, std::string_view text, const SummarizeOptions& options) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) throw Error(Code::Invalid, "summarize: the text is empty");
  if (options.answer.max_tokens == 0) throw Error(Code::Invalid, "summarize: the answer needs a limit of tokens");
  return Summarizer(model, text, options).run(text);
}

}  // namespace hanok::chain
