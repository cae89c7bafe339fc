// Prompts that hanok writes by itself and that can be replaced: files NAME.txt in the folder of the setting
// `prompts`.
#pragma once

#include <string>

#include "session.h"

namespace hanok::app {

/// The text of the prompt `name` ("ask", "condense", ...): the user's own, else the default. Throws NotFound for a name
/// that there is not, and for a folder that is set and is not there.
std::string own_prompt(const Session& session, const std::string& name);

}  // namespace hanok::app
