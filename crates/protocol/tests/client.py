"""A client of the lab, written from PROTOCOL.md alone, that goes through whole studies with it.

    python3 crates/protocol/tests/client.py PATH/TO/dyad-signalling

Starts labs on loopback, plays the parts of their participants, and prints what was checked. Exits with 0
if the lab does what the page says. What it needs is installed from PyPI into a virtual environment that
is deleted afterwards; where PyPI cannot be reached it says so and exits with 0. Games are not played, as what
participants say to each other is no part of the protocol, but for one by two of `dyad`, if that lies beside.
"""

import contextlib
import hashlib
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import venv
from urllib.parse import parse_qs, urlsplit

PACKAGES = ["websockets", "blake3", "cryptography", "zstandard"]
if "--inside" in sys.argv:
    # In the virtual environment, which has what they need.
    import zstandard
    from lab_client import (
        ALONE, GAME, NEAR, PICTURE, PROTOCOL, RULES, SOON, WATCHED, WHOLE, ConnectionClosed, Lab, Line, Person,
        bundle, digest, files_of, pair, refusal, refused_upgrade, verify,
    )

GOOD = {"lead": "You", "work": ["Onions", "Washing up"], "smooth": 5, "age": 31, "height": 1.75, "postcode": "12", "who": "She"}
WRONG = [
    {"lead": "He"}, {"lead": 0}, {"lead": ""}, {"lead": None}, {"work": "Onions"}, {"work": []},
    {"work": ["Onions", "Onions"]}, {"work": ["Onions", "Plates", "Soups"]}, {"work": ["Cutting", "Washing up"]},
    {"smooth": 0}, {"smooth": 6}, {"smooth": 1.5}, {"smooth": "3"}, {"age": 17}, {"age": 121}, {"age": 30.5},
    {"age": "31"}, {"height": 1.755}, {"postcode": "123"}, {"postcode": "12\n"}, {"who": ["I"]}, {"weight": 70},
]
CHECKS = []
COOK = {"policy": "scripted", "announced": True}


PROGRAM = pathlib.Path(sys.argv[-1]).resolve()
# A network of its own, made without root, in which two players reach each other.
ALONE_WITH = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", """
ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.77.0.1/24 dev v0 &&
ip link set v0 up && ip link set v1 up && ip route add default dev v0 && exec "$@" """, "sh"]


def lab_of(study, *options, **more):
    return Lab(PROGRAM, study, *options, **more)


def check(title):
    return lambda function: CHECKS.append((title, function)) or function


@check("hello: refused for versions, tokens and lateness; ping before it")
def refused_hellos():
    with lab_of(GAME) as lab:
        late = Person(lab)
        late.say("ping", nonce=3)
        assert late.next() == {"type": "pong", "nonce": 3}
        for fields in [{"protocol": PROTOCOL - 1}, {"protocol": PROTOCOL + 1}, {"rules": RULES + 1}]:
            assert refusal(Person(lab).hello(**fields)) == "version", fields
        for fields in [{"token": "wrong"}, {"token": None}, {"token": None, "resume": "0"}, {"token": None, "panel": "a"}]:
            assert refusal(Person(lab).hello(**fields)) == "token", fields
        assert refusal(Person(lab).hello(key="0" * 64)) == "malformed", "nobody's key"
        for fields in [{"key": "zz"}, {"panel": "a b"}]:
            Person(lab).hello(**fields).hears_nothing()
        assert Person(lab).come(unheard_of=1).shown["step"] == 1, "without screening the first scene is step 1"
        assert refusal(late) == "malformed"
        with_panel = [Person(lab, "ab" * 32).come(panel="x@y") for _ in range(2)]
        assert with_panel[0].id == with_panel[1].id and lab.ask("GET", "/")[0] == 200


@check("a whole study: screening, consent, page, form, tutorial, waiting, game, codes")
def whole_study():
    with lab_of(WHOLE) as lab:
        both = [Person(lab).come(panel=f"panel-{name}") for name in "ab"]
        a, b = both
        for one in both:
            assert one.shown["content"]["questions"] == [{"text": "Have you a keyboard?", "options": ["No", "Yes"]}]
            consent = one.screened()
            assert (consent["step"], consent["steps"], consent["kind"]) == (1, 6, "consent"), consent
            assert one.done("consent", agreed=True, text="0" * 64, at_ms=1)["step"] == 1
            assert one.consented()["kind"] == "page" and one.scene["content"]["wait"] == {"secs": 0, "nanos": 0}
            form = one.done("page")
            for wrong in WRONG:
                assert one.done("form", answers=GOOD | wrong) == form, wrong
            for name in ["lead", "work", "smooth", "age"]:
                assert one.done("form", answers={it: value for it, value in GOOD.items() if it != name}) == form, name
            one.say("done", step=2, answer={"kind": "page"})
            one.hears_nothing()
            assert one.done("form", answers=GOOD)["scene"] == "tutorial"
            ticket = one.ready().matched()
            assert ticket["players"] == [one.player(), COOK] and (ticket["seat"], ticket["settings"]["players"]) == (0, 2)
            assert one.played(scores=[0])["scene"] == "kitchen"
        waiting = a.ready().until("waiting")
        assert (waiting["waiting"], waiting["needed"]) == (1, 2) and 0 < waiting["remaining_ms"] <= 300_000, waiting
        a.say("leave")
        a.hears_nothing()
        b.ready().until("waiting")
        a.ready()
        mine, theirs = a.matched(), b.matched()
        own = {"seat", "room_token", "ice"}
        assert {name: mine[name] for name in mine.keys() - own} == {name: theirs[name] for name in theirs.keys() - own}
        assert [mine["players"][one.ticket["seat"]] for one in both] == [a.player(), b.player()] and len(mine["players"]) == 2
        assert mine["room_token"] != theirs["room_token"] and a.match["check_within_ms"] > 0
        assert a.ready().until("matched")["ticket"] == mine, "the same ticket again"
        a.checked(b)
        b.checked(a)
        a.say("report", session=mine["session"], connection={"frames_ahead": 0, "rollbacks": 0, "deepest_rollback": 0, "stalled_ms": 0,
              "interruptions": 0, "interrupted_ms": 0, "focused": True}, committed="00")
        a.hears_nothing()
        assert a.done("game", session="s-other", end="completed")["session"] == mine["session"]
        for one, name in zip(both, "ab"):
            end = one.played(scores=[0, 1000])
            one.completed("finished", end)
            assert end["url"] == f"https://panel.example/done?cc=C-finished&of=panel-{name}" and end["title"] == "Thank you", end
        a.say("ready", step=5)
        a.hears_nothing()
        assert a.back().shown["type"] == "completed"
        assert lab.ask("GET", "/pictures/pictures/keys.png")[::2] == (200, PICTURE.read_bytes())
        assert [lab.ask("GET", f"/pictures/{path}")[0] for path in ["keys.png", "../study.toml"]] == [404, 404]


@check("coming back: after a lost connection, a killed lab, in a game; once at a time")
def coming_back():
    lab = lab_of(GAME)
    with lab:
        a = Person(lab).come().ready()
        a.until("waiting")
    assert refusal(a) == "closed"
    with lab:
        a = a.back()
        assert a.until("waiting")["waiting"] == 1, "the place is kept"
        lab.process.kill()
        lab.process.wait()
    with lab:
        a, b = a.back(), Person(lab).come().ready()
        mine, resume = a.matched(), a.resume
        b.matched()
        assert refusal(Person(lab).hello(token=None, resume=resume)) == "duplicate"
        old, a = a, a.back()
        assert old.rest() == [] and a.resume == resume and a.shown["session"] == mine["session"]
        assert a.ready().matched() == mine
        person = Person(lab).come(token=(token := lab.links(1)[0]))
        assert "-" in token and refusal(Person(lab).hello(token=token)) == "duplicate"
        assert Person(lab, person.key).come(token=token).id == person.id


@check("outcomes: each with its code; who waits, who meets a program")
def outcomes():
    with lab_of(WHOLE) as lab:
        for fields in [{"answers": [0]}, {"answers": []}, {"display": [800, 600]}]:
            person = Person(lab).come()
            out = person.screened(**fields)
            person.completed("screened_out", out)
            assert out.get("message") == ("A keyboard is needed." if "answers" in fields else None) and "url" not in out
        person = Person(lab).come()
        person.screened()
        person.completed("withdrew", person.consented(agreed=False))
    with lab_of(SOON) as lab:
        person = Person(lab).come().ready()
        person.completed("no_partner", person.until("completed"))
        for end, outcome in [("away", "excluded"), ("partner_away", "partner_left"), ("partner_left", "partner_left"),
                             ("partner_lost", "partner_left"), ("not_resumed", "partner_left"), ("dismissed", "withdrew"), ("failure", "lost_connection")]:
            a, b, *_ = pair(lab)
            a.completed(outcome, a.played(end=end))
            b.hears_nothing()
        a, b, *_ = pair(lab)
        a.say("withdraw")
        a.completed("withdrew", a.until("completed"))
        assert b.until("waiting_again")["session"] == b.ticket["session"], "called off while it was checked"
    with lab_of(ALONE) as lab:
        person = Person(lab).come().ready()
        assert "waiting" not in person.until("waiting") and person.until("scene")["step"] == 1
        assert person.ready().matched()["players"] == [person.player(), COOK]
        a, b, *_ = pair(lab)
        for one, players in [(a, [a.player(), COOK]), (b, [COOK, b.player()])]:
            assert one.played(end="partner_left", scores=[5])["kind"] == "game" and one.ready().matched()["players"] == players, "their own seat"


@check("checked: what differs or was not heard calls a game off for good")
def validation():
    with lab_of(GAME) as lab:
        for partner in [{"rules": RULES - 1}, {"game": "0" * 64}, {"program": "2"}]:
            a, b, ticket, _ = pair(lab)
            a.checked(b, **partner)
            for one in (a, b):
                assert one.until("waiting_again")["session"] == ticket["session"]
                assert one.until("waiting")["waiting"] == 2, "they wait, and not for each other"
                one.say("withdraw")
        a, b, ticket, _ = pair(lab)
        assert "session" not in a.played(end="not_connected")
        assert b.until("waiting_again")["session"] == ticket["session"]


@check("probes and signalling: rooms, tokens, relaying, who is near enough")
def probes():
    with lab_of(NEAR) as lab:
        for rtt_ms, follows in [(101, "waiting_again"), (None, "waiting_again"), (100, "matched")]:
            a, b = Person(lab).come().ready(), Person(lab).come().ready()
            asked = a.until("probe"), b.until("probe")
            assert [it["with"] for it in asked] == [b.id, a.id] and asked[0]["room"] == asked[1]["room"]
            rooms = [f"ws://{lab.address}/signal/{it['room']}?token={it['room_token']}" for it in asked]
            if follows == "matched":
                signalling(rooms)
            for one, probe in zip((a, b), asked):
                answer = {"group": probe["group"], "with": probe["with"], "rtt_ms": rtt_ms}
                one.say("probed", **{name: value for name, value in answer.items() if value is not None})
            for one in (a, b):
                one.until(follows)
                one.say("withdraw")


def signalling(rooms):
    assert [refused_upgrade(room) for room in [rooms[0] + "0", rooms[0].replace("/signal/", "/signal/no-")]] == [401, 401]
    first = Line(rooms[0])
    first_id = first.next()["IdAssigned"]
    second = Line(rooms[1])
    second_id = second.next()["IdAssigned"]
    assert first.next() == {"NewPeer": second_id}
    for sender, receiver, to, by, data in [(first, second, second_id, first_id, {"Offer": "v=0"}), (second, first, first_id, second_id, {"Answer": "v=0"})]:
        sender.send('"KeepAlive"')
        sender.send({"Signal": {"receiver": to, "data": data}})
        assert receiver.next() == {"Signal": {"sender": by, "data": data}}
    newer = Line(rooms[1])
    assert second.rest() == [] and first.next() == {"PeerLeft": second_id} and first.next() == {"NewPeer": newer.next()["IdAssigned"]}


@check("records: refused, received, signed, in pieces, compressed; verdicts")
def records():
    with lab_of(GAME) as lab:
        a, b, ticket, _ = pair(lab)
        both = (a, b)
        for one in both:
            one.played(scores=[0, 0])
        where = {(one, episode): f"/v1/records/{ticket['session']}/kitchen/{one.id}/{episode}" for one in both for episode in range(3)}
        made = {(one, episode): bundle([(name, b"no record\n") for name in files_of(one.id, episode)]) for one, episode in where}
        mine, path = made[a, 0], where[a, 0]
        named = {"x_dyad_digest": digest(mine)}
        for status, to, body, token, headers in [
            (401, path, mine, None, named), (401, path, mine, "nobody", named), (401, path, mine, lab.token, named), (403, path, mine, b.resume, named),
            (403, where[a, 2], mine, a.resume, named), (403, path.replace("kitchen", "no"), mine, a.resume, named), (400, path, mine, a.resume, {}),
            (400, path, mine, a.resume, {"x_dyad_digest": "1"}), (400, path.replace(a.id, "A"), mine, a.resume, named), (422, path, mine + b"0", a.resume, named),
            (415, path, mine, a.resume, named | {"content_encoding": "gzip"}), (413, path, None, a.resume, named | {"content_length": (64 << 20) + 1}),
            (400, path, zstandard.compress(mine)[:-9], a.resume, named | {"content_encoding": "zstd", "x_dyad_length": len(mine)}),
        ]:
            found = lab.ask("PUT", to, body, token, **headers)
            assert found[0] == status and json.loads(found[2])["message"], (status, found)
        assert lab.ask("GET", path, None, a.resume)[0] == 404
        answers = [lab.ask("PUT", path, mine, a.resume, **named) for _ in range(2)]
        assert [it[0] for it in answers] == [200, 200] and answers[0][2] == answers[1][2], answers
        receipt = json.loads(answers[0][2])
        assert (receipt["participant"], receipt["episode"], receipt["bytes"], receipt["digest"]) == (a.id, 0, len(mine), digest(mine))
        verify(receipt, ticket["uploads"]["key"])
        there = lab.ask("GET", path, None, a.resume)
        assert there[0] == 200 and there[2] == answers[0][2] and there[1]["x-dyad-digest"] == digest(mine)
        assert lab.ask("HEAD", path, None, a.resume)[::2] == (200, b"") and lab.ask("GET", path, None, b.resume)[0] == 403
        assert lab.ask("PUT", path, mine + bytes(512), a.resume, x_dyad_digest=digest(mine + bytes(512)))[0] == 409
        packed = {"content_encoding": "zstd", "x_dyad_length": len(mine), "x_dyad_digest": digest(made[b, 0])}
        assert lab.ask("PUT", where[b, 0], zstandard.compress(made[b, 0]), b.resume, **packed)[0] == 200
        for one in both:
            verdict = one.until("verdict")
            assert verdict["session"] == ticket["session"] and verdict["episode"] == 0 and verdict["verdict"]["verdict"] == "invalid"
            assert "packed" not in verdict["verdict"]["message"], verdict
        whole = made[b, 1]
        of = {"x_dyad_digest": digest(whole), "x_dyad_length": len(whole)}
        piece = lambda start, end: lab.ask("PATCH", where[b, 1], whole[start:end], b.resume, **of, x_dyad_offset=start)
        offset = lambda answer: (answer[0], answer[1].get("x-dyad-offset"))
        assert offset(piece(0, 1000)) == (202, "1000") and offset(piece(2000, 3000)) == (409, "1000")
        assert offset(lab.ask("GET", where[b, 1], None, b.resume, x_dyad_digest=digest(whole))) == (404, "1000")
        assert lab.ask("PATCH", where[b, 1], bytes((256 << 10) + 1), b.resume, **of, x_dyad_offset=1000)[0] == 413
        last = piece(1000, len(whole))
        assert last[0] == 200 and lab.ask("PUT", where[b, 1], whole, b.resume, **of)[2] == last[2]
        verify(json.loads(last[2]), ticket["uploads"]["key"])


@check("a game of two real players: their bundles, put together from the files, are what they have sent")
def real_records():
    player = PROGRAM.with_name("dyad")
    if not player.exists() or "--alone" not in sys.argv:
        return "skipped: no dyad beside it, or no network namespaces"
    with lab_of(GAME.replace("episodes = 2", "countdown_seconds = 1")) as lab:
        tokens = lab.links(2)
        join = [[player, "join", f"dyad://{lab.address}/join?token={token}", "--data", lab.root / token] for token in tokens]
        players = [subprocess.Popen([*one, "--headless", "--policy", "scripted"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for one in join]
        try:
            assert [one.wait(120) for one in players] == [0, 0]
        finally:
            for one in players:
                one.kill()
        for token in tokens:
            person = Person(lab).come(token=token)
            [log] = lab.data.glob(f"study/*/kitchen/{person.id}_ep0.dlog")
            made = bundle([(name, (log.parent / name).read_bytes()) for name in files_of(person.id, 0)])
            path = f"/v1/records/{log.parents[1].name}/kitchen/{person.id}/0"
            there = lab.ask("GET", path, None, person.resume)
            assert there[1]["x-dyad-digest"] == digest(made)
            assert lab.ask("PUT", path, made, person.resume, x_dyad_digest=digest(made))[::2] == (200, there[2])
            verify(json.loads(there[2]), json.loads(there[2])["key"])
        assert '"identical"' in (log.parents[1] / "session.json").read_text()


@check("reports: a slow connection is warned of, then the game is over")
def monitoring():
    with lab_of(WATCHED) as lab:
        a, b, ticket, _ = pair(lab)
        a.checked(b)
        b.checked(a)
        report = {"confirmed": 9, "rtt_us": 200_000, "frames_ahead": 0, "rollbacks": 0, "deepest_rollback": 0, "stalled_ms": 0,
                  "interruptions": 0, "interrupted_ms": 0, "focused": True, "path": "direct"}
        a.say("report", session=ticket["session"], connection=report)
        assert a.next() == {"type": "warning", "message": "slow"}
        said = []
        while not said or said[-1]["type"] != "over":
            assert len(said) < 200, "two of three round trips were too long"
            a.say("report", session=ticket["session"], connection=report)
            a.say("ping", nonce=len(said))
            said.append(a.next())
        assert said[-1] == {"type": "over", "session": ticket["session"], "outcome": "excluded", "message": "too slow"}
        a.until("pong")
        a.completed("excluded", a.played(end="dismissed"))


@check("limits: what is not understood, too long, too much, too many")
def limits():
    with lab_of(GAME) as lab:
        person = Person(lab).come()
        page = {"type": "done", "step": 1, "answer": {"kind": "page"}}
        nonsense = ["{", b"{}", {"type": "no"}, {"type": "ready"}, page, "\0", "[]", "null", '"', "7"] * 10
        for frame in nonsense[:99]:
            person.send(frame)
        person.hears_nothing()
        person.send(nonsense[99])
        assert refusal(person) == "malformed"
        person = Person(lab).come()
        longest = json.dumps({"type": "ping", "nonce": 1, "more": ""})
        person.send(longest[:-2] + "x" * ((256 << 10) - len(longest)) + '"}')
        assert person.next() == {"type": "pong", "nonce": 1}
        person.send("x" * ((256 << 10) + 1))
        assert person.rest() == []
        person = Person(lab).come()
        for _ in range(350):
            person.say("done", step=9, answer={"kind": "page"})
        person.hears_nothing()
        with contextlib.suppress(ConnectionClosed):
            for _ in range(2000):
                person.say("done", step=9, answer={"kind": "page"})
            person.rest()
    for option, status in [("--max-per-address", 429), ("--max-connections", 503)]:
        with lab_of(GAME, option, "3") as lab:
            here = [Person(lab) for _ in range(3)]
            assert refused_upgrade(f"ws://{lab.address}/lobby") == status and here


@check("TLS: the link's fingerprint is the certificate's")
def tls():
    with lab_of(GAME, tls=True) as lab:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        certificate = Line(f"wss://{lab.address}/lobby", ssl=context).socket.transport.get_extra_info("ssl_object").getpeercert(True)
        assert parse_qs(urlsplit(lab.link).query)["cert"] == [hashlib.sha256(certificate).hexdigest()]


def passes(title, function):
    began, said, why = time.monotonic(), None, None
    try:
        said = function()
    except Exception:
        why = traceback.format_exc()
    print(f"{'FAILS ' if why else 'passes'}  {time.monotonic() - began:5.1f} s  {title}{f' ({said})' if said else ''}", flush=True)
    print(why or "", end="", flush=True)
    return not why


def inside():
    good = [passes(*one) for one in CHECKS]
    print(f"{sum(good)} of {len(good)} pass")
    return int(not all(good))


def main():
    with tempfile.TemporaryDirectory() as folder:
        tools = pathlib.Path(folder) / "tools"
        venv.create(tools, with_pip=True)
        done = subprocess.run([tools / "bin/python", "-m", "pip", "install", "--quiet", *PACKAGES], text=True, capture_output=True)
        if done.returncode != 0:
            print(f"skipped: {', '.join(PACKAGES)} cannot be installed from PyPI\n{done.stderr[-800:]}")
            return 0
        alone = subprocess.run([*ALONE_WITH, "true"], capture_output=True).returncode == 0
        command = [tools / "bin/python", "-B", __file__, "--inside", *(["--alone"] if alone else []), PROGRAM]
        return subprocess.run([*(ALONE_WITH if alone else []), *command]).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(inside() if "--inside" in sys.argv else main())
