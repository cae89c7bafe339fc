// Everything: `#include <hanok/hanok.h>` and link `hanok::hanok`.
#pragma once

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/generate.h"
#include "hanok/index.h"
#include "hanok/lm.h"
#include "hanok/similarity.h"
#include "hanok/store.h"
#include "hanok/tasks.h"
#include "hanok/text.h"
