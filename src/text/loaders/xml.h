// XML parts of zip formats by pugixml, which knows no user-defined entities: "billion laughs" stays unexpanded text.
#pragma once

#include <functional>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/loaders/loader.h"
#include "text/loaders/zip.h"

namespace hanok::text {

/// A parsed part and the bytes it points into.
class Xml {
 public:
  /// Throws Corrupt (not well-formed, or nested deeper than kMaxXmlDepth), Exhausted (larger than kMaxXmlBytes).
  Xml(const Source& source, const std::string& part, std::string bytes);
  Xml(const Xml&) = delete;
  Xml& operator=(const Xml&) = delete;
  pugi::xml_node root() const { return document_.document_element(); }

 private:
  std::string bytes_;
  pugi::xml_document document_;
};

constexpr int kMaxXmlDepth = 256;              // readers of the tree may recurse
constexpr size_t kMaxXmlBytes = 128ull << 20;  // a tree takes up to 16 times its bytes

/// The name without its namespace prefix, which writers choose freely.
std::string_view local_name(const pugi::xml_node& node);
/// The value of the attribute with this local name; empty when absent.
std::string_view attribute(const pugi::xml_node& node, std::string_view local);
/// The first child element with this local name; a null node when absent.
pugi::xml_node child(const pugi::xml_node& node, std::string_view local);
/// Every descendant element with this local name, in document order; the inside of a match is not searched.
void each(const pugi::xml_node& node, std::string_view local, const std::function<void(const pugi::xml_node&)>& visit);
/// All character data below a node.
std::string all_text(const pugi::xml_node& node);

/// Relationships of an Office part (word/_rels/document.xml.rels): the entry name for a relationship id; empty when
/// unknown.
class Relationships {
 public:
  Relationships() = default;
  Relationships(const Source& source, Zip& zip, const std::string& part);
  std::string by_id(std::string_view id) const;
  /// The first whose type ends with `type`, such as "/notesSlide".
  std::string by_type(std::string_view type) const;
  /// All of them, in the order of their ids.
  std::vector<std::string> all_by_type(std::string_view type) const;

 private:
  struct Entry {
    std::string type, target;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

/// dc:title of docProps/core.xml, which all Office formats share; empty when absent.
std::string office_title(const Source& source, Zip& zip);

}  // namespace hanok::text
