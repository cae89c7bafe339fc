// What a schema forbids to ask: conditions over keys whose index it switches off.
#pragma once

#include <string>
#include <string_view>

#include "server/chroma/configuration.h"

namespace hanok::server::chroma {

/// Kept with a collection where there are any.
inline constexpr std::string_view kRestrictions = "chroma.restrictions";

/// Empty where the schema forbids nothing, as most do.
std::string restrictions_of(const Description& description);
/// Refuses a condition that asks for what `restrictions` forbid.
void check_allowed(std::string_view restrictions, const store::Json& where);
/// The same with what is kept with a collection. Without a condition nothing is read.
void check_allowed(const store::Records& records, const store::Json& where);

}  // namespace hanok::server::chroma
