"""Calls to services: tried again where that helps, and told apart from each other when they fail."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest
from stand_in import Reply, StandIn

from mv2.errors import EmbeddingFailedError, InvalidArgumentError, ModelError
from mv2.models import _http
from mv2.models._http import post_json, post_value, stream_lines

KEY = "sk-verysecret1234"


def test_posts_json_and_returns_the_object(service: StandIn) -> None:
    answer = post_json(f"{service.url}/a/b", {"text": "héllo"}, headers={"Authorization": f"Bearer {KEY}"})
    assert answer == {"echo": {"text": "héllo"}}
    asked = service.asked[0]
    assert asked.path == "/a/b"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
def test_these_statuses_are_tried_again(service: StandIn, waits: list[float], status: int) -> None:
    service.replies = [Reply({}, status), Reply({}, status)]
    assert post_json(service.url, {}, retries=2) == {"echo": {}}
    assert len(service.asked) == 3
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 501])
def test_others_are_not(service: StandIn, waits: list[float], status: int) -> None:
    service.replies = [Reply({"error": "no such model"}, status)]
    with pytest.raises(ModelError, match=f"answered {status}: .*no such model") as refusal:
        post_json(service.url, {}, retries=5)
    assert refusal.value.status == status
    assert (len(service.asked), waits) == (1, [])


def test_the_last_failure_is_raised(service: StandIn, waits: list[float]) -> None:
    service.replies = [Reply({}, 503), Reply({"error": "still busy"}, 500)]
    with pytest.raises(EmbeddingFailedError, match="still busy") as refusal:
        post_json(service.url, {}, retries=1, error=EmbeddingFailedError)
    assert refusal.value.status == 500
    assert refusal.value.code == "MV015"
    assert len(waits) == 1


def test_waits_as_long_as_it_is_asked_to(service: StandIn, waits: list[float]) -> None:
    service.replies = [
        Reply({}, 429, {"Retry-After": "7"}),
        Reply({}, 503, {"Retry-After": formatdate(time.time() + 20, usegmt=True)}),
        Reply({}, 503, {"Retry-After": "whenever"}),
    ]
    post_json(service.url, {})
    assert waits[0] == 7
    assert 15 < waits[1] <= 20
    assert 1 <= waits[2] <= 2


def test_does_not_wait_for_an_hour(service: StandIn, waits: list[float]) -> None:
    service.replies = [Reply({}, 429, {"Retry-After": "3600"})]
    with pytest.raises(ModelError, match="429"):
        post_json(service.url, {})
    assert waits == []


def test_a_broken_connection_is_tried_again(service: StandIn, waits: list[float]) -> None:
    service.replies = [Reply(close=True), Reply(close=True)]
    assert post_json(service.url, {}) == {"echo": {}}
    assert len(waits) == 2


def test_nobody_there(waits: list[float]) -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9/x could not be reached") as refusal:
        post_json("http://127.0.0.1:9/x", {}, retries=2)
    assert refusal.value.status is None
    assert len(waits) == 2


def test_too_slow(service: StandIn, waits: list[float]) -> None:
    service.answer = lambda _: threading.Event().wait(0.3) or {}
    with pytest.raises(ModelError, match=r"could not be reached: .*timed out"):
        post_json(service.url, {}, timeout=0.05, retries=1)
    assert len(waits) == 1


def test_keys_never_stand_in_messages(service: StandIn) -> None:
    service.replies = [Reply({"error": f"the key {KEY} is wrong"}, 401)]
    with pytest.raises(ModelError) as refusal:
        post_json(f"{service.url}/v1?key=hidden", {}, headers={"Authorization": f"Bearer {KEY}"})
    assert KEY not in str(refusal.value)
    assert "hidden" not in str(refusal.value)
    assert "the key *** is wrong" in str(refusal.value)


def test_redirects_are_not_followed(service: StandIn) -> None:
    service.replies = [Reply({}, 302, {"Location": f"{service.url}/elsewhere"})]
    with pytest.raises(ModelError, match="Redirects are not followed"):
        post_json(service.url, {}, headers={"Authorization": KEY})
    assert len(service.asked) == 1


@pytest.mark.parametrize("raw", [b"<html>busy</html>", b"", b"\xff"])
def test_what_is_not_json(service: StandIn, raw: bytes) -> None:
    service.replies = [Reply(raw=raw)]
    with pytest.raises(ModelError, match="did not answer with JSON"):
        post_json(service.url, {})


def test_an_object_is_expected_unless_any_value_will_do(service: StandIn) -> None:
    service.replies = [Reply([1, 2]), Reply([1, 2])]
    with pytest.raises(ModelError, match="JSON list"):
        post_json(service.url, {})
    assert post_value(service.url, {}) == [1, 2]


def test_an_answer_that_breaks_off(service: StandIn) -> None:
    service.replies = [Reply(raw=b'{"a": 1', length=100)]
    with pytest.raises(ModelError, match=r"did not answer with JSON|broke off"):
        post_json(service.url, {})


def test_an_answer_without_end_is_refused(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "MAX_ANSWER", 1000)
    service.replies = [Reply("x" * 2000)]
    with pytest.raises(ModelError, match="more than 1000 bytes"):
        post_value(service.url, {})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "localhost:80", "http://", ""])
def test_only_http(url: str) -> None:
    with pytest.raises(InvalidArgumentError, match="not an http or https address"):
        post_json(url, {})


def test_lines_come_one_by_one(service: StandIn) -> None:
    service.replies = [Reply(status=503), Reply(lines=[b"data: 1\n", b"\r\n", b"data: \xc3\xa9\r\n", b"end"])]
    lines = stream_lines(service.url, {"stream": True}, retries=1)
    assert list(lines) == ["data: 1", "", "data: é", "end"]


def test_a_stream_that_is_refused(service: StandIn) -> None:
    service.replies = [Reply({"error": "no"}, 400)]
    with pytest.raises(ModelError, match="400"):
        next(stream_lines(service.url, {}))


@pytest.mark.parametrize(
    "url",
    [
        "http://host:99999/x",
        "http://host:abc/x",
        "http://[::1/x",
        "ftp://user:hidden@host/x",
        "http://u:hidden@host",
    ],
)
def test_addresses_that_are_none_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(InvalidArgumentError, match="address") as refusal:
        post_json(url, {}, retries=0)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize("timeout", [-1, 0, float("nan"), float("inf"), "5", None])
def test_a_timeout_is_a_number_of_seconds(timeout: object) -> None:
    with pytest.raises(InvalidArgumentError, match="timeout"):
        post_json("http://localhost:9", {}, timeout=timeout)  # type: ignore[arg-type]


def test_a_stream_without_end_is_refused(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "MAX_ANSWER", 1000)
    service.replies = [Reply(raw=b"data: x\n" * 200)]
    with pytest.raises(ModelError, match="more than 1000 bytes"):
        list(stream_lines(service.url, {}))


def test_fewer_tries_than_none_is_one(service: StandIn, waits: list[float]) -> None:
    service.replies = [Reply({}, 503)]
    with pytest.raises(ModelError, match="answered 503"):
        post_json(service.url, {}, retries=-1)
    assert (len(service.asked), waits) == (1, [])
