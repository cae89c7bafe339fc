// Question -> passages -> an answer from their sentences, or a chat model's with checked citations.
#include <algorithm>

#include "chain/answer/circles.h"
#include "chain/answer/citations.h"
#include "chain/answer/combine.h"
#include "chain/answer/confidence.h"
#include "chain/answer/extractive.h"
#include "chain/answer/gather.h"
#include "chain/answer/prompt.h"
#include "chain/answer/shown.h"
#include "chain/answer/units.h"
#include "hanok/chain.h"
#include "hanok/chat.h"

namespace hanok::chain {
namespace {

using namespace answer;

bool blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
}

std::string not_found_text(const Question& question) {
  return question.korean ? "문서에 없는 내용입니다 (not in your documents)." : "That is not in your documents.";
}

// What models say when told to say "Not in the documents".
bool says_not_found(std::string_view answer) {
  constexpr size_t kShort = 160;  // a longer text says more than that
  std::string low(answer.substr(0, kShort + 1));
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (low.size() > kShort) return false;
  constexpr std::string_view kWords[] = {
      "not in the documents", "not in your documents", "not in the passages", "문서에 없",
      "문서에는 없",          "passages do not",       "문서에서 찾을 수 없"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view w) { return low.find(w) != std::string::npos; });
}

class Ask {
 public:
  Ask(const store::Snapshot& snapshot, std::string_view text, const AskOptions& options)
      : snapshot_(snapshot),
        options_(options),
        found_(gather(snapshot, text, options.search, options.retriever)),
        question_(found_.question),
        hits_(found_.hits) {}

  Answer run() {
    out_.warnings = found_.warnings;
    out_.notes = found_.notes;
    out_.model = options_.model ? options_.model->name() : "extractive";
    const Extract extract = answer::extract(question_, found_.passages, found_.meaning, found_.across, found_.reworded);
    out_.confidence = extract.confidence;
    Prompt prompt;
    if (options_.model || options_.show_prompt) prompt = make_prompt();
    out_.prompt = prompt.text;
    if (options_.model && !hits_.empty()) {
      out_.dropped = prompt.dropped;
      from_model(prompt);
    } else {
      from_passages(extract);
    }
    if (!out_.answered) out_.citations.clear();
    if (out_.citations.empty())
      for (const Quote& quote : extract.nearest)
        out_.nearest.push_back(cite(static_cast<int>(out_.nearest.size()) + 1, quote));
    return std::move(out_);
  }

 private:
  Prompt make_prompt() const {
    const std::string pattern = options_.prompt_template.empty() ? default_prompt() : options_.prompt_template;
    const text::TokenCounter count = [this](std::string_view text) {
      return options_.model ? options_.model->count_tokens(text) : text::count_tokens(text);
    };
    size_t budget = passage_budget(options_, pattern, question_.text, count);
    if (!options_.model && !hits_.empty()) budget = std::max(budget, count(passage_block(1, hits_[0])));
    if (options_.model && options_.combine != Combine::Stuff)
      return combine(options_.combine, {pattern, question_.text, budget, *options_.model}, hits_);
    return answer::make_prompt(pattern, question_.text, hits_, budget, count);
  }

  Citation cite(int n, const Hit& hit, text::Span span) const {
    return {n,
            hit.chunk.path,
            hit.chunk.page,
            hit.chunk.heading,
            {hit.chunk.span.start + span.start, hit.chunk.span.start + span.end},
            hit.chunk.text.substr(span.start, span.end - span.start),
            hit.also};
  }

  // With the sentence that it goes on from, and the names of its columns.
  Citation cite(int n, const Quote& quote) const {
    const Hit& hit = hits_[quote.passage];
    text::Span span = quote.span;
    if (quote.lead) span.start = std::min(span.start, quote.lead->start);
    Citation out = cite(n, hit, span);
    const std::string_view text = hit.chunk.text;
    if (quote.columns) {
      out.quote = shown(out.quote, text.substr(quote.columns->start, quote.columns->end - quote.columns->start));
    } else if (is_table_row(out.quote)) {
      const std::string document = snapshot_.document_text(hit.chunk.path);
      out.quote = shown(out.quote, columns_above(document, out.span.start));
    } else {
      out.quote = shown(out.quote);
    }
    return out;
  }

  void from_passages(const Extract& extract) {
    const double threshold = options_.answer_threshold < 0 ? kAnswerThreshold : options_.answer_threshold;
    out_.answered = !extract.quotes.empty() && extract.confidence >= threshold;
    if (out_.answered) {
      out_.short_answer = extract.short_answer;
      for (const Quote& quote : extract.quotes) {
        out_.citations.push_back(cite(static_cast<int>(out_.citations.size()) + 1, quote));
        out_.answer += (out_.answer.empty() ? "" : "\n") + out_.citations.back().quote + " [" +
                       std::to_string(out_.citations.back().n) + "]";
      }
    } else {
      out_.answer = not_found_text(question_);
    }
    if (options_.on_token) options_.on_token(out_.answer);
  }

  void from_model(const Prompt& prompt) {
    std::vector<std::string_view> texts;
    for (size_t i = 0; i < prompt.passages; ++i) texts.push_back(hits_[i].chunk.text);
    // The first words are held back until it is clear that they are not "not in the documents".
    std::string head;
    bool open = false, circles = false;
    Circles said;
    std::string given;
    CitationFilter filter(texts, [&](std::string_view sentence) {
      circles = circles || said.closed_by(sentence);
      if (circles) return false;
      if (!open && says_not_found(head + std::string(sentence))) {
        head += sentence;
        return true;
      }
      const std::string piece = open ? std::string(sentence) : head + std::string(sentence);
      open = true;
      given += piece;
      return !options_.on_token || options_.on_token(piece);
    });
    const Message message{"user", prompt.text};
    bool streamed = false;
    const ChatReply reply =
        options_.model->chat(std::span(&message, 1), {.temperature = 0.0f, .on_text = [&](std::string_view piece) {
                                                        streamed = true;
                                                        return filter.push(piece);
                                                      }});
    if (!streamed) filter.push(reply.text());
    filter.finish();
    if (reply.finish == ChatFinish::Length || reply.finish == ChatFinish::Context)
      out_.warnings.push_back("the answer was cut after " + std::to_string(reply.completion_tokens) + " tokens (" +
                              std::string(finish_name(reply.finish)) + ")");
    if (circles) out_.warnings.push_back("the model began to say the same again and again; its answer ends there");
    for (const std::string& line : filter.dropped()) out_.dropped.push_back(line);
    out_.answer = circles ? given : filter.text();
    out_.answered = open && !blank(out_.answer) && !says_not_found(out_.answer);
    if (!out_.answered) {
      out_.answer = not_found_text(question_);
      if (options_.on_token) options_.on_token(out_.answer);
      return;
    }
    for (const auto& [n, span] : filter.quotes())
      out_.citations.push_back(cite(n, hits_[static_cast<size_t>(n) - 1], span));
    if (out_.citations.empty()) out_.warnings.push_back("no statement of this answer could be tied to a passage");
  }

  const store::Snapshot& snapshot_;
  const AskOptions& options_;
  const Gathered found_;
  const Question& question_;
  const std::vector<Hit>& hits_;
  Answer out_;
};

}  // namespace

Answer ask(const store::Snapshot& snapshot, std::string_view question, const AskOptions& options) {
  if (blank(question)) throw Error(Code::Invalid, "ask: the question is empty");
  return Ask(snapshot, question, options).run();
}

Answer ask(const store::Collection& collection, std::string_view question, const AskOptions& options) {
  return ask(*collection.snapshot(), question, options);
}

}  // namespace hanok::chain
