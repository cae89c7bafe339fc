// What of OpenAI's API is not here. The client hears which part that is, in place of a path that nobody knows.
#include "server/openai/openai.h"

namespace hanok::server {

void add_openai_not_served(Router::Group& group) {
  group.not_served("/audio", "this hanok neither hears nor speaks: audio is not served");
  for (const char* path : {"/images", "/videos"}) group.not_served(path, "pictures and films are not made here");
  for (const char* path : {"/responses", "/conversations", "/chat/completions"})
    group.not_served(path, "answers are not kept here, so that there is none to read, change or delete");
  for (const char* path : {"/assistants", "/threads"})
    group.not_served(path, "assistants are not served; ask a collection by the model hanok/NAME, or use responses");
  for (const char* path : {"/batches", "/evals", "/fine_tuning"})
    group.not_served(path, "jobs are not served; send the requests themselves");
  group.not_served("/uploads", "files are sent as a whole: POST /v1/files");
  group.not_served("/moderations", "no model that moderates is served");
  for (const char* path : {"/realtime", "/live"}) group.not_served(path, "sessions that stay open are not served");
  for (const char* path :
       {"/agents", "/chatkit", "/containers", "/content_provenance_checks", "/decisions", "/organization", "/projects",
        "/safety", "/skills", "/vaults", "/webhook_endpoints", "/webhook_event_types"})
    group.not_served(path, "this part of OpenAI's API is not served");
}

}  // namespace hanok::server
