// Readers of answers in words: lists, choices, dates.
#include <algorithm>

#include "hanok/outputs.h"
#include "text/trimmed.h"

namespace hanok::chain {
namespace {

constexpr size_t kShown = 200;  // bytes of an answer in a message

using text::trimmed;

[[noreturn]] void refuse(const std::string& expected, std::string_view answer) {
  throw Error(Code::Corrupt, "the answer: " + expected + " was expected, found '" +
                                 std::string(trimmed(answer).substr(0, kShown)) + "'");
}

/// Comma-separated items as they come.
class Items {
 public:
  /// on_item: each item as it is whole; false: no more.
  bool push(std::string_view piece, const std::function<bool(std::string)>& on_item) {
    for (const char c : piece) {
      if (quoted_) {
        if (c == '"')
          quoted_ = false, closed_ = true;
        else
          item_ += c;
      } else if (c == '"' && closed_) {  // a doubled quote stands for one
        item_ += '"', quoted_ = true, closed_ = false;
      } else if (c == '"' && trimmed(item_).empty()) {
        item_.clear(), quoted_ = true;
      } else if (c == ',' || c == '\n') {
        if (!end(on_item)) return false;
      } else {
        item_ += c;
      }
    }
    return true;
  }
  bool end(const std::function<bool(std::string)>& on_item) {
    std::string item(closed_ ? std::string_view(item_) : trimmed(item_));
    const bool any = closed_ || !item.empty();
    item_.clear(), quoted_ = closed_ = false;
    return !any || on_item(std::move(item));
  }

 private:
  std::string item_;
  bool quoted_ = false, closed_ = false;
};

std::vector<std::string> read_list(std::string_view answer) {
  std::vector<std::string> out;
  const auto keep = [&](std::string item) {
    out.push_back(std::move(item));
    return true;
  };
  Items items;
  items.push(answer, keep);
  items.end(keep);
  return out;
}

class ToList final : public Step<ChatReply, std::vector<std::string>> {
 public:
  std::string name() const override { return "list"; }
  std::vector<std::string> run(const ChatReply& in, const OnPiece& on_piece) const override {
    auto out = read_list(in.text());
    for (const auto& item : out)
      if (on_piece && !on_piece(item)) break;
    return out;
  }
  std::unique_ptr<PieceReader<ChatReply, std::vector<std::string>>> reader(const OnPiece& on_piece) const override {
    return std::make_unique<Reader>(on_piece);
  }

 private:
  class Reader final : public PieceReader<ChatReply, std::vector<std::string>> {
   public:
    explicit Reader(OnPiece on_piece) : on_piece_(std::move(on_piece)) {}
    bool push(std::string_view piece) override { return items_.push(piece, taker()); }
    std::vector<std::string> finish(const ChatReply&) override {
      items_.end(taker());
      return std::move(out_);
    }

   private:
    std::function<bool(std::string)> taker() {
      return [this](std::string item) {
        out_.push_back(item);
        return on_piece_(item);
      };
    }
    OnPiece on_piece_;
    Items items_;
    std::vector<std::string> out_;
  };
};

/// A line without what marks it as an item.
std::string_view without_mark(std::string_view line) {
  line = trimmed(line);
  for (const std::string_view mark : {"- ", "* ", "• "})
    if (line.starts_with(mark)) return trimmed(line.substr(mark.size()));
  size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  if (digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ')
    return trimmed(line.substr(digits + 2));
  return line;
}

/// Letters of ASCII small; blanks, quotes and full stops around it gone.
std::string plain(std::string_view text) {
  constexpr std::string_view kMarks = " \t\r\n\"'`.!*:,";
  const size_t from = text.find_first_not_of(kMarks);
  if (from == text.npos) return {};
  std::string out(text.substr(from, text.find_last_not_of(kMarks) + 1 - from));
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& v : values) out += (out.empty() ? "" : ", ") + v;
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/-").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// Digits at text[at], `n` of them; -1 where they are not there.
int digits(std::string_view text, size_t at, size_t n) {
  int out = 0;
  if (at + n > text.size()) return -1;
  for (size_t i = at; i < at + n; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    out = 10 * out + (text[i] - '0');
  }
  return out;
}

std::optional<Moment> moment_at(std::string_view t) {
  using namespace std::chrono;
  const int y = digits(t, 0, 4), m = digits(t, 5, 2), d = digits(t, 8, 2);
  if (y < 0 || m < 0 || d < 0 || t[4] != '-' || t[7] != '-') return {};
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return {};
  milliseconds time{};
  const int hour = digits(t, 11, 2), minute = digits(t, 14, 2);
  if (hour >= 0 && minute >= 0 && t[13] == ':' && (t[10] == 'T' || t[10] == ' ')) {
    if (hour > 23 || minute > 59) return {};
    time = hours(hour) + minutes(minute);
    if (const int s = digits(t, 17, 2); s >= 0 && t[16] == ':') {
      if (s > 59) return {};
      time += seconds(s);
      int scale = 100;
      for (size_t i = 20; t.size() > 19 && t[19] == '.' && digits(t, i, 1) >= 0; ++i, scale /= 10)
        time += milliseconds(digits(t, i, 1) * scale);
    }
  }
  return time_point_cast<milliseconds>(sys_days(date)) + time;
}

}  // namespace

Parser<std::vector<std::string>> list_parser() {
  return {"list", read_list,
          "Answer with a list of items separated by commas and nothing else, like: red, green, blue"};
}

Chain<ChatReply, std::vector<std::string>> to_list() { return {std::make_shared<ToList>()}; }

Parser<std::vector<std::string>> lines_parser() {
  return {"lines",
          [](std::string_view answer) {
            std::vector<std::string> out;
            while (!answer.empty()) {
              const size_t end = std::min(answer.find('\n'), answer.size());
              if (const auto item = without_mark(answer.substr(0, end)); !item.empty()) out.emplace_back(item);
              answer.remove_prefix(std::min(end + 1, answer.size()));
            }
            return out;
          },
          "Answer with one item a line and nothing else."};
}

Parser<std::string> choice_parser(std::vector<std::string> values) {
  if (values.empty()) throw Error(Code::Invalid, "choice parser: it was given no values");
  std::string regex;
  for (const auto& v : values) regex += (regex.empty() ? "" : "|") + escaped(v);
  const std::string all = joined(values);
  return {"choice",
          [values = std::move(values), all](std::string_view answer) {
            for (const auto& v : values)
              if (plain(v) == plain(answer)) return v;
            refuse("one of " + all, answer);
          },
          "Answer with exactly one of these and nothing else: " + all,
          {.json_schema = {}, .regex = regex, .grammar = {}}};
}

Parser<Moment> date_parser() {
  return {"date",
          [](std::string_view answer) {
            for (size_t i = 0; i + 10 <= answer.size(); ++i)
              if (const auto found = moment_at(answer.substr(i))) return *found;
            refuse("a date like 2026-11-29 or a moment like 2026-11-29T15:44:36Z", answer);
          },
          "Answer with a date like 2026-11-29, or a moment like 2026-11-29T15:44:36Z (UTC), and nothing else.",
          {.json_schema = {},
           .regex = "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
                    "02-(0[1-9]|1[0-9]|2[0-8]))(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?",
           .grammar = {}}};
}

}  // namespace hanok::chain
