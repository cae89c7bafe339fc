// --cache and the setting `cache`: answers and vectors that were made before are given again.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "chain/cache/kept.h"
#include "hanok/chain.h"
#include "hanok/chat.h"
#include "session.h"

namespace hanok::app {

/// The setting; throws Invalid where it is neither on nor off.
bool caching(const Session& session);
// Where caching is off, or the cache cannot be opened (a note says so), models come back as they are.
/// The model with a cache in the data directory. `besides`, `seeds`: see chain::CacheOptions.
std::shared_ptr<const chain::ChatModel> with_cache(const Session& session,
                                                   std::shared_ptr<const chain::ChatModel> model,
                                                   const std::string& besides, bool seeds = true);
std::shared_ptr<const chain::EmbeddingModel> with_cache(const Session& session,
                                                        std::shared_ptr<const chain::EmbeddingModel> model);
/// For texts that no ChatModel writes; nullptr where there is no cache.
std::shared_ptr<const chain::Kept> kept_answers(const Session& session);
/// Of what answers depend on: a file as it is now, a folder by the newest of its files.
std::string state_of(const std::filesystem::path& path);

}  // namespace hanok::app
