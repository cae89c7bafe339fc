#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;

TEST(Ipynb, TextCodeAndWhatItPrintedStandApart) {
  const Document d = load_bytes("a.ipynb", R"~({"nbformat": 4, "metadata": {"title": "요금 분석"}, "cells": [
    {"cell_type": "markdown", "source": ["# 자료\n", "\n", "표 **하나**를 읽는다.\n", "## 요금"]},
    {"cell_type": "code", "execution_count": 3, "source": ["fee = 5000\n", "print(fee)"], "outputs": [
      {"output_type": "stream", "name": "stdout", "text": ["5000\n"]},
      {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgoAAAANSUhEUg==", "text/plain": ["<Figure>"]}},
      {"output_type": "error", "ename": "KeyError", "evalue": "'city'", "traceback": ["\u001b[0;31mKeyError\u001b[0m"]}]},
    {"cell_type": "markdown", "source": "다음 설명"},
    {"cell_type": "raw", "source": "raw text"},
    {"cell_type": "code", "execution_count": null, "source": "x = 1", "outputs": []}]})~");
  EXPECT_EQ(broken_promise(d), "");
  EXPECT_EQ(d.title, "요금 분석");
  EXPECT_EQ(d.text,
            "자료\n\n표 하나를 읽는다.\n\n요금\n\nIn [3]\n\nfee = 5000\nprint(fee)\n\nOut [3]\n\n5000\n<Figure>\n"
            "KeyError: 'city'\n\nText\n\n다음 설명\n\nraw text\n\nIn [ ]\n\nx = 1\n");
  ASSERT_EQ(d.headings.size(), 6u);
  EXPECT_EQ(d.headings[1].level, 2);
  EXPECT_EQ(d.headings[2].title, "In [3]");
}

TEST(Ipynb, TheOlderForm) {
  EXPECT_EQ(load_bytes("a.ipynb", R"({"nbformat": 3, "worksheets": [{"cells": [
              {"cell_type": "heading", "level": 2, "source": ["Fees"]},
              {"cell_type": "code", "prompt_number": 1, "input": ["1 + 1"], "outputs": [{"output_type": "pyout",
               "text": ["\u001b[1m2\u001b[0m"]}]}]}]})")
                .text,
            "Fees\n\nIn [1]\n\n1 + 1\n\nOut [1]\n\n2\n");
}

TEST(Ipynb, WhatIsNoNotebookSaysSo) {
  const auto why = [](std::string_view bytes) {
    try {
      load_bytes("a.ipynb", bytes);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Corrupt);
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(why("{\"cells\": ["), HasSubstr("no valid JSON"));
  EXPECT_THAT(why("{\"a\": 1}"), HasSubstr("no list of cells"));
  EXPECT_THAT(why("{\"cells\":" + std::string(5000, '[')), HasSubstr("nested deeper"));
  EXPECT_EQ(
      load_bytes("a.ipynb", R"({"cells": [1, null, {"cell_type": 5}, {"cell_type": "code", "outputs": {}}]})").text,
      "");
}

}  // namespace
}  // namespace hanok::text
