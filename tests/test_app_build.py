"""Build your own: the form covers the schema, uploads and links are judged in words, nothing of them is believed."""

from __future__ import annotations

import base64
import copy
import json
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from abm import parameters, policies, scenario
from abm.levers import LEVERS
from abm.scenario_effects import EFFECTS
from abm.scenario_form import form, meanings, tables
from abm.scenario_problems import checked, path_of
from abm.scenario_write import to_toml
from tests.app_session import Asked
from viz import world_code
from viz.messages import Wrong, plain

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A session with a small market."""
    made = Asked(tmp_path_factory.mktemp("results"))
    made.well("open", scenario="tiny", seed=3)
    yield made
    made.close()


def tiny() -> dict[str, Any]:
    """The content of a small scenario."""
    return scenario.load("tiny").to_dict()


def as_sent(value: Any) -> Any:
    """A content as a browser sends it: 1.0 has become 1."""
    if isinstance(value, dict):
        return {key: as_sent(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_sent(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


# ---- the form --------------------------------------------------------------------------------------------------------


def test_the_form_covers_every_key_of_the_schema() -> None:
    said = form()
    assert {name: [key["key"] for key in keys] for name, keys in said["tables"].items()} == {
        name: list(fields) for name, fields in tables().items()
    }
    assert {kind: [key["key"] for key in each["fields"]] for kind, each in said["effects"].items()} == {
        kind: list(fields) for kind, fields in EFFECTS.items()
    }
    assert set(said["levers"]) == set(LEVERS)
    assert [each["name"] for each in said["parameters"]] == list(parameters.declared())
    assert set(said["policies"]) == set(policies.names())
    for name in policies.names():
        assert [knob["key"] for knob in said["policies"][name]["knobs"]] == list(policies.knobs_of(name))


def test_no_table_of_the_schema_is_forgotten() -> None:
    from abm import scenario_schema

    declared = [
        value
        for key, value in vars(scenario_schema).items()
        if key.isupper() and isinstance(value, dict) and key != "RULES"
    ]
    assert all(any(value is known for known in tables().values()) for value in declared)


def test_meanings_are_written_for_every_key_and_no_other() -> None:
    said = meanings()
    assert {name: set(keys) for name, keys in said.items() if name not in ("effect", "culture")} == {
        name: set(fields) for name, fields in tables().items()
    }
    assert {kind: set(keys) - {"means"} for kind, keys in said["effect"].items()} == {
        kind: set(fields) for kind, fields in EFFECTS.items()
    }
    for keys in [*said.values(), *said["effect"].values()]:
        for called, each in keys.items():
            if "label" in each:
                assert each["label"].strip(), called
                assert len(each["meaning"]) > 8, called


def test_every_key_has_a_control_with_its_limits() -> None:
    def keys() -> Iterator[Mapping[str, Any]]:
        yield from (key for each in form()["tables"].values() for key in each)
        yield from (key for each in form()["effects"].values() for key in each["fields"])
        yield from (key for each in form()["policies"].values() for key in each["knobs"])

    for key in keys():
        if key["control"] in ("number", "whole"):
            assert key["low"] < key["high"], key
        elif key["control"] == "choice":
            assert len(key["choices"]) > 1
        elif key["control"] in ("table", "tables"):
            assert key["table"] in form()["tables"]
        elif key["control"] == "list":
            assert key["each"]["control"] in ("name", "text", "date")
        else:
            assert key["control"] in {
                "text", "name", "slug", "date", "opening", "flag", "culture", "toward", "members", "effects",
                "parameters", "policies",
            }  # fmt: skip
    pay = next(key for key in form()["tables"]["employer"] if key["key"] == "pay_level")
    assert (pay["low"], pay["high"], pay["default"], pay["control"]) == (0.01, 20, 1.0, "number")
    json.dumps(form(), allow_nan=False)


# ---- problems with their places --------------------------------------------------------------------------------------

MISTAKES: list[tuple[list[str | int], Any]] = [
    (["months"], 0),
    (["start"], "2022"),
    (["name"], "../../etc/passwd"),
    (["title"], ""),
    (["sites", 1, "utc_offset"], 99),
    (["sites", 0, "name"], "=cmd()"),
    (["employers", 0, "pay_level"], "much"),
    (["employers", 1, "teams", 0, "site"], "Atlantis"),
    (["employers", 1, "teams", 0, "project", "months"], 0),
    (["employers", 0, "culture", "openness"], 3),
    (["cohorts", 0, "size"], 10**12),
    (["cohorts", 0, "observations", 0, "use"], "guess"),
    (["events", 1, "effects", 0, "value"], "x"),
    (["events", 1, "effects", 0, "name"], "gravity"),
    (["events", 3, "effects", 0, "share"], -1),
    (["parameters", "h0"], 99),
    (["parameters", "gravity"], 1),
]


@pytest.mark.parametrize(("path", "value"), MISTAKES, ids=[".".join(map(str, path)) for path, _ in MISTAKES])
def test_a_problem_leads_to_its_field(asker: Asked, path: list[str | int], value: Any) -> None:
    content = tiny()
    into: Any = content
    for key in path[:-1]:
        into = into[key]
    into[path[-1]] = value
    answer = asker.well("build_check", content=as_sent(content))
    assert answer["hash"] is None
    assert path in [problem["path"] for problem in answer["problems"]]
    assert all(problem["words"] for problem in answer["problems"])
    asker.refused("build_open", content=as_sent(content))
    asker.refused("build_toml", content=as_sent(content))
    asker.refused("build_link", content=as_sent(content))


def test_all_problems_are_told_not_only_twenty(asker: Asked) -> None:
    content = tiny()
    content["topics"] = [f"topic {k}" for k in range(3)]
    content["events"] = [{"id": f"X{k}", "date": "2022-13", "type": "t"} for k in range(60)]
    assert len(asker.well("build_check", content=content)["problems"]) >= 60


@pytest.mark.parametrize("name", ["A.b", 'say "so".x', "a[1]", "a: came b", "Ünïcode: 5"])
def test_places_are_found_whatever_the_names(name: str) -> None:
    content = {**tiny(), "sites": [{**tiny()["sites"][0], "name": name, "utc_offset": 99.0}]}
    _, problems = checked(content)
    assert ("sites", 0, "utc_offset") in [problem.path for problem in problems]


def test_a_line_about_nothing_known_has_no_path() -> None:
    assert path_of({}, "!!")[0] == ()


# ---- what is shipped comes back the same -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", scenario.names())
def test_shipped_scenarios_come_back_the_same(asker: Asked, name: str) -> None:
    wanted = scenario.load(name).content_hash()
    begun = asker.well("build_start", source=name)
    assert begun["hash"] == wanted
    content = as_sent(begun["content"])
    assert asker.well("build_check", content=content)["hash"] == wanted
    saved = asker.well("build_toml", content=content)
    read = asker.well("build_read", toml=saved["toml"])
    assert (read["hash"], read["problems"]) == (wanted, [])
    assert asker.well("build_link", content=content)["code"] == ""


def test_the_smallest_world_runs(asker: Asked) -> None:
    content = asker.well("build_start", source="minimal")["content"]
    opened = asker.well("build_open", content=as_sent(content), seed=5)
    assert (opened["market"]["name"], opened["seed"], opened["month"]) == ("my_world", 5, 0)
    asker.well("step")
    assert asker.well("build_start", source="open")["content"]["name"] == "my_world"
    asker.well("open", scenario="tiny", seed=3)


# ---- links -----------------------------------------------------------------------------------------------------------


def changed() -> list[scenario.Scenario]:
    """Scenarios that differ from shipped ones in several ways."""
    base, large = scenario.load("tiny"), scenario.load("meta_fair")
    content = large.to_dict()
    employer = copy.deepcopy(content["employers"][0])
    more = {**employer, "name": "New lab", "teams": [{**employer["teams"][0], "name": "New team", "share": 1.0}]}
    return [
        base.derive(title="Ünïcode 実験 " + SCRIPT.replace("<", "(")),
        base.derive(parameters={"h0": 0.02}, months=6),
        base.without_events(["T02"]),
        base.derive(events=[]),
        base.derive(events=list(reversed(base.to_dict()["events"]))),
        base.derive(policies=[{"name": "hiring", "factor": 0.5}]),
        large.with_settings({"employers.Meta.compute": 9000, "events.E46.drop": True, "h0": 0.02}),
        large.derive(employers=[*content["employers"], more]),
        large.derive(employers=[more, *content["employers"]]),
    ]


@pytest.mark.parametrize("number", range(9))
def test_links_come_back_the_same_and_are_short(asker: Asked, number: int) -> None:
    made = changed()[number]
    code = asker.well("build_link", content=as_sent(made.to_dict()))["code"]
    assert re.fullmatch(r"[\w-]+", code)
    assert len(code) < 1500
    assert world_code.decode(code).content_hash() == made.content_hash()
    opened = asker.well("world", code=code, seed=9)
    assert (opened["market"]["title"], opened["seed"], opened["shared"]) == (made.title, 9, code)
    link = asker.well("link")
    assert (link["code"], link["seed"]) == (code, 9)
    asker.well("open", scenario="tiny", seed=3)


def test_a_whole_scenario_travels_too() -> None:
    made = scenario.load("tiny").derive(name="other", title="Quite another")
    packed = world_code._packed({"v": 1, "toml": to_toml(made)})
    assert world_code.decode(packed).content_hash() == made.content_hash()


def packed(content: Any) -> str:
    """A code with any content."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def test_a_bomb_is_refused_before_it_goes_off(asker: Asked) -> None:
    bomb = packed(b" " * 40_000_000)
    assert len(bomb) < world_code.LONGEST_CODE
    began = time.process_time()
    assert "unpacks to more than" in asker.refused("world", code=bomb)
    assert time.process_time() - began < 1.0


def bad_codes() -> list[str]:
    """Codes that nobody made with this program, or that were changed on the way."""
    good = world_code.encode(scenario.load("tiny").derive(title="Other"))
    base = {"v": 1, "base": "tiny", "hash": scenario.load("tiny").content_hash()[:12]}
    runs = [[0, 4]] * 5000
    patches: list[Any] = [
        None, 1, [], "x", {}, {"k": 1}, {"k": {"title": 5}}, {"i": []}, {"i": [[0, 9]]}, {"=": 5}, {"=": {}},
        {"k": {"events": {"i": runs}}}, {"k": {"events": {"i": [[3, 4], [0, 1]]}}}, {"k": {"events": {"i": [[0]]}}},
        {"k": {"events": {"i": [[True, 1]]}}}, {"k": {"events": {"i": [[-1, 2]]}}}, {"k": {"events": {"i": [[0, 99]]}}},
        {"k": {"months": {"=": 10**17}}}, {"k": {"months": {"=": "12"}}}, {"k": {"sites": {"=": "none"}}},
        {"k": {"__class__": {"=": 1}}}, {"k": {"title": {"=": None}}}, {"k": {"employers": {"=": [[]]}}},
        {"k": {"name": {"=": "../../x"}}}, {"k": {"title": {"=": "a\x00b"}}}, {"-": ["sites"], "k": {}},
        {"k": {"events": {"i": [[0, {"k": {"date": {"=": "2099-01"}}}]]}}},
    ]  # fmt: skip
    deep: Any = {}
    for _ in range(60):
        deep = {"k": {"title": deep}}
    return [
        "", "!", "a b", "../../etc/passwd", "A" * 59_999, "=" * 8, SCRIPT, good[:-4], good[4:], good + "AAAA",
        good + "=",
        good[:20] + "x" + good[21:], good.upper(), packed(b""), packed(b"\xff\xfe"), packed(b"[]"), packed(b"null"),
        packed(b"NaN"), packed(b'{"v": NaN}'), packed(b'{"v": 1e999}'), packed(b'{"v": ' + b"9" * 30 + b"}"),
        packed(b"[" * 50_000), packed(b'{"a":' * 5_000), packed({"v": 2}), packed({"v": "1"}), packed({"v": 1}),
        packed({"v": 1, "base": "nowhere"}), packed({"v": 1, "base": "../tiny"}), packed({"v": 1, "base": 4}),
        packed({"v": 1, "base": "tiny", "hash": "old", "patch": {}}), packed({"v": 1, "toml": ""}),
        packed({"v": 1, "toml": "= 1"}), packed({"v": 1, "toml": 5}), packed({"v": 1, "toml": "a=" + "[" * 400}),
        *(packed({**base, "patch": patch}) for patch in [*patches, deep]),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(bad_codes())))
def test_bad_codes_are_refused_in_words(asker: Asked, number: int) -> None:
    before = asker.well("link")
    began = time.process_time()
    asker.refused("world", code=bad_codes()[number], seed=1)
    assert time.process_time() - began < 3.0
    assert asker.well("link") == {**before, "re": before["re"] + 2}  # what was open stays open


# ---- uploads ---------------------------------------------------------------------------------------------------------


def bad_files() -> list[str]:
    """Texts that somebody may hand in as a scenario, of which none is one that the form could show."""
    good = to_toml(scenario.load("tiny"))
    top = good[: good.index("[[")]
    return [
        "\x00", "a = 1\x00", "\ufeff" + good, "= 1", "[", "]", "[[", "a = ", 'a = "', "a = '''", 'a = """' + "x" * 1000,
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p = 1", "a = " + "[" * 5000, "a = " + "{b = " * 3000, "[" + "a." * 3000 + "b]",
        "a = 1\na = 2", "[a]\n[a]", "x = 2022-13-45", "a = " + "9" * 5000, "a = 1e99999999", "a = nan", "a = -inf",
        "a = 0x" + "f" * 300, "sites = 3", "employers = 'x'", "employers = [1, 2]", "employers = [[]]",
        "events = {a = 1}", "cohorts = true", "policies = 'raise'", "interventions = 4", "retention = [4]",
        "flows = {}",
        "[[employers]]\nteams = 4", "[[employers]]\nteams = [4]", "[[cohorts]]\nobservations = 'x'",
        "[[events]]\neffects = 'x'", "[[events]]\neffects = [4]", "\n" * 300_000, "# " + "x" * 262_200,
        "\u202e = 1", "\ud800", "a = \"\ud800\"", "a = '\u2028'" * 3, "<html><body>" + SCRIPT, "PK\x03\x04", "%PDF-1.7",
        json.dumps(tiny()), "---\na: 1\n", top + "\x07", "a = \"\"\"\n" + "[" * 100_000,
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(bad_files())))
def test_bad_files_are_refused_in_words(asker: Asked, number: int) -> None:
    began = time.process_time()
    asker.refused("build_read", toml=bad_files()[number])
    assert time.process_time() - began < 3.0


def shown_with_problems() -> list[str]:
    """Files with mistakes that the form can show, so that they are mended there."""
    good = to_toml(scenario.load("tiny"))
    swaps = [
        ("months = 12", "months = -1"), ("months = 12", 'months = "12"'), ("months = 12", "months = 12.5"),
        ("months = 12", "months = true"), ("months = 12", "months = [12]"), ("months = 12", "months = {a = 1}"),
        ("months = 12", "months = 2022-01-01"), ("months = 12", "months = 999999999999"), ('"2022-01"', '"2022-99"'),
        ('name = "tiny"', 'name = "../../../etc/passwd"'), ('name = "tiny"', 'name = "C:\\\\x"'),
        ('name = "tiny"', 'name = "a/b"'), ('name = "tiny"', 'name = ""'), ('name = "tiny"', "name = 5"),
        ('name = "tiny"', f'name = "{SCRIPT}"'), ('name = "Paris"', f'name = "{SCRIPT}"'),
        ('name = "Paris"', 'name = "=HYPERLINK(1)"'), ('name = "Paris"', 'name = "a\\u202eb"'),
        ('name = "Paris"', 'name = "a\\u0000b"'), ('name = "Paris"', 'name = " "'), ('name = "Paris"', "name = 1"),
        ("researchers = 6", "researchers = 1000000000000000"), ("researchers = 6", "researchers = -6"),
        ("researchers = 6", "researchers = 6.5"), ("compute = 30.0", "compute = -1"),
        ("compute = 30.0", "compute = 1e17"),
        ('kind = "cancel"', 'kind = "explode"'), ('kind = "cancel"', "kind = 4"),
        ('team = "Alpha Language"', "team = []"),
        ('op = "multiply"', 'op = "power"'), ("value = 2.0", 'value = "two"'), ("[[events]]", "[[evens]]"),
        ('use = "calibrate"', 'use = "guess"'), ("left_min = 1", "left_min = 9"), ("topics = [", "topic = ["),
    ]  # fmt: skip
    return [good.replace(before, after, 1) for before, after in swaps]


@pytest.mark.parametrize("number", range(len(shown_with_problems())))
def test_files_with_mistakes_are_shown_with_their_problems(asker: Asked, number: int) -> None:
    text = shown_with_problems()[number]
    assert text != to_toml(scenario.load("tiny")), "the mistake is not in the text any more"
    answer = asker.ask("build_read", toml=text)
    if answer["ok"]:
        assert answer["problems"]
        assert answer["hash"] is None
        assert isinstance(answer["content"], dict)
    else:
        assert "Something went wrong" not in answer["error"]
        assert "Traceback" not in answer["error"]


def test_a_script_stays_text(asker: Asked) -> None:
    content = tiny()
    content["title"] = content["employers"][0]["source"] = SCRIPT
    read = asker.well("build_read", toml=asker.well("build_toml", content=content)["toml"])
    assert read["content"]["title"] == read["content"]["employers"][0]["source"] == SCRIPT
    assert read["problems"] == []
    assert asker.well("build_open", content=content)["market"]["title"] == SCRIPT
    asker.well("open", scenario="tiny", seed=3)


def bad_contents() -> list[Any]:
    """What may stand in a message in place of a content."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    wide = {"a": [[0] * 300] * 300}
    return [
        None, 5, "x", [], True, float("nan"), {"months": float("nan")}, {"months": float("inf")}, {"months": 10**400},
        {"months": -(10**30)}, {"a": deep}, wide, {"a": "x" * 300_000}, {"a": {"b": "x" * 200_000, "c": "y" * 200_000}},
        {"a": {str(k): 1 for k in range(50_000)}}, {"months": b"x"}, {"months": {1, 2}}, {"months": object()},
        {"a": 1j}, {"x" * 300_000: 1},
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["build_check", "build_toml", "build_open", "build_link"])
@pytest.mark.parametrize("number", range(len(bad_contents())))
def test_bad_contents_are_refused_in_words(asker: Asked, what: str, number: int) -> None:
    asker.refused(what, content=bad_contents()[number])


@pytest.mark.parametrize(
    "fields",
    [{}, {"toml": 5}, {"toml": ["a"]}, {"toml": "x" * 300_000}, {"toml": "a=1", "name": "../x"}, {"file": "x"}],
)
def test_messages_of_another_form_are_refused(asker: Asked, fields: dict[str, Any]) -> None:
    asker.refused("build_read", **fields)


@pytest.mark.parametrize("source", ["nowhere", "../tiny", "/etc/passwd", "", "tiny.toml", SCRIPT, "x" * 81])
def test_a_start_from_nowhere_is_refused(asker: Asked, source: str) -> None:
    asker.refused("build_start", source=source)


def test_plain_tables_are_copied_and_bounded() -> None:
    read = plain(100, deepest=3, most_items=12)
    given = {"a": [1, 2.5, True, "x"], "b": {"c": None, "d": 1}}
    assert read("here", given) == {"a": [1, 2.5, True, "x"], "b": {"d": 1}}
    for bad in ({"a": "x" * 101}, {"a": [1] * 12}, {"a": [[[[1]]]]}):
        with pytest.raises(Wrong, match="here"):
            read("here", bad)


# ---- replays ---------------------------------------------------------------------------------------------------------


def test_a_replay_shows_the_same_session(asker: Asked) -> None:
    asker.well("open", scenario="tiny", seed=3)
    asker.well("step")
    asker.well("pull", policy="hiring", settings={"factor": 0.5, "employer": "Alpha"})
    asker.well("step")
    asker.well("parameter", name="h0", value=0.04)
    number = asker.session.here().in_force[0].number
    asker.well("release", number=number)
    asker.well("step")
    log = asker.well("log")["log"]
    wanted = asker.well("digest")["digest"]
    pulls = [[pull["month"], pull["kind"], pull["name"], pull["settings"], pull["number"]] for pull in log]
    answer = asker.well("replay", pulls=json.dumps(pulls))
    assert [pull["words"] for pull in answer["log"]] == [pull["words"] for pull in log]
    assert len(answer["past"]) == answer["month"] == 2
    asker.well("step")
    assert asker.well("digest")["digest"] == wanted
    asker.well("open", scenario="tiny", seed=3)


BAD_PULLS = [
    "", "x", "{}", "5", "null", "[1]", "[[]]", "[[1,2]]", '[[0,"policy","hiring",{}]]', '[[99,"policy","hiring",{},1]]',
    '[[-1,"policy","hiring",{},1]]', '[[0.5,"policy","hiring",{},1]]', '[["0","policy","hiring",{},1]]',
    '[[0,"magic","hiring",{},1]]', '[[0,"policy","nothing like it",{},1]]', '[[0,"policy",5,{},1]]',
    '[[0,"policy","hiring",{"factor":"x"},1]]', '[[0,"policy","hiring",{"factor":1e9},1]]',
    '[[0,"policy","hiring",{"factor":NaN},1]]', '[[0,"policy","hiring",[],1]]',
    '[[0,"policy","hiring",{"date":"2022-05"},1]]',
    '[[2,"policy","hiring",{},1],[1,"policy","hiring",{},2]]', '[[0,"release","hiring",{},1]]',
    '[[0,"change","hiring",{},1]]',
    '[[0,"parameter","h0",{},1]]', '[[0,"parameter","h0",{"value":"x"},1]]', '[[0,"parameter","h0",{"value":99},1]]',
    '[[0,"parameter","gravity",{"value":1},1]]', json.dumps([[0, "policy", "hiring", {}, 1]] * 201)[:7990],
    "[" * 7999, '[[0,"policy","hiring",{},1,"x"]]', "9" * 7000, json.dumps([[0, "p", "h", {}, 1]] * 201),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD_PULLS)))
def test_bad_pulls_are_refused_in_words(asker: Asked, number: int) -> None:
    asker.refused("replay", pulls=BAD_PULLS[number])


def test_there_are_hundreds_of_hostile_cases() -> None:
    cases = len(bad_codes()) + len(bad_files()) + len(shown_with_problems()) + 4 * len(bad_contents()) + len(BAD_PULLS)
    assert cases >= 200


def test_a_replay_that_fails_leaves_the_market_as_it_was(asker: Asked) -> None:
    asker.well("step")
    before = asker.well("digest")["digest"]
    asker.refused("replay", pulls='[[0,"policy","hiring",{},1],[3,"policy","nothing",{},2]]')
    assert asker.well("digest")["digest"] == before


def test_no_file_is_written(asker: Asked, tmp_path: Path) -> None:
    asker.well("build_read", toml=to_toml(scenario.load("tiny")))
    assert list(asker.session.options.results.iterdir()) == []
