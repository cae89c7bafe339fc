"""LangChain's prompt | model | parser with a model that answers at once, beside bench_chain.   usage: overhead.py [CALLS]"""
import sys
import time

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
chain = (ChatPromptTemplate.from_messages([("system", "Speak {language}."), ("human", "{text}")])
         | FakeListChatModel(responses=["yes"]) | StrOutputParser())
values = {"language": "Korean", "text": "Good morning"}
chain.invoke(values)
start = time.perf_counter()
for _ in range(calls):
    chain.invoke(values)
print("chain_us", round((time.perf_counter() - start) / calls * 1e6, 1))
