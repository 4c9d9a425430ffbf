"""The loopback server does to requests what its script says, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest

from mismartera_core.testing import Fault, LoopbackServer, Reply


@pytest.fixture
def placed():
    return []


@pytest.fixture
def venue(placed):
    def orders(request):
        if request.method == "POST":
            placed.append(request.json())
        return Reply.json(placed, X_Count=str(len(placed)))

    with LoopbackServer({"/orders": orders}) as server:
        yield server


def ask(venue, target="/orders", method="GET", body=None, timeout=2.0):
    connection = http.client.HTTPConnection(venue.address, timeout=timeout)
    try:
        connection.request(method, target, body, {"X-Key": "k"})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_routes_answer_and_requests_are_recorded(venue, placed):
    status, body, headers = ask(venue, "/orders/7?a=1&a=2&b=", "POST", json.dumps({"id": 7}))
    assert (status, json.loads(body), headers["X-Count"]) == (200, [{"id": 7}], "1")
    (request,) = venue.requests
    assert (request.method, request.path) == ("POST", "/orders/7")
    assert request.query == {"a": "2", "b": ""}
    assert request.headers["x-key"] == "k"
    assert ask(venue, "/nothing")[0] == 404
    assert ask(venue, "/")[0] == 404


def test_faults_are_met_in_order_of_requests(venue):
    venue.script([None, Fault.too_many(3)], then=Fault.status(503))
    found = [ask(venue) for _ in range(4)]
    assert [status for status, _, _ in found] == [200, 429, 503, 503]
    assert found[1][2]["Retry-After"] == "3"
    venue.script([])
    assert ask(venue)[0] == 200


def test_a_script_counts_the_requests_of_its_path(venue):
    venue.script([Fault.status(500)], path="/orders/8")
    assert [ask(venue, path)[0] for path in ("/orders", "/orders/8", "/orders/8")] == [
        200,
        500,
        200,
    ]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.silence(), TimeoutError),
        (Fault.truncated(), http.client.IncompleteRead),
        (Fault.dropped(), ConnectionError),
    ],
)
def test_connections_fail_as_they_are_told(venue, fault, error):
    venue.script([fault])
    with pytest.raises(error):
        ask(venue, timeout=0.2)
    assert ask(venue)[0] == 200


def test_a_slow_answer_is_right(venue):
    venue.script([Fault.slow(0.2)])
    begun = time.perf_counter()
    assert ask(venue)[0] == 200
    assert time.perf_counter() - begun >= 0.2


def test_an_order_can_be_done_though_its_answer_is_lost(venue, placed):
    lost = Fault.dropped()
    venue.script([lost, lost.after_acting(), Fault.status(504).after_acting()])
    for number in range(2):
        with pytest.raises(ConnectionError):
            ask(venue, "/orders", "POST", str(number))
    assert ask(venue, "/orders", "POST", "2")[0] == 504
    assert placed == [1, 2]


def ask_in_vain(server):
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(server, timeout=30)


def test_leaving_ends_what_hangs():
    before = set(threading.enumerate())
    with LoopbackServer({}) as server:
        server.script([], then=Fault.silence())
        hung = threading.Thread(target=ask_in_vain, args=[server])
        hung.start()
        idle = http.client.HTTPConnection(server.address)
        idle.connect()
        while not server.requests:
            time.sleep(0.01)  # noqa: TID251 - nothing can be told here
    hung.join(2)
    idle.close()
    assert not hung.is_alive()
    assert set(threading.enumerate()) <= before


def test_what_a_route_raises_is_raised():
    def broken(request):
        raise KeyError(request.path)

    with pytest.raises(KeyError, match="/x"), LoopbackServer({"/x": broken}) as server:
        assert ask(server, "/x")[0] == 500
