// Reading texts for the embedding commands, and turning them into vectors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hanok/lm.h"
#include "session.h"

namespace hanok::app {

/// A text a line; blank lines are passed over. FILE.jsonl: the key "text" of each object. "-" is stdin.
/// Throws Invalid naming file and line.
std::vector<std::string> read_texts(const std::string& file);
/// The same with the line kept even when it is blank (so that rows of a result and lines of the input agree).
std::vector<std::string> read_lines(const std::string& file);

/// The embedding model of a flag (-m) or the setting; NotFound with how to get one when there is none.
std::shared_ptr<const Embedder> embedding_model(const Session& session, const std::string& flag);
/// "query", "passage", "none", "default".
Prompt parse_prompt(const std::string& name);
/// Embeds in blocks with a progress bar; warns when the model does not know the texts' language.
Matrix embed_texts(const Session& session, const std::shared_ptr<const Embedder>& model,
                   const std::vector<std::string>& texts, Prompt prompt);
/// The same where texts are compared with one another: without what their languages add (chain/embedder/languages.h).
Matrix embed_meanings(const Session& session, const std::shared_ptr<const Embedder>& model,
                      const std::vector<std::string>& texts, Prompt prompt);

}  // namespace hanok::app
