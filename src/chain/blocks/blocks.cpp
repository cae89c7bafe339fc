// The blocks of chains that are no templates.
#include <algorithm>

#include "base/threads.h"
#include "base/wait.h"
#include "hanok/chains.h"

namespace hanok::chain {
namespace detail {

void run_together(size_t n, size_t limit, const std::function<void(size_t)>& work) {
  const TracePoint here = TracePoint::here();
  const auto body = [&](size_t begin, size_t end, size_t) {
    here.run([&] {
      for (size_t i = begin; i < end; ++i) work(i);
    });
  };
  base::parallel_for(n, 1, body, limit);
}

void run_again(const RetryOptions& options, const bool& begun, const std::function<void()>& attempt) {
  double wait = options.wait_seconds;
  for (size_t n = 1;; ++n, wait *= 2) {
    try {
      return attempt();
    } catch (const Error& e) {
      const bool known = std::find(options.codes.begin(), options.codes.end(), e.code()) != options.codes.end();
      if (begun || !known || n >= options.attempts) throw;
    }
    base::wait_seconds(wait);
  }
}

}  // namespace detail

namespace {

class Ask final : public Step<Messages, ChatReply> {
 public:
  Ask(std::shared_ptr<const ChatModel> model, ChatOptions options)
      : model_(std::move(model)), options_(std::move(options)) {
    if (!model_) throw Error(Code::Invalid, "chain: ask() was given no model");
  }
  std::string name() const override { return "chat"; }
  ChatReply run(const Messages& in, const OnPiece& on_piece) const override {
    if (!on_piece) return traced_chat(*model_, in, options_);
    ChatOptions options = options_;
    options.on_text = [own = options_.on_text, &on_piece](std::string_view piece) {
      return (!own || own(piece)) && on_piece(piece);
    };
    return traced_chat(*model_, in, options);
  }

 private:
  std::shared_ptr<const ChatModel> model_;  // shared with whoever opened it
  ChatOptions options_;
};

class ToText final : public Step<ChatReply, std::string> {
 public:
  std::string name() const override { return "text"; }
  std::string run(const ChatReply& in, const OnPiece& on_piece) const override {
    std::string out = in.text();
    if (on_piece) on_piece(out);
    return out;
  }
  std::unique_ptr<PieceReader<ChatReply, std::string>> reader(const OnPiece& on_piece) const override {
    return std::make_unique<Reader>(on_piece);
  }

 private:
  class Reader final : public PieceReader<ChatReply, std::string> {
   public:
    explicit Reader(OnPiece on_piece) : on_piece_(std::move(on_piece)) {}
    bool push(std::string_view piece) override { return on_piece_(piece); }
    std::string finish(const ChatReply& whole) override { return whole.text(); }

   private:
    OnPiece on_piece_;
  };
};

}  // namespace

Chain<Values, Messages> prompt(ChatPromptTemplate prompt) {
  return step<Values, Messages>("prompt", [p = std::move(prompt)](const Values& in) { return p.format(in); });
}

Chain<Values, Messages> prompt(PromptTemplate prompt) {
  return step<Values, Messages>("prompt", [p = std::move(prompt)](const Values& in) {
    return Messages{{"user", p.format(in)}};
  });
}

Chain<Values, Messages> prompt(FewShotPrompt prompt) {
  return step<Values, Messages>("prompt", [p = std::move(prompt)](const Values& in) {
    return Messages{{"user", p.format(in)}};
  });
}

Chain<Messages, ChatReply> ask(std::shared_ptr<const ChatModel> model, ChatOptions options) {
  return {std::make_shared<Ask>(std::move(model), std::move(options))};
}

Chain<ChatReply, std::string> to_text() { return {std::make_shared<ToText>()}; }

Chain<Values, Values> assign(std::string name, Chain<Values, std::string> chain) {
  return step<Values, Values>("assign " + name, [name, chain = std::move(chain)](const Values& in) {
    Values out = in;
    out[name] = chain.invoke(in);
    return out;
  });
}

Chain<std::string, Values> as_value(std::string name) {
  return step<std::string, Values>("as_value", [name = std::move(name)](const std::string& in) {
    return Values{{name, in}};
  });
}

}  // namespace hanok::chain
