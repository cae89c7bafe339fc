// EPUB 2 and 3: the chapters in the order of the spine, each read as HTML.
#include <map>

#include "text/charset.h"
#include "text/loaders/html.h"
#include "text/loaders/parts.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

// Obfuscated fonts are common and harmless; anything else in encryption.xml is a rights lock.
void check_rights(const Source& source, Zip& zip) {
  auto bytes = zip.find("META-INF/encryption.xml");
  if (!bytes) return;
  const Xml xml(source, "META-INF/encryption.xml", std::move(*bytes));
  each(xml.root(), "EncryptedData", [&](const pugi::xml_node& data) {
    const auto algorithm = attribute(child(data, "EncryptionMethod"), "Algorithm");
    if (algorithm.find("#RC") == std::string_view::npos && algorithm.find("embedding") == std::string_view::npos)
      source.fail(Code::Unsupported,
                  "is encrypted (digital rights management); it can only be read by its own program");
  });
}

std::string package_name(const Source& source, Zip& zip) {
  const Xml container(source, "META-INF/container.xml", zip.read("META-INF/container.xml"));
  std::string name;
  each(container.root(), "rootfile", [&](const pugi::xml_node& file) {
    if (name.empty()) name = resolve("", attribute(file, "full-path"));
  });
  if (name.empty()) source.fail(Code::Corrupt, "META-INF/container.xml names no package");
  return name;
}

}  // namespace

Document load_epub(const Source& source) {
  Zip zip(source);
  check_rights(source, zip);
  const std::string package = package_name(source, zip);
  const Xml opf(source, package, zip.read(package));
  Writer out(source);
  out.title(all_text(child(child(opf.root(), "metadata"), "title")));
  std::map<std::string, std::string, std::less<>> files;
  each(child(opf.root(), "manifest"), "item", [&](const pugi::xml_node& item) {
    if (attribute(item, "properties").find("nav") == std::string_view::npos)
      files.emplace(attribute(item, "id"), resolve(folder_of(package), attribute(item, "href")));
  });
  Parts chapters(source, out);
  each(child(opf.root(), "spine"), "itemref", [&](const pugi::xml_node& itemref) {
    const auto file = files.find(attribute(itemref, "idref"));
    if (file == files.end()) return;  // the table of contents, or a chapter in a format of the publisher
    chapters.read([&] {
      const std::string bytes = zip.read(file->second);
      const auto chapter = to_utf8(bytes, declared_charset(bytes));
      if (!chapter) source.fail(Code::Corrupt, "chapter " + file->second + " is not text");
      out.paragraph();
      write_html(source, chapter->text, out);
    });
  });
  chapters.check();
  return out.finish();
}

}  // namespace hanok::text
