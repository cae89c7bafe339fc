// What Office files keep in parts of their own: charts, SmartArt, comments. ECMA-376 part 1, 21.2 and 21.4.
#pragma once

#include <string>

#include "text/loaders/parts.h"
#include "text/loaders/xml.h"

namespace hanok::text {

/// A paragraph of DrawingML (a:p): its runs, fields and breaks; superscripts and subscripts by their baseline.
std::string drawing_paragraph(const pugi::xml_node& p);
/// Every paragraph below `node` that has text, a line each.
void write_drawing_text(const pugi::xml_node& node, Writer& out);

class OfficeParts {
 public:
  OfficeParts(const Source& source, Zip& zip, Writer& out)
      : source_(source), zip_(zip), out_(out), parts_(source, out) {}

  /// The charts and diagrams that `node` shows. A chart is its title, the names of its axes, and a table: the
  /// categories, a column for each series.
  void graphics(const pugi::xml_node& node, const Relationships& relations);
  void chart(const std::string& part);
  /// Calls read(root) with a part that the file can do without; damage is noted.
  void extra(const std::string& part, const std::function<void(const pugi::xml_node&)>& read);

 private:
  const Source& source_;
  Zip& zip_;
  Writer& out_;
  Parts parts_;
};

/// "Kim: the text", a line; the author may be empty.
void write_comment(std::string_view where, std::string_view author, std::string_view text, Writer& out);

}  // namespace hanok::text
