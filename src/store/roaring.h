// CRoaring under one name: `roaring::Roaring`. Its first releases (0.2, in Debian 12) have the class at global scope.
#pragma once

#include <roaring/roaring.hh>

#if !__has_include(<roaring/memory.h>)  // came with the releases that have the namespace
namespace roaring {
using ::Roaring;
}
#endif
