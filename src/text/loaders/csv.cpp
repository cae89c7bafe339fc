// Tables of comma or tab separated values: every row one line of "column: value; column: value".
#include <algorithm>

#include "base/ascii.h"
#include "text/loaders/rows.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

// The separator of the first line, outside quotes: the most frequent of these.
char find_separator(std::string_view text) {
  size_t commas = 0, tabs = 0, semicolons = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas += c == ',', tabs += c == '\t', semicolons += c == ';';
  }
  if (tabs >= commas && tabs >= semicolons && tabs > 0) return '\t';
  return semicolons > commas ? ';' : ',';
}

// RFC 4180: fields may be quoted, "" inside quotes is one quote, a quoted field may hold line ends.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  // False at the end of the text.
  bool row(Row& fields) {
    fields.clear();
    if (at_ >= text_.size()) return false;
    while (true) {
      fields.push_back({static_cast<uint32_t>(fields.size()), field()});
      if (at_ < text_.size() && text_[at_] == separator_) {
        ++at_;
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '\r') ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') ++at_;
      return true;
    }
  }

 private:
  bool ends(char c) const { return c == separator_ || c == '\n' || c == '\r'; }

  std::string field() {
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size(); ++at_) {
        if (text_[at_] != '"')
          out.push_back(text_[at_]);
        else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"')
          out.push_back(text_[at_++]);
        else
          break;
      }
      if (at_ < text_.size()) ++at_;
    }
    while (at_ < text_.size() && !ends(text_[at_])) out.push_back(text_[at_++]);  // also what follows a closing quote
    return out;
  }

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
};

}  // namespace

Document load_csv(const Source& source) {
  const std::string text = decode_text(source);
  const bool tabs = base::lower(source.suffix()) == ".tsv";
  CsvReader reader(text, tabs ? '\t' : find_separator(text));
  Writer out(source);
  RowWriter rows(out);
  for (Row row; reader.row(row);) rows.add(row);
  rows.finish();
  return out.finish();
}

}  // namespace hanok::text
