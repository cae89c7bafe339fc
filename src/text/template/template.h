// Jinja templates, for chat templates of models and for prompts: a safe subset without files, imports or Python.
//
//   const text::Template t = text::Template::parse("Hello {{ name }}!");
//   t.render({{"name", "world"}});
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/template/value.h"

namespace hanok::text {

struct TemplateOptions {
  bool trim_blocks = true, lstrip_blocks = true;  // as the libraries that models come from set them
  uint64_t max_steps = 2'000'000;                 // expressions and statements of one rendering
  size_t max_output = 16u << 20;                  // bytes
};

/// Parsed once, rendered from any number of threads.
class Template {
 public:
  /// `name` stands in errors. Throws Invalid (line, what, what was expected), Unsupported for tags that reach for
  /// files.
  static Template parse(std::string source, std::string name = "template", const TemplateOptions& options = {});
  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  /// Throws Invalid for what the template raises or cannot compute, Exhausted beyond the limits: a hostile template
  /// ends, within some hundred megabytes and seconds.
  std::string render(const jinja::Dict& variables) const;
  /// The names that it asks for and does not give itself, sorted (text/template/variables.h).
  std::vector<std::string> variables() const;

 private:
  struct Impl;
  explicit Template(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hanok::text
