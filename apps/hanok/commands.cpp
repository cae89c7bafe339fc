#include "command.h"

namespace hanok::app {

void add_ingest(Command&);
void add_search(Command&);
void add_ask(Command&);
void add_collections(Command&);
void add_documents(Command&);
void add_models(Command&);
void add_agent(Command&);
void add_run(Command&);
void add_mcp(Command&);
void add_chat(Command&);
void add_summarize(Command&);
void add_sentiment(Command&);
void add_prompts(Command&);
void add_generate(Command&);
void add_tokenize(Command&);
void add_logits(Command&);
void add_perplexity(Command&);
void add_embed(Command&);
void add_similar(Command&);
void add_recommend(Command&);
void add_paraphrases(Command&);
void add_cluster(Command&);
void add_rerank(Command&);
void add_eval(Command&);
void add_bench(Command&);
void add_index(Command&);
void add_config(Command&);
void add_cache(Command&);
void add_doctor(Command&);
void add_completion(Command&);
void add_serve(Command&);
void add_keys(Command&);
void add_backup(Command&);
void add_vision(Command&);

// In the order of `hanok --help`.
const std::vector<AddCommand>& command_table() {
  static const std::vector<AddCommand> table = {
      add_ingest,    add_search,      add_ask,       add_chat,      add_agent,      add_run,         add_mcp,
      add_serve,     add_keys,        add_summarize, add_sentiment, add_prompts,    add_collections, add_documents,
      add_models,    add_generate,    add_tokenize,  add_logits,    add_perplexity, add_embed,       add_similar,
      add_recommend, add_paraphrases, add_cluster,   add_rerank,    add_eval,       add_bench,       add_index,
      add_config,    add_cache,       add_vision,    add_backup,    add_doctor,     add_completion,
  };
  return table;
}

}  // namespace hanok::app
