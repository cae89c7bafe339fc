// `hanok serve` and `hanok keys` as a user runs them.
#include <gmock/gmock.h>

#include "program.h"

namespace hanok::test {
namespace {

using testing::HasSubstr;

// Starts the server, runs `commands` with $URL and $PID, and ends it; its output lies in out.txt and err.txt.
base::ProcessResult with_server(const Program& hanok, const std::string& flags, const std::string& commands) {
  const std::string folder = hanok.folder().string();
  return hanok.bash("cd " + folder + "\n" HANOK_PROGRAM " serve --port 0 " + flags + R"( >out.txt 2>err.txt &
PID=$!
for i in $(seq 200); do [ -s out.txt ] && break; sleep 0.05; done
URL=$(grep -o 'http://[0-9.:]*' out.txt)
)" + commands + "\nkill -TERM $PID; wait $PID; echo \"ended $?\"");
}

TEST(Serve, SaysWhereItIsAndEndsInPeace) {
  const Program hanok;
  const auto result = with_server(hanok, "", "curl -s $URL/healthz; curl -s $URL/v1/models");
  EXPECT_THAT(result.out, HasSubstr("ok\n{\"object\":\"list\",\"data\":[]}"));
  EXPECT_THAT(result.out, HasSubstr("ended 0")) << result.err;
  EXPECT_THAT(base::read_file(hanok.folder() / "out.txt"), HasSubstr("hanok serves"));
}

TEST(Serve, KeysAreReadAgainOnHangup) {
  const Program hanok;
  const std::string admin = hanok.json({"keys", "add", "admin", "--scope", "admin"})["key"];
  EXPECT_THAT(hanok.json({"keys", "add", "admin"}, 4)["error"]["message"], HasSubstr("already"));
  const auto result = with_server(hanok, "--access-log log.txt",
                                  R"(
curl -s -o /dev/null -w '%{http_code} ' $URL/v1/models
curl -s -o /dev/null -w '%{http_code} ' -H "Authorization: Bearer )" +
                                      admin + R"(" $URL/v1/models
KEY=$()" HANOK_PROGRAM R"( keys add second -q)
curl -s -o /dev/null -w '%{http_code} ' -H "Api-Key: $KEY" $URL/v1/models
kill -HUP $PID; sleep 0.5
curl -s -o /dev/null -w '%{http_code} ' -H "Api-Key: $KEY" $URL/v1/models)");
  EXPECT_THAT(result.out, HasSubstr("401 200 401 200 "));
  EXPECT_THAT(base::read_file(hanok.folder() / "log.txt"), HasSubstr(R"("key":"second")"));
  EXPECT_EQ(hanok.json({"keys", "list"})["keys"].size(), 2u);
  EXPECT_EQ(hanok.json({"keys", "remove", "second"})["removed"], "second");
  EXPECT_THAT(hanok.json({"keys", "remove", "second"}, 3)["error"]["message"], HasSubstr("no key"));
}

TEST(Serve, BackupsAreMadeBesideIt) {
  const Program hanok;
  hanok.write("notes/maps.txt", "The map room is open on Saturdays.");
  const auto result = with_server(hanok, "--watch notes", R"(
for i in $(seq 100); do )" HANOK_PROGRAM R"( search maps --json 2>/dev/null | grep -q maps.txt && break; sleep 0.1; done
)" HANOK_PROGRAM R"( backup copy --json
)" HANOK_PROGRAM R"( ingest notes --json
echo '{"text": "The tower is tall.", "source": "t.html"}' | )" HANOK_PROGRAM R"( ingest --texts - --json
)" HANOK_PROGRAM R"( collections delete notes --json
)" HANOK_PROGRAM R"( restore copy --data again --json
)" HANOK_PROGRAM R"( fsck --data again --json
)" HANOK_PROGRAM R"( search maps --data again --json)");
  EXPECT_THAT(result.out, HasSubstr(R"({"backup":"copy","files":1,)"));
  EXPECT_THAT(result.out, HasSubstr(R"({"files":{"new":0,"changed":0,"unchanged":1,)")) << "the server did it";
  EXPECT_THAT(result.out, HasSubstr(R"({"files":{"new":1,"changed":0,"unchanged":0,"gone":0)")) << "texts too";
  EXPECT_THAT(result.out, HasSubstr("It is a server, at http://127.0.0.1:")) << "who writes here";
  EXPECT_THAT(result.out, HasSubstr(R"({"problems":[]})")) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("map room is open"));
  EXPECT_THAT(hanok.json({"restore", "nowhere", "--data", (hanok.folder() / "x").string()}, 3)["error"]["message"],
              HasSubstr("no backup"));
}

TEST(Serve, PicturesAreNotItsWork) {
  Program hanok;
  const std::string data = HANOK_SOURCE_DIR "/tests/data/";
  hanok.json({"ingest", data + "pictures", "-c", "photos", "--image-model", data + "tiny_pictures"});
  const auto result = with_server(hanok, "", HANOK_PROGRAM " ingest " + data + "pictures -c photos; echo status $?");
  EXPECT_THAT(result.err, HasSubstr("does not take pictures; stop it"));
  const auto watching = hanok.run({"serve", "--port", "0", "--watch", data + "pictures", "-c", "photos"});
  EXPECT_EQ(watching.exit_status, 2);
  EXPECT_THAT(watching.err, HasSubstr("is for texts"));
}

TEST(Serve, WrongUsesAreNamed) {
  const Program hanok;
  EXPECT_THAT(hanok.json({"serve", "--host", "0.0.0.0", "--port", "0"}, 2)["error"]["message"],
              HasSubstr("a key is needed"));
  EXPECT_THAT(
      hanok.json({"serve", "--host", "nowhere", "--port", "0", "--api-key", "long enough"}, 2)["error"]["message"],
      HasSubstr("an address"));
  EXPECT_EQ(hanok.run({"serve", "--port", "70000"}).exit_status, 2);
  EXPECT_EQ(hanok.run({"keys", "add", "x", "--scope", "all"}).exit_status, 2);
}

}  // namespace
}  // namespace hanok::test
