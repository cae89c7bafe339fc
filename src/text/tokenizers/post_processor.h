// The last step of encoding: special tokens around one text or a pair.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizers/json_view.h"
#include "text/tokenizers/vocabulary.h"

namespace hanok::text::tokenizers {

/// Token ids of a text as a model takes them; type_ids says which of a pair each belongs to.
struct Encoding {
  std::vector<TokenId> ids, type_ids;
};

/// TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel (which changes no ids) or a Sequence of them; all
/// are kept as two templates.
class PostProcessor {
 public:
  PostProcessor() = default;  // none: the texts themselves, type ids 0 and 1
  explicit PostProcessor(const JsonView& json);

  /// Puts the texts together: one or two sequences of ids.
  Encoding assemble(std::span<const std::vector<TokenId>> texts, bool add_special_tokens) const;
  /// Special tokens that assemble adds.
  size_t added(bool pair) const;

 private:
  struct Part {
    int sequence = -1;  // 0, 1: a text; -1: special tokens
    TokenId type_id = 0;
    std::vector<TokenId> ids;
  };
  using Template = std::vector<Part>;
  void read(const JsonView& json, int depth);
  void read_template(const JsonView& json);
  void read_bert(const JsonView& json, bool roberta);
  static Template read_parts(const JsonView& parts, const JsonView& specials, bool pair);

  std::array<Template, 2> templates_ = {Template{{.sequence = 0}},
                                        Template{{.sequence = 0}, {.sequence = 1, .type_id = 1}}};
};

}  // namespace hanok::text::tokenizers
