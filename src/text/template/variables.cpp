#include "text/template/variables.h"

#include <set>

#include "text/template/library.h"

namespace hanok::text::jinja {
namespace {

using Names = std::set<std::string, std::less<>>;

class Finder {
 public:
  std::vector<std::string> run(const Block& block) {
    Names own;
    walk(block, own);
    return {found_.begin(), found_.end()};
  }

 private:
  using Kind = Expression::Kind;

  void name(const std::string& text, const Names& own) {
    if (!text.empty() && !own.count(text) && !globals().find(text)) found_.insert(text);
  }

  /// Asked for in a way that does without it.
  static bool spared(const Expression& e) {
    const bool plain = !e.parts.empty() && e.parts[0] && e.parts[0]->kind == Kind::Name;
    if (!plain) return false;
    if (e.kind == Kind::Test) return e.text == "defined" || e.text == "undefined";
    return e.kind == Kind::Filter && full_name(e.text) == "default";
  }

  void walk(const Expression* e, const Names& own) {
    if (!e) return;
    if (e->kind == Kind::Name) return name(e->text, own);
    for (size_t i = spared(*e) ? 1 : 0; i < e->parts.size(); ++i) walk(e->parts[i].get(), own);
    for (const auto& [key, value] : e->named) walk(value.get(), own);
  }

  // What a block sets is known to what follows it in the same block.
  void walk(const Block& block, Names& own) {
    for (const auto& s : block) walk(*s, own);
  }

  void inside(const Block& block, const Names& own, const std::vector<std::string>& more) {
    Names inner = own;
    inner.insert(more.begin(), more.end());
    inner.insert("loop");
    walk(block, inner);
  }

  void walk(const Statement& s, Names& own) {
    walk_expressions(s, own);
    switch (s.kind) {
      case Statement::Kind::For:
        if (s.filter) {
          Names inner = own;
          inner.insert(s.names.begin(), s.names.end());
          walk(s.filter.get(), inner);
        }
        inside(s.body, own, s.names);
        walk(s.otherwise, own);
        return;
      case Statement::Kind::Macro: {
        own.insert(s.text);
        std::vector<std::string> more = s.names;
        more.insert(more.end(), {"caller", "varargs", "kwargs"});
        return inside(s.body, own, more);
      }
      case Statement::Kind::Set:
        own.insert(s.names.begin(), s.names.end());
        return;
      case Statement::Kind::SetBlock:
        walk(s.body, own);
        own.insert(s.names.begin(), s.names.end());
        return;
      default:
        walk(s.body, own);
        walk(s.otherwise, own);
    }
  }

  void walk_expressions(const Statement& s, Names& own) {
    walk(s.expression.get(), own);
    for (const auto& d : s.defaults) walk(d.get(), own);
    for (const auto& [condition, body] : s.branches) {
      walk(condition.get(), own);
      walk(body, own);
    }
  }

  Names found_;
};

}  // namespace

std::vector<std::string> free_names(const Block& block) { return Finder().run(block); }

}  // namespace hanok::text::jinja
