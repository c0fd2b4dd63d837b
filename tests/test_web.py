"""The server: its responses to the page and to clients of UDPipe's REST service, and its limits."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import HTTP
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from clearparse.commands import serve
from clearparse.errors import ClearparseError
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import MISC, parse_block
from clearparse.web import service
from clearparse.web.formats import OUTPUTS
from clearparse.web.limits import Limits, RefusalError
from clearparse.web.middleware import RequestMiddleware

WITHOUT = "the server is not tested: {} is missing, pip install 'clearparse[test-full]'"
server = pytest.importorskip("clearparse.web.server", reason=WITHOUT.format("its extra"))
httpx = pytest.importorskip("httpx", reason=WITHOUT.format("httpx"))

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
DEV = (SAMPLE / "dev.conllu").read_text(encoding="utf-8")
FIRST = DEV[: DEV.index("\n\n") + 2]
TEXT = "The cat sleeps. Dogs don't sleep!"
NOTES = "https://web.stanford.edu/class/cs224n/readings/gradient-notes.pdf"
LIMITS = Limits(size=100_000, longest=60, words=40)


@pytest.fixture(scope="module")
def model(text_model: Path) -> Model:
    return load(text_model)


class Client:
    """Sends requests to an application, without a network."""

    def __init__(self, app: RequestMiddleware, base: str = "http://localhost") -> None:
        self.transport, self.base = httpx.ASGITransport(app), base

    def request(self, method: str, path: str, **options: Any) -> Any:
        async def response() -> Any:
            async with httpx.AsyncClient(transport=self.transport, base_url=self.base) as client:
                return await client.request(method, path, **options)

        return asyncio.run(response())

    def get(self, path: str, **options: Any) -> Any:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.request("POST", path, **options)


@pytest.fixture(scope="module")
def client(model: Model) -> Client:
    return Client(server.Application({"english-ewt": model}, LIMITS))


def result(response: Any) -> str:
    assert response.status_code == 200, response.text
    assert response.json()["model"] == "english-ewt"
    assert all(isinstance(each, str) for each in response.json()["acknowledgements"])
    return re.sub(r"\A# generator = clearparse .*\n# udpipe_model = english-ewt\n", "", response.json()["result"])


ALL = {"tokenizer": "", "tagger": "", "parser": ""}


def test_text_is_tokenized_tagged_and_parsed(client: Client, model: Model) -> None:
    expected = model.parse_block(model.tag(model.tokenize([TEXT]))).text.decode()
    parameters = {"data": TEXT, **ALL}
    assert result(client.post("/process", data=parameters)) == expected
    assert result(client.get("/process", params=parameters)) == expected
    assert result(client.post("/process", files={"data": ("text.txt", TEXT.encode())}, data=ALL)) == expected
    generic = {"data": TEXT, "input": "generic", "tagger": "", "parser": ""}
    assert result(client.post("/process", data=generic)) == expected


def test_utf_8_may_be_percent_encoded_or_raw(client: Client, model: Model) -> None:
    body = "tokenizer=&tagger=&parser=&data=Děti pojedou k babičce. Už se těší."
    tokenized = model.tokenize(["Děti pojedou k babičce. Už se těší."])
    expected = model.parse_block(model.tag(tokenized)).text.decode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert result(client.post("/process", content=body.encode(), headers=form)) == expected
    assert result(client.post("/process", data={**ALL, "data": "Děti pojedou k babičce. Už se těší."})) == expected


def test_conllu_is_parsed_and_otherwise_unchanged(client: Client, model: Model) -> None:
    block = parse_block(FIRST.encode())
    assert result(client.post("/process", data={"data": FIRST})) == FIRST
    assert result(client.post("/process", data={"data": FIRST, "parser": ""})) == model.parse_block(block).text.decode()
    tagged = model.tag(block)
    assert result(client.post("/process", data={"data": FIRST, "tagger": ""})) == tagged.text.decode()
    parameters = {"data": FIRST, "tagger": "", "parser": "", "input": "conllu", "output": "conllu"}
    assert result(client.post("/process", data=parameters)) == model.parse_block(tagged).text.decode()


@pytest.mark.parametrize(
    ("parameters", "forms"),
    [
        ({"data": "Dogs sleep .\nCats too", "input": "horizontal"}, [["Dogs", "sleep", "."], ["Cats", "too"]]),
        ({"data": "Dogs\nsleep\tx\n\n\nCats\n", "input": "vertical"}, [["Dogs", "sleep"], ["Cats"]]),
        ({"data": "It rains. It snows.\n\nOh", "tokenizer": "presegmented"}, ["It rains. It snows.", "Oh"]),
        ({"data": "", "tokenizer": "", "tagger": "", "parser": ""}, []),
    ],
)
def test_other_inputs(client: Client, parameters: dict[str, str], forms: list[Any]) -> None:
    block = parse_block(result(client.post("/process", data=parameters)).encode())
    found = [sentence.text if "tokenizer" in parameters else list(sentence.forms) for sentence in block]
    assert found == forms


READ = {
    "horizontal": "New\u00a0York  is\tbig\u2028no \u0085\r\n\n \nYes\nHm",
    "vertical": "New York\tx\nis\u2028x\r\n\nYes\n\n\n\nlast\n\nword",
}


def by_udpipe(text: str, read: str, write: str) -> str:
    """A text that UDPipe reads in one format and writes in another."""
    udpipe = pytest.importorskip("ufal.udpipe", reason=WITHOUT.format("ufal.udpipe"))
    reader, writer = udpipe.InputFormat.newInputFormat(read), udpipe.OutputFormat.newOutputFormat(write)
    sentence, error, written = udpipe.Sentence(), udpipe.ProcessingError(), []
    reader.setText(text)
    while reader.nextSentence(sentence, error):
        written.append(writer.writeSentence(sentence))
    assert not error.occurred()
    return "".join([*written, writer.finishDocument()])


@pytest.mark.parametrize("form", READ)
def test_inputs_are_read_as_by_udpipe(client: Client, form: str) -> None:
    """Lines end at LF only, and a no-break space in horizontal input is a space in a word."""
    found = result(client.post("/process", data={"data": READ[form], "input": form}))
    assert re.sub(r"# text = .*\n", "", found) == by_udpipe(READ[form], form, "conllu")


@pytest.mark.parametrize("output", OUTPUTS)
def test_outputs_are_written_as_by_udpipe(client: Client, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = "\t_" * 7 + "\t"
    text = (
        f"# newdoc\n# newpar\n# sent_id = 1\n# text = New York can't go\n1\tNew York{empty}_\n2-3\tcan't{empty}_\n"
        f"2\tcan{empty}_\n3\tn't{empty}_\n3.1\te{empty}_\n4\tgo{empty}SpaceAfter=No\n5\t!{empty}_\n\n"
        f"# sent_id = 2\n1\ta{empty}SpacesBefore=\\s|SpacesAfter=\\s\\t\n2\tb{empty}SpacesAfter=\\n\\n\n\n"
        f"# newpar\n# sent_id = 3\n1\tz{empty}SpaceAfter=No\n\n"
    )
    for words in (1000, 1):  # in a step
        monkeypatch.setattr("clearparse.web.steps.STEP_WORDS", words)
        found = result(client.post("/process", data={"data": text, "output": output}))
        assert found == by_udpipe(text, "conllu", output)


ODD = [
    "Anna said:  yes.\n\n\tNo-break\u00a0space .\r\nDogs don't\u2028 sleep!  \n",
    " \n\nx",
    "a|b \\ c\u3000\n\n\nd\u2029e \U0001f415f",
]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("tokenizer", ["ranges", "presegmented;ranges"])
def test_ranges_and_spaces(client: Client, text: str, tokenizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TokenRange counts code points of the text, and the spaces in MISC give the whole text back."""
    query = {"data": text, "tokenizer": tokenizer}
    for characters in (10_000, 5):  # in a step
        monkeypatch.setattr("clearparse.web.steps.STEP_CHARACTERS", characters)
        conllu = result(client.post("/process", data=query))
        tokens = re.findall(r"^\d\S*\t([^\t]+)\t.*TokenRange=(\d+):(\d+)", conllu, re.MULTILINE)
        found = [text[int(start) : int(end)] for _, start, end in tokens]
        assert [" ".join(token.split()) for token in found] == [form for form, _, _ in tokens]
        assert "".join("".join(found).split()) == "".join(text.split())
        assert result(client.post("/process", data={**query, "output": "plaintext"})) == text


@pytest.mark.parametrize(
    ("tokenizer", "misc"),
    [
        ("", r"SpacesAfter=\s\n"),
        ("normalized_spaces", "_"),
        ("ranges", r"SpacesAfter=\s\n|TokenRange=0:3"),
        ("normalized_spaces;ranges", "TokenRange=0:3"),
    ],
)
def test_spaces_are_in_misc_unless_they_are_normalized(client: Client, tokenizer: str, misc: str) -> None:
    response = client.post("/process", data={"data": "Yes \nthanks", "tokenizer": tokenizer})
    assert parse_block(result(response).encode()).column(MISC)[0].decode() == misc


def test_plain_text_is_given_back_by_paragraphs(client: Client) -> None:
    text = "The cat sleeps. Dogs don't sleep!\n\nYes."
    for output in ("plaintext", "plaintext=normalized_spaces"):
        found = result(client.post("/process", data={"data": text, "tokenizer": "normalized_spaces", "output": output}))
        assert re.sub(r"(?<!\n)\n(?!\n)", " ", found).rstrip() == text


def test_presegmented_sentences_have_ids(client: Client) -> None:
    """Lines end at LF only, here too."""
    parameters = {"data": "First part\u2028second part\r\n\nThird\n", "tokenizer": "presegmented;normalized_spaces"}
    block = parse_block(result(client.post("/process", data=parameters)).encode())
    assert [(sentence.sent_id, sentence.text) for sentence in block] == [
        ("1", "First part second part"),
        ("2", "Third"),
    ]


@pytest.mark.parametrize(("data", "form"), [("cafe\u0301", "caf\u00e9"), ("\u2014" * 300, "\u2014" * 300)])
def test_data_is_normalized_as_by_udpipe(client: Client, data: str, form: str) -> None:
    (sentence,) = parse_block(result(client.post("/process", data={"data": data, "input": "horizontal"})).encode())
    assert list(sentence.forms) == [form]


def test_missing_tags_are_a_warning_in_the_response(client: Client) -> None:
    response = client.post("/process", data={"data": "Dogs sleep", "input": "horizontal", "parser": ""})
    assert "not in the input" in response.json()["warnings"][0]
    assert "warnings" not in client.post("/process", data={"data": FIRST, "parser": ""}).json()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "The parameter 'data' is required."),
        ({"data": "x", "model": "klingon"}, "The requested model 'klingon' does not exist."),
        ({"data": "x", "model": "eng"}, "The requested model 'eng' does not exist."),
        ({"data": "x", "model": "a\x1eb\u2028c"}, "The requested model 'a\ufffdb\ufffdc' does not exist."),
        ({"data": "x", "input": "matxin"}, "Unknown input format 'matxin'"),
        ({"data": "x", "output": "epe"}, "Unknown output format 'epe'"),
        ({"data": "x", "tokenizer": "presegmented;fast"}, "The tokenizer has no option 'fast'."),
        (
            {"data": "no columns"},
            "data:1: 1 column, a CoNLL-U line has 10, separated by tabs; plain text needs the parameter 'tokenizer'\n",
        ),
        ({"data": "a" + "\u0301\u0323" * 50}, "The data has 100 combining marks in a row."),
    ],
)
def test_errors_are_one_line_of_text(client: Client, parameters: dict[str, str], message: str) -> None:
    for response in (client.post("/process", data=parameters or {"x": ""}), client.get("/process", params=parameters)):
        assert response.status_code == 400
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert response.text.startswith(message)
        assert response.text.count("\n") == 1


def test_models(client: Client, model: Model) -> None:
    expected = {"models": {"english-ewt": ["tokenizer", "tagger", "parser"]}, "default_model": "english-ewt"}
    assert client.get("/models").json() == expected
    assert client.post("/models").json() == expected
    for name in ("english-ewt", "english"):
        assert client.get("/process", params={"data": FIRST, "model": name}).json()["model"] == "english-ewt"
    alone = Model(type(model.stages)(model.stages.ensemble), model.record)
    assert service.models({"p": alone}) == {"models": {"p": ["parser"]}, "default_model": "p"}
    for parameters in ({"tokenizer": ""}, {"tokenizer": "presegmented"}, {"tagger": ""}):
        data = {"data": FIRST if "tagger" in parameters else "x", **parameters}
        with pytest.raises(RefusalError, match="trained without `--stages all`"):
            list(service.process(alone, "p", data, LIMITS))


def test_unsupported_bodies_and_unknown_addresses(client: Client) -> None:
    assert client.post("/process", content=b"x", headers={"content-type": "text/csv"}).text.startswith("Unsupported")
    assert client.post("/process", content=b"x").status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/process", content=b"data=\xff", headers=form).text == "The request is not in UTF-8 encoding.\n"
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/process", content=b"--y\r\n", headers=broken).status_code == 400
    response = client.get("/nothing")
    assert (response.status_code, response.text) == (404, "there is nothing at /nothing\n")
    assert client.post("/").status_code == 405


def test_requests_beyond_the_limits_are_refused(client: Client) -> None:
    response = client.post("/process", data={"data": "x" * LIMITS.size})
    assert (response.status_code, response.text) == (413, "the request has more than 100,000 bytes\n")

    def of(words: int) -> str:
        return "".join(f"{i}\tw\tw\tNOUN\tNN\t_\t_\t_\t_\t_\n" for i in range(1, words + 1)) + "\n"

    for parameters in ({"data": of(61), "parser": ""}, {"data": "w " * 61, "input": "horizontal"}):
        response = client.post("/process", data=parameters)
        assert (response.status_code, response.text) == (413, "a sentence of 61 words; at most 60 are parsed\n")
    assert client.post("/page/read", json={"conllu": of(61)}).status_code == 413
    assert client.post("/process", data={"data": of(60), "parser": ""}).status_code == 200
    long = of(41)
    response = client.post("/page/explain", json={"conllu": long}).json()
    assert (response["steps"], len(response["heads"])) == (None, 41)
    for path in ("numbers", "learn"):
        response = client.post(f"/page/{path}", json={"conllu": long, "step": 0})
        assert (response.status_code, response.text) == (413, "a sentence of 41 words; at most 40 are explained\n")


def test_unknown_host_names_are_refused(client: Client, model: Model) -> None:
    for host in ("localhost", "localhost:8000", "127.0.0.1:80", "[::1]:8000", "LOCALHOST"):
        assert client.get("/models", headers={"host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example:8000", ""):
        response = client.get("/models", headers={"host": host})
        assert (response.status_code, response.text.count("\n")) == (400, 1)
    assert server.hosts_of("0.0.0.0") is None
    assert server.hosts_of("::") is None
    assert {"10.0.0.7", "localhost"} <= set(server.hosts_of("10.0.0.7") or ())
    assert "[fe80::1]" in set(server.hosts_of("fe80::1") or ())
    everywhere = Client(server.Application({"m": model}, LIMITS, hosts=None), "http://any.example")
    assert everywhere.get("/models").status_code == 200


def test_security_headers(client: Client) -> None:
    for path in ("/", "/page.js", "/models", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_uses_no_other_server(client: Client) -> None:
    """Every file it names exists, no file is loaded from another server, and there are no inline scripts or styles.

    The only addresses of other servers are links to the notes, which the user may follow.
    """
    page = client.get("/").text
    named = set(re.findall(r'(?:src|href)="([^#"]+)"', page)) - {NOTES}
    assert named >= {"theme.css", "page.css", "page.js", "icon.svg", "gradients.md"}
    modules = re.findall(r'from "\./(\w+\.js)"', "".join(path.read_text("utf-8") for path in server.PAGE.glob("*.js")))
    for name in {*named, *modules}:
        assert client.get(f"/{name}").status_code == 200, name
    for path in server.PAGE.iterdir():
        text = path.read_text(encoding="utf-8").replace(NOTES, "")
        assert path.name in {"index.html", "page.js", *named, *modules}, f"{path} is not used"
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write", text), path
    assert not re.search(r"<style|style=|\son\w+=|<script(?! type=\"module\" src)", page)
    assert client.get("/gradients.md").headers["content-type"] == "text/plain; charset=utf-8"


# The requests of the page


def test_sentences_of_a_text(client: Client) -> None:
    response = client.post("/page/read", json={"text": TEXT}).json()
    assert " ".join(sentence["text"] for sentence in response["sentences"]) == TEXT
    assert response["notes"] == []
    assert not any(sentence["gold"] for sentence in response["sentences"])
    assert client.post("/page/read", json={"text": " \n "}).json()["sentences"] == []


def test_sentences_of_a_file(client: Client) -> None:
    gold = client.post("/page/read", json={"conllu": DEV, "name": "dev.conllu"}).json()
    assert "".join(sentence["conllu"] for sentence in gold["sentences"]) == DEV
    assert all(sentence["gold"] for sentence in gold["sentences"])
    bare = re.sub(r"\t\d+\t[\w:]+\t_\t", "\t_\t_\t_\t", FIRST)
    assert not client.post("/page/read", json={"conllu": bare}).json()["sentences"][0]["gold"]
    untagged = "1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n2\tsleep\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    tagged = client.post("/page/read", json={"conllu": untagged}).json()["sentences"][0]["conllu"]
    assert "_" not in parse_block(tagged.encode())[0].upos
    half = FIRST.replace("\t0\troot\t", "\t1\troot\t")
    response = client.post("/page/read", json={"conllu": half, "name": "half.conllu"}).json()
    assert not response["sentences"][0]["gold"]
    assert response["notes"][0].startswith("the trees in the file are ignored: half.conllu:")
    response = client.post("/page/read", json={"conllu": "1\tx\n", "name": "bad.conllu"})
    assert (response.status_code, response.text) == (
        400, "bad.conllu:1: 2 columns, a CoNLL-U line has 10, separated by tabs\n"
    )  # fmt: skip


def test_a_trace_is_the_parse(client: Client, model: Model) -> None:
    trace = client.post("/page/explain", json={"conllu": FIRST, "gold": True}).json()
    parsed = model.parse_block(parse_block(FIRST.encode()))[0]
    assert trace["heads"] == parsed.heads.tolist()
    assert trace["labels"] == list(parsed.deprels)
    assert trace["conllu"] == str(parsed)
    assert [word["form"] for word in trace["words"]] == list(parsed.forms)
    gold = parse_block(FIRST.encode())[0]
    assert trace["gold"]["heads"] == gold.heads.tolist()
    for picture in (trace["svg"], trace["gold"]["svg"]):
        assert len(ElementTree.fromstring(picture).findall(".//*[@class='arc']")) == len(parsed)
    assert all(step["least"] == 0 <= step["cost"] for step in trace["steps"][:1])
    oracle = client.post("/page/explain", json={"conllu": FIRST, "gold": True, "follow_gold": True}).json()
    assert oracle["heads"] == gold.heads.tolist()
    assert client.post("/page/explain", json={"conllu": FIRST}).json()["gold"] is None


def test_the_numbers_of_every_step_add_up(client: Client) -> None:
    question = {"conllu": FIRST, "gold": True}
    trace = client.post("/page/explain", json=question).json()
    for k, step in enumerate(trace["steps"]):
        numbers = client.post("/page/numbers", json={**question, "step": k, "against": "runner-up"}).json()
        scores, total = numbers["scores"], numbers["sum"]
        assert numbers["of"] == step["taken"]
        parts = sum(slot["part"] for slot in numbers["slots"]) + total["b_1"] + total["b_2"]
        assert parts == pytest.approx(total["value"], abs=1e-3)
        against = 0 if numbers["against"] is None else scores[numbers["against"]]["theta"]
        assert total["value"] == pytest.approx(scores[step["taken"]]["theta"] - against, abs=0.02)
        assert sum(score["p"] for score in scores) == pytest.approx(1, abs=1e-2)
        assert step["p"] == pytest.approx(scores[step["taken"]]["p"], abs=1e-3)
        for quantity in numbers["computation"].values():
            rows, columns = quantity["shape"]
            assert len(quantity["values"]) == rows * columns
        assert (numbers["loss"] is None) == step["forced"]
        if numbers["loss"]:
            quantities = numbers["loss"]["quantities"]
            assert sum(quantities["delta_1"]["values"]) == pytest.approx(0, abs=1e-2)
            assert set(quantities) == {"delta_1", "delta_2", "dJ/dL", "dJ/dU", "dJ/dW"}
        if step["forced"]:
            assert numbers["against"] is None


def test_another_transition_can_be_taken(client: Client) -> None:
    trace = client.post("/page/explain", json={"conllu": FIRST}).json()
    k = next(k for k, step in enumerate(trace["steps"]) if k and not step["forced"])
    scores = client.post("/page/numbers", json={"conllu": FIRST, "step": k}).json()["scores"]
    taken = [step["taken"] for step in trace["steps"][:k]]
    other = next(c for c, score in enumerate(scores) if score["legal"] and c != trace["steps"][k]["taken"])
    after = client.post("/page/explain", json={"conllu": FIRST, "moves": [*taken, other]}).json()
    assert [step["taken"] for step in after["steps"][: k + 1]] == [*taken, other]


@pytest.mark.parametrize(
    ("path", "question", "message"),
    [
        ("read", {}, "the request has neither"),
        ("read", [], "the request is not a JSON object"),
        ("explain", {}, "'conllu' must be a string"),
        ("explain", {"conllu": FIRST, "moves": [99999]}, "move 1: transition 99999 is illegal"),
        ("explain", {"conllu": FIRST, "moves": ["x"]}, "a transition must be an integer, not 'x'"),
        ("explain", {"conllu": DEV}, "one sentence is explained at a time"),
        ("explain", {"conllu": "1\tx"}, "sentence:1: 2 columns"),
        ("explain", {"conllu": ""}, "one sentence is explained at a time, not 0"),
        ("read", {"text": "x", "model": "klingon"}, "there is no model 'klingon'; there are english-ewt"),
        ("numbers", {"conllu": FIRST, "step": 1, "target": -1}, "a target must be from 0 to"),
        ("numbers", {"conllu": FIRST}, "a step must be an integer, not 'None'"),
        ("numbers", {"conllu": FIRST, "step": 10_000}, "a step must be from 0 to"),
        ("numbers", {"conllu": FIRST, "step": 0, "of": -1}, "a transition must be from 0 to"),
        ("numbers", {"conllu": FIRST, "step": 0, "against": True}, "a transition must be an integer"),
    ],
)
def test_invalid_requests_of_the_page(client: Client, path: str, question: Any, message: str) -> None:
    response = client.post(f"/page/{path}", json=question)
    assert response.status_code == 400
    assert response.text.startswith(message)
    assert response.text.count("\n") == 1


def test_model_info(client: Client, model: Model) -> None:
    response = client.get("/page/models").json()
    (info,) = response["models"]
    assert info["name"] == "english-ewt"
    assert info["sizes"]["H"] == len(model.parser.params.U)
    assert info["reads_text"] is True
    assert info["train"] == ["train.conllu"]
    assert info["sentences"] == len(parse_block((SAMPLE / "train.conllu").read_bytes()))
    assert info["language"] is None  # the name of the file does not say
    assert info["scores"]["LAS"] == round(model.record["dev_scores"]["LAS"], 2)
    assert response["size"] == LIMITS.size
    assert client.post("/page/explain", content=b"{").text == "the request is not a JSON object\n"


# Limits


def test_too_many_words_are_refused_before_any_work(model: Model) -> None:
    small = Client(server.Application({"m": model}, Limits(total=5, paragraph=40)))
    line = "1\tw\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    for data in ({"data": "a b c d e f", **ALL}, {"data": line * 6}, {"data": "a b c d e f", "input": "horizontal"}):
        response = small.post("/process", data=data)
        assert (response.status_code, response.text) == (413, "6 words; at most 5 are accepted in one request\n")
    assert small.post("/page/read", json={"text": "a b c d e f"}).status_code == 413
    response = small.post("/process", data={"data": "x" * 41, **ALL})
    assert response.status_code == 413
    assert response.text.startswith("a paragraph of 41 characters; at most 40 are accepted")
    assert small.post("/process", data={"data": "x" * 20, **ALL}).status_code == 200


def test_too_many_sentences_are_refused(model: Model) -> None:
    """Each takes memory, however short it is; paragraphs are counted before any work."""
    small = Client(server.Application({"m": model}, Limits(sentences=2, explained=200)))
    line = "1\tw\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    for data in ({"data": "a\n\nb\n\nc", **ALL}, {"data": line * 3}, {"data": "a\nb\nc", "input": "horizontal"}):
        response = small.post("/process", data=data)
        assert response.status_code == 413
        assert re.fullmatch(r"3 (sentences|paragraphs); at most 2 are accepted in one request\n", response.text)
    assert small.post("/page/read", json={"text": "a\n\nb\n\nc"}).status_code == 413
    assert small.post("/page/read", json={"conllu": line * 3}).status_code == 413
    assert small.post("/process", data={"data": line * 2}).status_code == 200
    response = small.post("/page/explain", json={"conllu": f"# {'x' * 200}\n{line}"})
    assert (response.status_code, response.text) == (413, "a sentence of more than 200 bytes of CoNLL-U\n")


def test_steps_do_not_change_the_result(client: Client, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n\n".join(f"{TEXT} Number {number}." for number in range(9))
    question = [
        {"data": text, **ALL, "tokenizer": "normalized_spaces"},
        {"data": text, "tokenizer": "presegmented;ranges", "tagger": ""},
        {"data": DEV[: DEV.index("\n\n", 20_000) + 2], "parser": ""},
    ]
    whole = [result(client.post("/process", data=each)) for each in question]
    monkeypatch.setattr("clearparse.web.steps.STEP_CHARACTERS", 50)
    monkeypatch.setattr("clearparse.web.steps.STEP_WORDS", 10)
    assert [result(client.post("/process", data=each)) for each in question] == whole
    assert whole[0] == model.parse_block(model.tag(model.tokenize(text.split("\n\n")))).text.decode()


def test_the_memory_for_requests_that_are_being_received_is_limited() -> None:
    async def send_half(app: RequestMiddleware) -> int:
        async def receive() -> Any:
            if sent:
                await asyncio.Event().wait()
            sent.append(1)
            return {"type": "http.request", "body": b"x" * 9, "more_body": True}

        async def send(message: Any) -> None:
            responses.append(message)

        sent: list[int] = []
        responses: list[Any] = []
        scope = {"type": "http", "method": "POST", "headers": [(b"host", b"localhost")]}
        await app(scope, receive, send)
        return int(responses[0]["status"])

    async def play() -> list[int]:
        async def unused(*_: Any) -> None:
            raise AssertionError("no request is complete")

        app = RequestMiddleware(unused, {"localhost"}, Limits(size=10, large=8, held=2, seconds=0.2))
        statuses = await asyncio.gather(*(send_half(app) for _ in range(3)))
        assert app._held_bytes == 0
        return statuses

    assert asyncio.run(play()) == [408, 408, 503]


# Requests of other sites, and malformed ones


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # UDPipe's clients
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://localhost", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://good.example", "sec-fetch-site": "cross-site"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:8001", "sec-fetch-site": "same-site"}, 403),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://[", "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(model: Model, headers: dict[str, str], status: int) -> None:
    app = server.Application({"m": model}, LIMITS, origins=["https://good.example"])
    response = Client(app).post("/process", data={"data": FIRST}, headers=headers)
    assert response.status_code == status
    if status == 403:
        assert response.text.startswith("requests from ")
        assert response.text.count("\n") == 1
    assert ("access-control-allow-origin" in response.headers) == ("good" in headers.get("origin", ""))


def test_all_sites_may_be_allowed(model: Model) -> None:
    """Then the responses have the same header as those of UDPipe's service."""
    client = Client(server.Application({"m": model}, LIMITS, origins=["*"]))
    headers = {"origin": "https://example.org", "sec-fetch-site": "cross-site"}
    for data, status in (({"data": FIRST}, 200), ({}, 400)):
        response = client.post("/process", data={"x": "", **data}, headers=headers)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, "*")


def test_links_of_other_sites_are_followed_but_their_images_are_refused(client: Client) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    image = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.get("/process", params={"data": FIRST}, headers=image).status_code == 403


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("charset", ["punycode", "utf-7", "utf-16", "idna", "rot13", "no-such", "utf-8"])
def test_only_utf_8_is_accepted(client: Client, kind: str, charset: str) -> None:
    part = "--x\r\nContent-Disposition: form-data; name=data\r\n\r\n\r\n--x--\r\n"
    body = part if "multipart" in kind else "data="
    response = client.post("/process", content=body.encode(), headers={"content-type": f'{kind}; charset="{charset}"'})
    assert response.status_code == (200 if charset == "utf-8" else 415)
    twice = {"content-type": f"{kind}; charset=utf-8;CHARSET =  {charset}"}
    assert client.post("/process", content=body.encode(), headers=twice).status_code == response.status_code
    if charset != "utf-8":
        assert response.text == f"The charset '{charset}' is not supported; send UTF-8.\n"


def test_a_multipart_body_that_is_not_utf_8(client: Client) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=data\r\n\r\n\xe9\r\n--x--\r\n"
    response = client.post("/process", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert (response.status_code, response.text) == (400, "The request is not in UTF-8 encoding.\n")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000, b'{"a":' * 15_000, b'{"conllu": "\\ud800"}', b'{"\\ud800": 1}', b'{"text": "\\udfff"}',
        b'{"conllu": "\\u0000"}', b'{"conllu": "x", "moves": [1e400]}', b'{"step": ' + b"9" * 4000 + b"}",
        b"1" * 5000, b"\xff", b"NaN", b"",
        *('{"text": "\\ud800", "conllu": "\\ud800"}'.encode(each) for each in ("utf-16", "utf-16-le", "utf-32-be")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["read", "explain", "numbers"])
def test_malformed_json_is_a_bad_request(client: Client, path: str, body: bytes) -> None:
    response = client.post(f"/page/{path}", content=body)
    assert response.status_code == 400
    assert response.text.count("\n") == 1


@pytest.mark.parametrize(
    "path",
    ["/%00", "/" + "x" * 5000, "/..%2f..%2fetc%2fpasswd", "/%ff", "/process?data=%ed%a0%80", "/process?" + "&" * 200],
)
def test_malformed_addresses_are_client_errors(client: Client, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


def test_a_model_whose_record_lacks_keys(model: Model) -> None:
    bare = Model(model.stages, {})
    response = Client(server.Application({"m": bare}, LIMITS)).post("/process", data={"data": TEXT, **ALL})
    assert response.json()["acknowledgements"] == ["clearparse"]


# The command


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "/no/such/model"], "/no/such/model: no such file"),
        (["--port", "70000"], "70000"),
        (["--max-words", "0"], "'0' is not a whole number of at least 1"),
    ],
)
def test_invalid_options(options: list[str], message: str) -> None:
    with pytest.raises(ClearparseError, match=message):
        serve.main(options)


def test_a_port_in_use_and_an_unavailable_host(text_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ClearparseError, match=f"127.0.0.1:{port}: address already in use; choose another with --port"
        ):
            serve.main(["--model", str(text_model), "--port", str(port)])
    with pytest.raises(ClearparseError, match=r"192\.0\.2\.1:8000: "):
        serve.main(["--model", str(text_model), "--host", "192.0.2.1"])


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_a_missing_extra_is_reported_in_one_line(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom clearparse.commands import command_line, serve\n"
    code += "command_line.run(serve.main)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"the serve command needs {missing}\S*, .*pip install .*\[web\]'\n", done.stderr)


@pytest.fixture
def address(text_model: Path) -> Iterator[str]:
    """A server in its own process, which has to end without errors at Ctrl-C."""
    command = [sys.executable, "scripts/serve.py", "--model", str(text_model), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, env=environment
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.match(rf"serving {re.escape(str(text_model))} at (http://127\.0\.0\.1:\d+)/ \(Ctrl-C to stop\)\n", line)
    try:
        assert found, line + process.communicate()[1]
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out, errors) == (0, "stopped\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another matter on Windows")
def test_the_client_of_udpipe(address: str, model: Model) -> None:
    """Requests like those of udpipe2_client.py: multipart/form-data with a charset and an encoding in each part."""

    def request(method: str, **parameters: str) -> Any:
        message = MIMEMultipart("form-data", policy=HTTP)
        for name, value in parameters.items():
            part = MIMENonMultipart("text", "plain")
            part.add_header("Content-Disposition", f'form-data; name="{name}"')
            part.add_header("Content-Transfer-Encoding", "8bit")
            part.set_payload(value, charset="utf-8")
            message.attach(part)
        body = message.as_bytes().split(b"\r\n\r\n", maxsplit=1)[1]
        query = urllib.request.Request(f"{address}/{method}", body, {"Content-Type": message["Content-Type"]})
        with urllib.request.urlopen(query if parameters else f"{address}/{method}") as response:
            return json.load(response)

    assert request("models")["default_model"] == "all"
    both = {"input": "conllu", "output": "conllu"}  # are always sent
    response = request("process", **both, data=TEXT, **ALL)
    assert response["model"] == "all"
    assert response["result"].endswith(model.parse_block(model.tag(model.tokenize([TEXT]))).text.decode())
    lines = {"data": "Děti spí.\nAno.\n", "tokenizer": "presegmented;normalized_spaces"}
    response = request("process", **both, model="all", **lines)
    assert re.findall("# .* = (.*)", response["result"])[2:] == ["1", "Děti spí.", "2", "Ano."]
    response = request("process", input="horizontal", output="vertical", data="A\u00a0b c\nd\n", tagger="", parser="")
    assert response["result"] == "A b\nc\n\nd\n\n"
    assert request("process", input="generic_tokenizer", output="plaintext", data="A b.")["result"] == "A b."
    for wrong, message in (
        ({"model": "x"}, b"The requested model 'x' does not exist.\n"),
        ({"tokenizer": "x"}, b"The tokenizer has no option 'x'.\n"),
    ):
        with pytest.raises(urllib.error.HTTPError) as error:
            request("process", **both, data="y", **wrong)
        assert (error.value.code, error.value.read()) == (400, message)
        error.value.close()
