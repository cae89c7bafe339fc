"""OpenAI's SDK asks a collection of your own files, and shows where the answer stands.

    hanok ingest examples/docs && hanok serve           # in another terminal
    pip install openai
    python examples/clients/ask_with_sources.py "When is the library open on Saturdays?"
"""
import sys

from openai import OpenAI

question = sys.argv[1] if len(sys.argv) > 1 else "When is the library open on Saturdays?"
client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")

answer = client.chat.completions.create(model="hanok/default", messages=[{"role": "user", "content": question}])
message = answer.choices[0].message
print(message.content)
for annotation in message.annotations or []:
    source = annotation.url_citation
    print(f"  {message.content[source.start_index:source.end_index]} {source.title}  {source.url}")
