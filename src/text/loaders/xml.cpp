#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

// Walks without recursion, since it runs before the depth is known to be harmless.
bool deeper_than(pugi::xml_node root, int limit) {
  int depth = 0;
  pugi::xml_node node = root;
  while (node) {
    if (depth > limit) return true;
    if (node.first_child()) {
      node = node.first_child();
      ++depth;
      continue;
    }
    while (node != root && !node.next_sibling()) node = node.parent(), --depth;
    node = node == root ? pugi::xml_node() : node.next_sibling();
  }
  return false;
}

}  // namespace

Xml::Xml(const Source& source, const std::string& part, std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.size() > kMaxXmlBytes)
    source.fail(Code::Exhausted, part + " has " + std::to_string(bytes_.size()) + " bytes of XML, the limit is " +
                                     std::to_string(kMaxXmlBytes));
  const auto result =
      document_.load_buffer_inplace(bytes_.data(), bytes_.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (result.status == pugi::status_out_of_memory) source.fail(Code::Exhausted, "not enough memory to read " + part);
  if (!result || !root())
    source.fail(Code::Corrupt, part + " is not well-formed XML: " + result.description() + " at byte " +
                                   std::to_string(result.offset));
  if (deeper_than(document_, kMaxXmlDepth))
    source.fail(Code::Corrupt, part + " nests XML elements deeper than " + std::to_string(kMaxXmlDepth));
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const size_t colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

std::string_view attribute(const pugi::xml_node& node, std::string_view local) {
  for (const auto& a : node.attributes()) {
    const std::string_view name = a.name();
    const size_t colon = name.find(':');
    if ((colon == name.npos ? name : name.substr(colon + 1)) == local) return a.value();
  }
  return {};
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view local) {
  for (const auto& c : node.children())
    if (local_name(c) == local) return c;
  return {};
}

void each(const pugi::xml_node& node, std::string_view local, const std::function<void(const pugi::xml_node&)>& visit) {
  for (const auto& c : node.children()) {
    if (local_name(c) == local)
      visit(c);
    else
      each(c, local, visit);
  }
}

std::string all_text(const pugi::xml_node& node) {
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) return node.value();
  std::string out;
  for (const auto& c : node.children()) out += all_text(c);
  return out;
}

Relationships::Relationships(const Source& source, Zip& zip, const std::string& part) {
  const std::string folder(folder_of(part));
  const std::string name = folder + "_rels/" + part.substr(folder.size()) + ".rels";
  auto bytes = zip.find(name);
  if (!bytes) return;
  const Xml xml(source, name, std::move(*bytes));
  for (const auto& node : xml.root().children())
    if (attribute(node, "TargetMode") != "External")
      entries_.emplace(attribute(node, "Id"),
                       Entry{std::string(attribute(node, "Type")), resolve(folder, attribute(node, "Target"))});
}

std::string Relationships::by_id(std::string_view id) const {
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? std::string() : entry->second.target;
}

std::string Relationships::by_type(std::string_view type) const {
  for (const auto& [id, entry] : entries_)
    if (std::string_view(entry.type).ends_with(type)) return entry.target;
  return {};
}

std::vector<std::string> Relationships::all_by_type(std::string_view type) const {
  std::vector<std::string> out;
  for (const auto& [id, entry] : entries_)
    if (std::string_view(entry.type).ends_with(type)) out.push_back(entry.target);
  return out;
}

std::string office_title(const Source& source, Zip& zip) {
  auto bytes = zip.find("docProps/core.xml");
  if (!bytes) return {};
  const Xml xml(source, "docProps/core.xml", std::move(*bytes));
  return all_text(child(xml.root(), "title"));
}

}  // namespace hanok::text
