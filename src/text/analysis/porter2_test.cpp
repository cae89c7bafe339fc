#include "text/analysis/porter2.h"

#include <gtest/gtest.h>

#include <sstream>

namespace hanok::text::analysis {
namespace {

std::string stem(std::string word) {
  porter2(word);
  return word;
}

// Word and stem in turn: the examples of the published description and words for every rule and exception of it,
// compared with the stems of Snowball 3.
constexpr const char* kPairs =
    "consign consign consigned consign consigning consign consignment consign consist consist consisted consist "
    "consistency consist consistent consist consistently consist consisting consist consists consist "
    "consolation consol consolations consol consolatory consolatori console consol consoled consol consoles consol "
    "consolidate consolid consolidated consolid consolidating consolid consoling consol consolingly consol "
    "consols consol consonant conson consort consort consorted consort consorting consort conspicuous conspicu "
    "conspicuously conspicu conspiracy conspiraci conspirator conspir conspirators conspir conspire conspir "
    "conspired conspir conspiring conspir constable constabl constables constabl constance constanc "
    "constancy constanc constant constant knack knack knackeries knackeri knacks knack knag knag knave knave "
    "knaves knave knavish knavish kneaded knead kneading knead knee knee kneel kneel kneeled kneel kneeling kneel "
    "kneels kneel knees knee knell knell knelt knelt knew knew knick knick knif knif knife knife knight knight "
    "knightly knight knights knight knit knit knits knit knitted knit knitting knit knives knive knob knob "
    "knobs knob knock knock knocked knock knocker knocker knockers knocker knocking knock knocks knock knopp knopp "
    "knot knot knots knot caresses caress flies fli dies die mules mule denied deni died die agreed agre owned own "
    "humbled humbl sizing size meeting meet stating state siezing siez itemization item sensational sensat "
    "traditional tradit reference refer colonizer colon plotted plot ties tie cries cri gas gas this this gaps gap "
    "kiwis kiwi abyss abyss virus virus bus bus luxuriated luxuri hoped hope hopped hop hopping hop hoping hope "
    "fizzed fizz failing fail filing file falling fall hissing hiss tanned tan bedding bed egged egg adding add "
    "off off ebbing ebb inning inning innings inning outing outing outings outing canning canning cannings canning "
    "herring herring herrings herring earring earring evening evening proceed proceed proceeds proceed "
    "proceeding proceed exceed exceed exceeded exceed succeed succeed succeeds succeed feed feed feeding feed "
    "bleed bleed agreedly agre exceedingly exceed markedly mark seemingly seem cry cri by by say say enjoy enjoy "
    "happy happi sky sky skies sky skis ski dying die lying lie tying tie idly idl gently gentl ugly ugli "
    "early earli only onli singly singl news news howe howe atlas atlas cosmos cosmos bias bias andes andes "
    "conditional condit rational ration valency valenc hesitancy hesit digitizer digit conformably conform "
    "radically radic differently differ vilely vile analogously analog vietnamization vietnam predication predic "
    "operator oper feudalism feudal decisiveness decis hopefulness hope callousness callous formality formal "
    "sensitivity sensit sensibility sensibl hopelessly hopeless analogy analog geology geolog geologist geolog "
    "bashfully bash quickly quick badly bad duly duli comely come triplicate triplic formative format "
    "formalize formal electricity electr electrical electr hopeful hope goodness good relational relat "
    "negative negat revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop "
    "adjustable adjust defensible defens irritant irrit replacement replac adjustment adjust dependent depend "
    "adoption adopt homologous homolog communism communism activate activ angularity angular effective effect "
    "bowdlerize bowdler probate probat rate rate cease ceas controlling control controlled control rolling roll "
    "roll roll hall hall falls fall general general generally general generate generat generic generic "
    "generously generous commune commune community communiti communication communic communist communist "
    "arsenal arsenal arsenic arsenic past past paste paste pasted paste pasting paste universe univers "
    "universal universal university universiti lateral lateral later later emerge emerg emergency emergenc "
    "organ organ organic organic organize organiz organization organiz internal internal international internat "
    "internment internment youth youth boy boy boyish boyish yes yes yellow yellow syzygy syzygi sayings say "
    "player player toy toy dyed dy eyed eye beautiful beauti beauty beauti animadversion animadvers "
    "sprinkled sprinkl eucharist eucharist rap rap trap trap entrap entrap ow ow on on at at uproot uproot "
    "bestow bestow disturb disturb study studi studies studi studied studi studying studi studious studious "
    "argument argument argue argu argued argu argues argu arguing argu argus argus maximum maximum "
    "presumably presum multiply multipli provision provis owed owe ear ear saw saw crepuscular crepuscular "
    "running run runner runner runs run easily easili fairly fair relativity relat aerodynamics aerodynam "
    "boundary boundari layers layer slipstream slipstream theoretical theoret theories theori "
    "investigation investig experimentally experiment";

TEST(Porter2, PublishedExamples) {
  std::istringstream in(kPairs);
  std::string word, expected;
  size_t n = 0;
  for (; in >> word >> expected; ++n) EXPECT_EQ(stem(word), expected) << word;
  EXPECT_GT(n, 300u);
}

TEST(Porter2, Apostrophes) {
  EXPECT_EQ(stem("dog's"), "dog");
  EXPECT_EQ(stem("dogs'"), "dog");
  EXPECT_EQ(stem("dying's"), "die");
  EXPECT_EQ(stem("'tis"), "tis");
  EXPECT_LE(stem("'''").size(), 3u);
}

TEST(Porter2, LeavesOtherWordsAlone) {
  for (const char* word : {"", "a", "is", "b52s", "na\xc3\xafve", "\xed\x95\x9c"}) EXPECT_EQ(stem(word), word);
}

}  // namespace
}  // namespace hanok::text::analysis
