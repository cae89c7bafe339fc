// Numbers as a sheet shows them: the format codes of spreadsheets ("#,##0.00", "[h]:mm", "yyyy\"년\" m\"월\"").
// ECMA-376 part 1, 18.8.30 (built-in codes) and 18.8.31 (what a code means).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hanok::text {

/// One code, read once and used for every cell that has it.
class NumberFormat {
 public:
  /// A code that cannot be understood shows numbers as General does: no code is an error.
  explicit NumberFormat(std::string_view code = "General");

  /// value      of a cell; dates and times are days since 1899-12-30, or since 1904-01-01 when `since_1904`.
  /// A date before year 0 or after 9999 is shown as a plain number (a sheet shows "####").
  std::string show(double value, bool since_1904 = false) const;
  /// A text cell: the fourth section, or a code with "@"; other codes leave the text alone.
  std::string show_text(std::string_view text) const;

  struct Token {
    enum Kind {
      Literal,    // text
      Zero,       // 0: a digit, always
      Hash,       // #: a digit that is there
      Question,   // ?: a digit or a space
      Point,      // .
      Percent,    // %
      Exponent,   // E+ or E-; text holds it
      Slash,      // of a fraction
      General,    // the number without a format
      Text,       // @
      Date,       // y m d h s a (AM/PM) w (weekday, Korean) and their repetitions; text holds them
      Elapsed,    // [h] [m] [s]; text holds the letters
      SubSecond,  // .0 after seconds; text holds the zeros
    } kind;
    std::string text;
  };
  struct Section {
    std::vector<Token> tokens;
    char condition = 0;  // < > = and l (<=), g (>=), n (<>); 0 for none
    double limit = 0;
    bool korean = false;     // [$-412]: names of months and days, 오전 and 오후
    bool thousands = false;  // a comma between digits
    int thousandths = 0;     // commas after the last digit: each divides by 1000
    int percents = 0;
    bool is_date = false, is_fraction = false;
  };

 private:
  const Section* section_for(double value, bool& drop_sign) const;
  std::vector<Section> sections_;
};

/// The code of a built-in id, as Excel of the reader's country shows it; dates of the short kind as 2025-03-01.
/// "General" for ids that have none.
std::string_view builtin_number_format(int id);

/// A number without a format: at most 15 digits, which is what a double holds for certain; 1.1000000000000001 is 1.1.
std::string general_number(double value);

/// `value` >= 0 rounded half up at `decimals` digits behind the point, judged by its first 15 digits: "1234.50".
std::string fixed_number(double value, int decimals);

/// Days as a date or duration. Used by NumberFormat.
std::string show_date(const NumberFormat::Section& section, double days, bool since_1904);

}  // namespace hanok::text
