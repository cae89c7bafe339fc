// Mailboxes: many messages in one file (RFC 4155).
#pragma once

#include <string_view>

namespace hanok::text {

/// Begins with the line that stands before each message: "From someone@x.example Tue Mar  4 10:00:00 2025".
bool begins_like_mbox(std::string_view bytes);

}  // namespace hanok::text
