"""What a fault means, and how long to wait after it."""

import pytest

from mechlab.llm._client import _retry_after
from mechlab.llm._retry import Fault, fault_kind, wait_before_retry


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "rate_limit"), (500, "server"), (501, "refused"), (425, "server"), (401, "refused")],
)
def test_each_status_is_a_kind_of_fault(status, kind):
    assert fault_kind(status) == kind


def test_a_call_waits_as_long_as_the_endpoint_asks_and_a_little_more():
    for _ in range(100):
        assert 2.0 <= wait_before_retry(Fault("rate_limit", "", wait=2.0), 5) <= 2.2


def test_otherwise_waits_double_up_to_a_minute():
    for earlier, longest in [(0, 0.5), (1, 1.0), (3, 4.0), (20, 60.0), (2000, 60.0)]:
        waits = [wait_before_retry(Fault("server", ""), earlier) for _ in range(100)]
        assert longest / 2 <= min(waits) <= max(waits) <= longest


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
    ],
)
def test_an_endpoint_says_how_long_to_wait(headers, seconds):
    assert _retry_after(headers) == seconds


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after-ms": "x"}])
def test_where_it_does_not_the_wait_is_undefined(headers):
    assert _retry_after(headers) != _retry_after(headers)
