"""A server that fails, and a working directory and environment that know of it alone."""

import pytest

from mechlab.llm import _retry
from tests.llm.fault_server import FaultServer

KEY = "sk-test-5ecre7-key"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A running server that asks for a key, the default endpoint of this test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_retry, "_SHORTEST", 0.005)
    with FaultServer() as running:
        running.behaviour.key = KEY
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield running
