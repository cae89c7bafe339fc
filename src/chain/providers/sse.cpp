#include "chain/providers/sse.h"

#include "hanok/error.h"

namespace hanok::chain {

bool SseParser::push(std::string_view bytes) {
  for (const char c : bytes) {
    if (!open_) return false;
    if (c == '\n' && after_cr_) {  // the second half of "\r\n"
      after_cr_ = false;
      continue;
    }
    after_cr_ = c == '\r';
    if (c != '\n' && c != '\r') {
      line_ += c;
      if (line_.size() + data_.size() > kLongestEvent)
        throw Error(Code::Exhausted, "event stream: one event is over " + std::to_string(kLongestEvent) + " bytes");
      continue;
    }
    open_ = line(line_);
    line_.clear();
  }
  return open_;
}

bool SseParser::finish() {
  if (open_ && !line_.empty()) open_ = line(line_);
  line_.clear();
  if (open_) open_ = dispatch();
  return open_;
}

bool SseParser::line(std::string_view text) {
  if (first_line_ && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  first_line_ = false;
  if (text.empty()) return dispatch();
  const size_t colon = text.find(':');
  if (text.substr(0, colon) != "data") return true;  // comments, "event", "id", "retry": nothing here depends on them
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.substr(0, 1) == " ") value.remove_prefix(1);
  if (has_data_) data_ += '\n';
  data_ += value;
  has_data_ = true;
  return true;
}

bool SseParser::dispatch() {
  if (!has_data_) return true;
  const std::string data = std::move(data_);
  data_.clear();
  has_data_ = false;
  return on_data_(data);
}

}  // namespace hanok::chain
