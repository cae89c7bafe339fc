// For tests of what is refused.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "hanok/error.h"

namespace hanok::base {

/// The message of the Error that body throws, which must have this code.
inline std::string error_of(const std::function<void()>& body, Code code) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace hanok::base
