// 04: summaries and sentiment. A text longer than the context is read in parts; a label comes with the model's own
// probability.
// usage: 04_summaries_and_sentiment MODEL
#include <iomanip>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 04_summaries_and_sentiment MODEL\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});

  std::string story;
  for (int day = 1; day <= 12; ++day)
    story += "On day " + std::to_string(day) + " Lily walked to the park and saw a big dog. The dog was kind to her. ";
  const auto summary = chain::summarize(
      *model, story,
      {.sentences = 2, .answer = {.temperature = 0, .max_tokens = 30, .stop = {"\nuser:"}}, .part_tokens = 180});
  std::cout << "summary (" << summary.parts << " parts, " << summary.rounds << " rounds): " << summary.text << "\n\n";

  const std::vector<std::string> texts = {"What a wonderful day, I loved every minute.",
                                          "The food was cold and the waiter was rude.", "정말 즐거운 하루였다."};
  const auto labels = chain::label_texts(*model, texts);
  for (size_t i = 0; i < texts.size(); ++i)
    std::cout << labels[i].label << " (" << std::fixed << std::setprecision(2) << labels[i].confidence
              << "): " << texts[i] << "\n";
}
