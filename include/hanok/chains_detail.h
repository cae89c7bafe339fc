// The templates of hanok/chains.h, which includes this file at its end.
#pragma once

#include <exception>

namespace hanok::chain {
namespace detail {

template <class In, class Out>
class FunctionStep final : public Step<In, Out> {
 public:
  FunctionStep(std::string name, std::function<Out(const In&)> function)
      : name_(std::move(name)), function_(std::move(function)) {}
  std::string name() const override { return name_; }
  Out run(const In& in, const OnPiece&) const override { return function_(in); }

 private:
  std::string name_;
  std::function<Out(const In&)> function_;
};

template <class A, class B, class C>
class Sequence final : public Step<A, C> {
 public:
  Sequence(Chain<A, B> first, Chain<B, C> second) : first_(std::move(first)), second_(std::move(second)) {}
  std::string name() const override { return "sequence"; }

  C run(const A& in, const OnPiece& on_piece) const override {
    return behind(on_piece, [&](const OnPiece& pieces) { return first_.stream(in, pieces); });
  }

  std::unique_ptr<PieceReader<A, C>> reader(const OnPiece& on_piece) const override {
    auto second = second_.step()->reader(on_piece);
    if (!second) return nullptr;
    auto first = first_.step()->reader([reader = second.get()](std::string_view piece) { return reader->push(piece); });
    if (!first) return nullptr;
    return std::make_unique<Both>(std::move(first), std::move(second));
  }

 private:
  class Both final : public PieceReader<A, C> {
   public:
    Both(std::unique_ptr<PieceReader<A, B>> first, std::unique_ptr<PieceReader<B, C>> second)
        : second_(std::move(second)), first_(std::move(first)) {}
    bool push(std::string_view piece) override { return first_->push(piece); }
    C finish(const A& whole) override { return second_->finish(first_->finish(whole)); }

   private:
    std::unique_ptr<PieceReader<B, C>> second_;  // the first gives to it, so it dies after
    std::unique_ptr<PieceReader<A, B>> first_;
  };

  template <class First>
  C behind(const OnPiece& on_piece, const First& first) const {
    const auto reader = on_piece ? second_.step()->reader(on_piece) : nullptr;
    if (!reader) return second_.stream(first(OnPiece()), on_piece);
    bool came = false;
    B whole = first([&](std::string_view piece) {
      came = true;
      return reader->push(piece);
    });
    if (!came) return second_.stream(whole, on_piece);  // a model that says everything at once
    OpenSpan span(second_.step()->name());
    return reader->finish(whole);
  }

  Chain<A, B> first_;
  Chain<B, C> second_;
};

template <class In, class Out>
class Renamed final : public Step<In, Out> {
 public:
  Renamed(std::string name, std::shared_ptr<const Step<In, Out>> step)
      : name_(std::move(name)), step_(std::move(step)) {}
  std::string name() const override { return name_; }
  Out run(const In& in, const OnPiece& on_piece) const override { return step_->run(in, on_piece); }
  std::unique_ptr<PieceReader<In, Out>> reader(const OnPiece& on_piece) const override {
    return step_->reader(on_piece);
  }

 private:
  std::string name_;
  std::shared_ptr<const Step<In, Out>> step_;
};

/// Tells whether words went through.
inline OnPiece watched(const OnPiece& on_piece, bool& begun) {
  if (!on_piece) return {};
  return [&](std::string_view piece) {
    begun = true;
    return on_piece(piece);
  };
}

template <class In, class Out>
class Retry final : public Step<In, Out> {
 public:
  Retry(Chain<In, Out> chain, RetryOptions options) : chain_(std::move(chain)), options_(std::move(options)) {}
  std::string name() const override { return "retry"; }
  Out run(const In& in, const OnPiece& on_piece) const override {
    std::optional<Out> out;
    bool begun = false;
    run_again(options_, begun, [&] { out = chain_.stream(in, watched(on_piece, begun)); });
    return std::move(*out);
  }

 private:
  Chain<In, Out> chain_;
  RetryOptions options_;
};

template <class In, class Out>
class Fallback final : public Step<In, Out> {
 public:
  Fallback(Chain<In, Out> first, Chain<In, Out> next) : first_(std::move(first)), next_(std::move(next)) {}
  std::string name() const override { return "fallback"; }
  Out run(const In& in, const OnPiece& on_piece) const override {
    bool begun = false;
    try {
      return first_.stream(in, watched(on_piece, begun));
    } catch (const Error& e) {
      if (begun || e.code() == Code::Cancelled) throw;
    }
    return next_.stream(in, on_piece);
  }

 private:
  Chain<In, Out> first_, next_;
};

template <class In, class Out>
class Branch final : public Step<In, Out> {
 public:
  using Choice = std::pair<std::function<bool(const In&)>, Chain<In, Out>>;
  Branch(std::vector<Choice> choices, Chain<In, Out> otherwise)
      : choices_(std::move(choices)), otherwise_(std::move(otherwise)) {}
  std::string name() const override { return "branch"; }
  Out run(const In& in, const OnPiece& on_piece) const override {
    for (const auto& [holds, chain] : choices_)
      if (holds(in)) return chain.stream(in, on_piece);
    return otherwise_.stream(in, on_piece);
  }

 private:
  std::vector<Choice> choices_;
  Chain<In, Out> otherwise_;
};

}  // namespace detail

template <class In, class Out>
std::vector<Outcome<Out>> Chain<In, Out>::try_batch(std::span<const In> in, size_t limit) const {
  std::vector<Outcome<Out>> out(in.size());
  detail::run_together(in.size(), limit, [&](size_t i) {
    try {
      out[i].value = invoke(in[i]);
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      out[i].error = e;
    }
  });
  return out;
}

template <class In, class Out>
std::vector<Out> Chain<In, Out>::batch(std::span<const In> in, size_t limit) const {
  std::vector<Out> out;
  for (auto& one : try_batch(in, limit)) {
    if (one.error) throw *one.error;
    out.push_back(std::move(*one.value));
  }
  return out;
}

template <class In, class Out>
Chain<In, Out> Chain<In, Out>::retry(const RetryOptions& options) const {
  return Chain(std::make_shared<detail::Retry<In, Out>>(*this, options));
}

template <class In, class Out>
Chain<In, Out> Chain<In, Out>::fallback(Chain next) const {
  return Chain(std::make_shared<detail::Fallback<In, Out>>(*this, std::move(next)));
}

template <class In, class Out>
Chain<In, Out> Chain<In, Out>::named(std::string name) const {
  return Chain(std::make_shared<detail::Renamed<In, Out>>(std::move(name), step_));
}

template <class In, class Out>
Chain<std::vector<In>, std::vector<Out>> Chain<In, Out>::map(size_t limit) const {
  return hanok::chain::step<std::vector<In>, std::vector<Out>>(
      "map", [chain = *this, limit](const std::vector<In>& in) { return chain.batch(in, limit); });
}

template <class In, class Out>
Chain<In, Out> step(std::string name, std::function<Out(const In&)> function) {
  return {std::make_shared<detail::FunctionStep<In, Out>>(std::move(name), std::move(function))};
}

template <class T>
Chain<T, T> passthrough() {
  return step<T, T>("passthrough", [](const T& in) { return in; });
}

template <class In, class Out>
Chain<In, std::map<std::string, Out, std::less<>>> parallel(std::map<std::string, Chain<In, Out>> chains,
                                                            size_t limit) {
  using Result = std::map<std::string, Out, std::less<>>;
  return step<In, Result>("parallel", [chains = std::move(chains), limit](const In& in) {
    std::vector<std::pair<std::string, std::optional<Out>>> made;
    for (const auto& [name, chain] : chains) made.emplace_back(name, std::nullopt);
    detail::run_together(made.size(), limit, [&](size_t i) { made[i].second = chains.at(made[i].first).invoke(in); });
    Result out;
    for (auto& [name, value] : made) out.emplace(name, std::move(*value));
    return out;
  });
}

template <class In, class A, class B>
Chain<In, std::pair<A, B>> both(Chain<In, A> a, Chain<In, B> b) {
  return step<In, std::pair<A, B>>("both", [a = std::move(a), b = std::move(b)](const In& in) {
    std::optional<A> first;
    std::optional<B> second;
    detail::run_together(2, 2, [&](size_t i) {
      if (i == 0)
        first = a.invoke(in);
      else
        second = b.invoke(in);
    });
    return std::pair<A, B>(std::move(*first), std::move(*second));
  });
}

template <class In, class Out>
Chain<In, Out> branch(std::vector<std::pair<std::function<bool(const In&)>, Chain<In, Out>>> choices,
                      Chain<In, Out> otherwise) {
  return {std::make_shared<detail::Branch<In, Out>>(std::move(choices), std::move(otherwise))};
}

template <class A, class B, class C>
Chain<A, C> operator|(const Chain<A, B>& first, const Chain<B, C>& second) {
  return {std::make_shared<detail::Sequence<A, B, C>>(first, second)};
}

}  // namespace hanok::chain
