"""A client of the lab, written from PROTOCOL.md alone, and labs on loopback with studies for it to go through.

What client.py is made of; it is run from there.
"""

import asyncio
import http.client
import json
import pathlib
import struct
import subprocess
import tempfile
import threading
import time
from urllib.parse import parse_qs, urlsplit

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PROTOCOL, RULES = 3, 2
PATIENCE = 20
PICTURE = pathlib.Path(__file__).resolve().parents[3] / "assets/experiments/pictures/keys.png"

CODES = """
[completion]
url = "https://panel.example/done?cc={code}"
[completion.codes]
finished = "C-finished"
no_partner = "C-no_partner"
partner_left = "C-partner_left"
lost_connection = "C-lost_connection"
excluded = "C-excluded"
screened_out = "C-screened_out"
withdrew = "C-withdrew"
"""
KITCHEN = """
[[scene]]
id = "kitchen"
layout = "cramped_room"
max_steps = 60
episodes = 2
"""
WHOLE = CODES.replace("{code}", "{code}&of={panel_id}") + """
[screening.display]
min_width = 1024
[[screening.question]]
text = "Have you a keyboard?"
options = ["No", "Yes"]
accept = ["Yes"]
message = "A keyboard is needed."
[[scene]]
id = "consent"
kind = "consent"
text = "# Wer teilnimmt, übt\\n"
[[scene]]
id = "page"
kind = "page"
text = "![keys](pictures/keys.png)"
[[scene]]
id = "form"
kind = "form"
question = [
  { id = "lead", kind = "choice", text = "Who led?", options = ["I", "You"], shuffle = true },
  { id = "who", kind = "choice", text = "Who?", options = ["I", "You"], other = "Another", required = false },
  { id = "work", kind = "choices", text = "What?", options = ["Onions", "Plates", "Soups"], other = "Else", at_most = 2 },
  { id = "smooth", kind = "scale", text = "Smooth?", points = 5 },
  { id = "age", kind = "number", text = "Age?", min = 18, max = 120 },
  { id = "height", kind = "number", text = "Height?", decimals = 2, required = false },
  { id = "postcode", kind = "text", text = "Postcode?", pattern = "[0-9]{2}", max_length = 9, required = false },
]
[[scene]]
id = "tutorial"
tutorial = true
layout = "cramped_room"
""" + KITCHEN + """
[[scene]]
id = "thanks"
kind = "completion"
title = "Thank you"
text = "That was it."
"""
SOON = "[waiting_room]\nlimit_seconds = 1\n" + CODES + KITCHEN
NEAR = "[matchmaking]\nmax_p2p_rtt_ms = 100\n" + CODES + KITCHEN
WATCHED = '[monitoring.rtt]\nmax_ms = 100\nwindow = 3\nviolations = 2\nwarning = "slow"\nmessage = "too slow"\n' + CODES + KITCHEN
ALONE = 'dropout = { then = "program" }\nwaiting_room = { limit_seconds = 1, then = "program", show_count = false }\n' + CODES + KITCHEN
GAME = CODES + KITCHEN


class Lab:
    """A lab on loopback that runs a study; started again, it has the same address."""

    def __init__(self, program, study, *options, tls=False):
        self.program, self.folder = program, tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "pictures").mkdir()
        (self.root / "pictures/keys.png").write_bytes(PICTURE.read_bytes())
        (self.root / "study.toml").write_text('id = "study"\n' + study, encoding="utf-8")
        self.data, self.options, self.address = self.root / "data", list(options), "127.0.0.1:0"
        if tls:
            self.links(1)
            self.options += ["--tls-cert", self.data / "tls.pem", "--tls-key", self.data / "tls.pem"]

    def __enter__(self):
        command = [self.program, "serve", "--experiment", self.root / "study.toml", "--data", self.data]
        with open(self.root / "log", "a") as log:
            self.process = subprocess.Popen([*command, "--listen", self.address, *self.options], stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        assert line, (self.root / "log").read_text()[-2000:]
        self.address, self.link = json.loads(line)["listening"], json.loads(line)["join"]
        self.token = parse_qs(urlsplit(self.link).query)["token"][0]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def links(self, count):
        done = subprocess.run([self.program, "links", "--data", self.data, "--count", str(count)], text=True, capture_output=True, check=True)
        return [parse_qs(urlsplit(link).query)["token"][0] for link in done.stdout.split()]

    def ask(self, method, path, body=None, token=None, **headers):
        """Status, headers with small letters, body."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        headers = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        connection.request(method, path, body, headers | ({"Authorization": f"Bearer {token}"} if token else {}))
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found


LOOP = asyncio.new_event_loop()
threading.Thread(target=LOOP.run_forever, daemon=True).start()


def wait(coroutine):
    """The loop runs beside, so that pings are answered while a check does something else."""
    return asyncio.run_coroutine_threadsafe(coroutine, LOOP).result(2 * PATIENCE)


class Line:
    """A WebSocket, one JSON value a text frame."""

    def __init__(self, address, **options):
        async def open_line():
            return await connect(address, max_size=4 << 20, **options)

        self.socket = wait(open_line())

    def send(self, value):
        wait(self.socket.send(value if isinstance(value, (str, bytes)) else json.dumps(value)))

    def next(self, within=PATIENCE):
        return json.loads(wait(asyncio.wait_for(self.socket.recv(), within)))

    def close(self):
        wait(self.socket.close())

    def rest(self):
        """What still comes, until the lab closes."""
        said = []
        try:
            while True:
                said.append(self.next())
        except ConnectionClosed:
            return said


class Person(Line):
    """Somebody in the lobby."""

    def __init__(self, lab, key=None):
        super().__init__(f"ws://{lab.address}/lobby")
        self.lab, self.key = lab, key or Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()

    def say(self, kind, **fields):
        self.send({"type": kind, **fields})

    def until(self, *kinds):
        while (message := self.next())["type"] not in kinds:
            pass
        if message["type"] == "scene":
            self.scene, self.step = message, message["step"]
        return message

    def hello(self, **fields):
        """Says hello, with the general link's token unless it is told another or none."""
        hello = {"protocol": PROTOCOL, "program": "client.py", "rules": RULES, "key": self.key, "token": self.lab.token} | fields
        self.say("hello", **{name: value for name, value in hello.items() if value is not None})
        return self

    def come(self, **fields):
        self.hello(**fields)
        welcome = self.until("welcome")
        self.id, self.resume = welcome["participant"], welcome["resume"]
        self.shown = self.until("scene", "completed")
        return self

    def back(self, key=None):
        """Who they are when they come again, over a new connection."""
        return Person(self.lab, key or self.key).come(token=None, resume=self.resume)

    def done(self, kind, **fields):
        self.say("done", step=self.step, answer={"kind": kind, **fields})
        return self.until("scene", "completed")

    def played(self, end="completed", **fields):
        return self.done("game", session=self.ticket["session"], end=end, **fields)

    def ready(self):
        self.say("ready", step=self.step)
        return self

    def matched(self):
        self.match = self.until("matched")
        self.ticket = self.match["ticket"]
        return self.ticket

    def player(self):
        return {"participant": self.id, "key": self.key}

    def checked(self, of, **partner):
        own = {"protocol": PROTOCOL, "rules": RULES, "program": "1", "game": self.ticket["game"]}
        heard = {"reliable": True, "unreliable": True, "own": own, "partner": own | partner}
        self.say("checked", session=self.ticket["session"], of=of.id, **heard)

    def hears_nothing(self):
        """What was said before is not answered: the next thing that comes answers a ping."""
        self.say("ping", nonce=77)
        message = self.next()
        assert message == {"type": "pong", "nonce": 77}, message

    def screened(self, **fields):
        computer = {"system": "linux", "version": "0.1.0", "display": [1920, 1080], "clock_ms": int(time.time() * 1000), "answers": [1]}
        return self.done("screening", **computer | fields)

    def consented(self, agreed=True):
        text = self.scene["content"]["text"]["markdown"]
        return self.done("consent", agreed=agreed, text=digest(text.encode()), at_ms=int(time.time() * 1000))

    def completed(self, outcome, message):
        found = {name: message.get(name) for name in ["type", "outcome", "code"]}
        assert found == {"type": "completed", "outcome": outcome, "code": f"C-{outcome}"}, message


def pair(lab):
    both = Person(lab).come(), Person(lab).come()
    for one in both:
        one.ready()
    return *both, both[0].matched(), both[1].matched()


def refusal(line):
    said = line.rest()
    assert said and said[-1]["type"] == "refused" and said[-1]["message"], said
    return said[-1]["code"]


def refused_upgrade(address):
    try:
        Line(address).close()
    except InvalidStatus as refused:
        return refused.response.status_code
    raise AssertionError(f"{address} was opened")


def digest(data):
    return blake3(data).hexdigest()


def files_of(participant, episode):
    name = f"{participant}_ep{episode}"
    return [f"{name}.dlog", f"{name}.csv", f"local/{name}.csv"]


def bundle(files):
    """The tar archive of a record, as the page has it byte for byte."""
    archive = b""
    for name, data in files:
        numbers = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"0" * 11 + b"\0"
        before, after = name.encode().ljust(100, b"\0") + numbers, b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
        total = sum(before) + 8 * ord(" ") + sum(after)
        archive += before + b"%07o\0" % total + after + data + bytes(-len(data) % 512)
    return archive + bytes(1024)


def verify(receipt, key):
    names = b"".join(bytes([len(receipt[it])]) + receipt[it].encode() for it in ["session", "scene", "participant"])
    numbers = struct.pack("<QQ", receipt["bytes"], receipt["received_ms"])
    signed = b"R\x01" + names + struct.pack("<H", receipt["episode"]) + receipt["digest"].encode() + numbers
    assert receipt["key"] == key
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(receipt["signature"]), signed)
