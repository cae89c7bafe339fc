// Days of the week and months that a text names, in English and Korean. They lie too near to one another to be told by
// their meaning, and a day that is asked about tells apart the rows of a timetable, which are alike in all else.
#pragma once

#include <cstdint>
#include <string_view>

namespace hanok::chain::answer {

/// A bit for each: 0 to 6 are Monday to Sunday, 7 to 18 January to December.
using Calendar = uint32_t;

/// "Saturdays", "토요일에", "in March", "3월"; also what is meant and not written: "Tuesday to Friday", "Mon-Fri",
/// "화요일부터 금요일까지", "화~금", "weekdays", "주말", "every day".
Calendar calendar_in(std::string_view text);

}  // namespace hanok::chain::answer
