"""What a fault means, and how long to wait after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.llm._client import _retry_after
from mechlab.llm._retry import Fault, fault_kind, wait_before_retry

_NAMES = st.sampled_from(["code", "type", "status", "message", "innererror", "metadata"])


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "rate_limit"), (500, "server"), (501, "refused"), (425, "server"), (401, "refused")],
)
def test_each_status_is_a_kind_of_fault(status, kind):
    assert fault_kind(status) == kind


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "insufficient_quota", "message": "You exceeded"}, "quota"),
        (429, {"type": "exceeded_current_quota_error"}, "quota"),
        (429, {"code": "rate_limit_exceeded", "type": "tokens"}, "rate_limit"),
        (429, {"code": 429, "status": "RESOURCE_EXHAUSTED"}, "rate_limit"),
        (402, {"message": "Insufficient Balance"}, "quota"),
        (400, {"code": "invalid_prompt"}, "filtered"),
        (400, {"code": "content_filter", "innererror": {}}, "filtered"),
        (400, {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}, "filtered"),
        (403, {"code": 403, "metadata": {"reasons": ["violence"]}}, "filtered"),
        (403, "Content violates usage guidelines.", "filtered"),
        (403, {"message": "your key has no access to this model"}, "refused"),
        (400, {"code": "unsupported_parameter", "message": "unknown field"}, "refused"),
        (500, {"message": "the content filter is down"}, "server"),
    ],
)
def test_the_code_of_an_error_tells_quota_from_rate_and_a_filter_from_a_mistake(
    status, error, kind
):
    assert fault_kind(status, error) == kind


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=4,
)


@given(st.integers(300, 599), _JSON)
def test_any_error_is_of_one_kind(status, error):
    kind = fault_kind(status, error)
    assert kind in {"rate_limit", "server", "quota", "filtered", "refused"}
    assert kind != "rate_limit" or status == 429


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
