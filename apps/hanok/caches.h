// --cache and the setting `cache`: answers and vectors that were made before are given again.
#pragma once

#include <memory>
#include <string>

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "session.h"

namespace hanok::app {

/// The setting; throws Invalid where it is neither on nor off.
bool caching(const Session& session);
/// The model with a cache in the data directory. `besides`: what answers depend on beside its name.
std::shared_ptr<const chain::ChatModel> with_cache(const Session& session,
                                                   std::shared_ptr<const chain::ChatModel> model,
                                                   const std::string& besides);
/// `model` must outlive it.
std::unique_ptr<chain::EmbeddingModel> with_cache(const Session& session, const chain::EmbeddingModel& model);

}  // namespace hanok::app
