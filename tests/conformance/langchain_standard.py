#!/usr/bin/env python3
"""LangChain's own standard tests (langchain-tests) against `hanok serve`: ChatOpenAI, OpenAIEmbeddings, Chroma and Pinecone.

usage: PEERS_VENV/bin/python tests/conformance/langchain_standard.py HANOK [CHAT_MODEL [EMBEDDING_MODEL]] [-- PYTEST_FLAGS...]

The environment needs langchain-tests, langchain-openai, langchain-chroma and, for Pinecone, langchain-pinecone. The classes
below say what is served, the tests are LangChain's. Without models the vector stores alone are tested.
"""
import os
import pathlib
import sys
import uuid

import pytest

URL = os.environ.get("HANOK_SERVED_AT", "")
CHAT, EMBEDDING = os.environ.get("HANOK_SERVED_CHAT"), os.environ.get("HANOK_SERVED_EMBEDDING")


if URL:
    from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests, VectorStoreIntegrationTests

    class TestChroma(VectorStoreIntegrationTests):
        @pytest.fixture()
        def vectorstore(self):
            import chromadb
            from langchain_chroma import Chroma

            port = int(URL.rsplit(":", 1)[1])
            store = Chroma(collection_name="t" + uuid.uuid4().hex, embedding_function=self.get_embeddings(),
                           client=chromadb.HttpClient(host="127.0.0.1", port=port))
            yield store
            store.delete_collection()

    class TestPinecone(VectorStoreIntegrationTests):
        @pytest.fixture()
        def vectorstore(self):
            pytest.importorskip("langchain_pinecone")
            from langchain_pinecone import PineconeVectorStore
            from pinecone import Pinecone, ServerlessSpec

            client, name = Pinecone(api_key="any", host=URL), "t" + uuid.uuid4().hex[:20]
            client.create_index(name=name, dimension=6, metric="cosine", spec=ServerlessSpec(cloud="aws", region="us-east-1"))
            yield PineconeVectorStore(index=client.Index(name), embedding=self.plain_floats(self.get_embeddings()))
            client.delete_index(name)

        # langchain-pinecone writes each text into the metadata that the test then compares with.
        @pytest.mark.xfail(reason="langchain-pinecone changes the caller's metadata")
        def test_add_documents(self, vectorstore):
            super().test_add_documents(vectorstore)

        @pytest.mark.xfail(reason="langchain-pinecone changes the caller's metadata")
        async def test_add_documents_async(self, vectorstore):
            await super().test_add_documents_async(vectorstore)

        @staticmethod
        def plain_floats(embeddings):
            """Pinecone's client of version 7 refuses the numbers of numpy that LangChain's test vectors are."""
            class Plain(type(embeddings)):
                def embed_documents(self, texts):
                    return [[float(x) for x in row] for row in super().embed_documents(texts)]

                def embed_query(self, text):
                    return [float(x) for x in super().embed_query(text)]
            return Plain(size=embeddings.size)

        @property
        def has_get_by_ids(self):
            return False  # langchain-pinecone has none

    if EMBEDDING:
        class TestEmbeddings(EmbeddingsIntegrationTests):
            @property
            def embeddings_class(self):
                from langchain_openai import OpenAIEmbeddings
                return OpenAIEmbeddings

            @property
            def embedding_model_params(self):
                # Otherwise it cuts texts into another model's tokens before they are sent.
                return {"model": "embed", "base_url": URL + "/v1", "api_key": "none", "check_embedding_ctx_length": False}

    if CHAT:
        class TestChat(ChatModelIntegrationTests):
            @property
            def chat_model_class(self):
                from langchain_openai import ChatOpenAI
                return ChatOpenAI

            @property
            def chat_model_params(self):
                return {"model": "chat", "base_url": URL + "/v1", "api_key": "none", "temperature": 0, "seed": 1,
                        "max_tokens": 160, "stream_usage": True, "max_retries": 0}

            @property
            def supports_json_mode(self):
                return True

            @property
            def supports_image_inputs(self):
                return False

            @property
            def supports_image_urls(self):
                return False

            @property
            def model_override_value(self):
                return "chat"

            # What only a model of more than 135 million parameters does: the server gives it what it needs.
            @pytest.mark.xfail(reason="a small model answers with JSON of another shape than it is told")
            def test_json_mode(self, model):
                super().test_json_mode(model)

            @pytest.mark.xfail(reason="a small model does not choose by itself to call a tool")
            def test_agent_loop(self, model):
                super().test_agent_loop(model)


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1:]
    hanok, chat, embedding = (arguments + ["", ""])[:3]
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    import tempfile

    from served import TOOLS_TEMPLATE, served

    with tempfile.TemporaryDirectory() as folder:
        serve = []
        if chat:
            template = pathlib.Path(folder) / "template.jinja"
            template.write_text(TOOLS_TEMPLATE)
            serve += ["-m", "chat=" + chat, "--chat-template", str(template), "--context", "4096"]
        if embedding:
            serve += ["--embedding-model", "embed=" + embedding]
        with served(hanok, *serve) as server:
            os.environ.update(HANOK_SERVED_AT=server.url, HANOK_SERVED_CHAT=chat, HANOK_SERVED_EMBEDDING=embedding)
            os.chdir(folder)  # pytest's own files lie there
            sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto",
                                  # langchain-openai keeps one client for all models of a process, which belongs to one loop
                                  "-o", "asyncio_default_test_loop_scope=session", *flags]))


if __name__ == "__main__":
    main()
