// Everything: `#include <hanok/hanok.h>` and link `hanok::hanok`.
#pragma once

#include "hanok/chain.h"
#include "hanok/chains.h"
#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/generate.h"
#include "hanok/index.h"
#include "hanok/journal.h"
#include "hanok/lm.h"
#include "hanok/outputs.h"
#include "hanok/prompts.h"
#include "hanok/records.h"
#include "hanok/similarity.h"
#include "hanok/store.h"
#include "hanok/tasks.h"
#include "hanok/text.h"
#include "hanok/traces.h"
