"""TalentMarket is a Mesa model: the code of Mesa's tutorials on collecting and plotting runs on it unchanged."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import mesa
import numpy as np
import pandas as pd
import pytest
import seaborn as sns

from abm.agents import Lab, Researcher, Startup
from abm.model import TalentMarket
from abm.scenario import ScenarioError, load
from abm.tables import Employers, Researchers, Status
from tests.test_identities import BUSY


@pytest.fixture(autouse=True)
def nothing_that_goes_away() -> Iterator[None]:
    """No call that Mesa, pandas or seaborn will drop."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
            warnings.simplefilter("error", kind)
        method = multiprocessing.get_start_method(allow_none=True)
        yield
        multiprocessing.set_start_method(method, force=True)  # mesa.batch_run sets it for the whole process
    plt.close("all")


@pytest.fixture
def model() -> TalentMarket:
    """A year and a half of fifty people."""
    model = TalentMarket(BUSY, rng=3)
    for _ in range(15):
        model.step()
    return model


# ---- the tutorials ---------------------------------------------------------------------------------------------------


def test_the_tutorial_on_collecting_and_plotting() -> None:
    """Stock code of Mesa's introductory tutorial; only the names of model, reporters and columns are ours."""
    model = TalentMarket("tiny", rng=42)
    for _ in range(6):
        model.step()

    gini = model.datacollector.get_model_vars_dataframe()
    g = sns.lineplot(data=gini["pay_gini"])
    g.set(title="Gini of pay over time", ylabel="Gini")
    assert len(g.lines[0].get_ydata()) == 6

    agent_pay = model.datacollector.get_agent_vars_dataframe()
    assert agent_pay.index.names == ["Step", "AgentID"]
    last_step = agent_pay.index.get_level_values("Step").max()
    end_pay = agent_pay.xs(last_step, level="Step")["pay"]
    g = sns.histplot(end_pay, discrete=False)
    g.set(title="Distribution of pay at the end", xlabel="Pay", ylabel="number of agents")
    assert sum(patch.get_height() for patch in g.patches) == len(end_pay)

    one_agent_pay = agent_pay.xs(3, level="AgentID")
    g = sns.lineplot(data=one_agent_pay, x="Step", y="pay")
    g.set(title="Pay of agent 3 over time")
    assert len(one_agent_pay) == 6

    agent_list = [3, 5, 9]
    multiple = agent_pay[agent_pay.index.get_level_values("AgentID").isin(agent_list)].reset_index()
    g = sns.lineplot(data=multiple, x="Step", y="pay", hue="AgentID", errorbar=None, palette="tab10")
    assert g.get_legend() is not None

    researchers = model.datacollector.get_agenttype_vars_dataframe(Researcher)
    assert {"employer", "status", "utility", "n_ties"} == set(researchers.columns)
    assert set(model.datacollector.get_agenttype_vars_dataframe(Lab)["headcount"]) <= set(range(13))


def test_the_tutorial_on_agent_sets(model: TalentMarket) -> None:
    agents = model.agents
    staff = agents.select(lambda agent: isinstance(agent, Researcher) and agent.team >= 0)
    assert len(staff) == int((model.world.researchers.status == Status.EMPLOYED).sum())
    assert len(agents.select(agent_type=Lab)) == 3
    assert len(agents.select(agent_type=Researcher, at_most=5)) == 5
    best = staff.sort("pay", ascending=False)
    assert best.to_list()[0].pay == model.world.researchers.pay.max()
    pay = staff.get("pay")
    assert np.allclose(sorted(pay), sorted(model.world.researchers.pay[model.world.researchers.team >= 0]))
    assert staff.agg("pay", np.mean) == pytest.approx(np.mean(pay))
    assert staff.agg("pay", [min, max]) == [min(pay), max(pay)]
    by_employer = staff.groupby("employer_name")
    assert by_employer.agg("pay", np.mean)["Alpha"] == pytest.approx(model.employer(0).pay)
    n = by_employer.count()
    assert sum(n.values()) == len(staff) and n["Alpha"] == model.employer(0).headcount
    names = staff.map(lambda agent: agent.team_name)
    assert set(names) <= set(model.world.team_names)
    frame = pd.DataFrame({"pay": pay, "team": names, "ties": staff.get("n_ties")})
    assert frame.groupby("team")["pay"].mean().gt(0).all()


def test_do_and_shuffle_do_reach_the_columns(model: TalentMarket) -> None:
    people = model.agents_by_type[Researcher]
    seen: list[int] = []
    people.shuffle_do(lambda agent: seen.append(agent.row))
    assert sorted(seen) == sorted(agent.row for agent in people)
    before = model.world.researchers.reputation.copy()
    people.do(lambda agent: setattr(agent, "reputation", agent.reputation + 1.0))
    gained = model.world.researchers.reputation - before
    assert set(np.flatnonzero(gained).tolist()) == set(seen)
    people.set("visibility", 2.5)
    assert (model.world.researchers.visibility[seen] == 2.5).all()


def test_agents_by_type(model: TalentMarket) -> None:
    assert set(model.agents_by_type) == {Researcher, Lab, Startup} == set(model.agent_types)
    assert {lab.name for lab in model.agents_by_type[Lab]} == {"Alpha", "Beta", "City University"}
    assert [lab.is_university for lab in model.agents_by_type[Lab]] == [False, False, True]
    assert sum(len(group) for group in model.agents_by_type.values()) == len(model.agents)


@pytest.mark.parametrize("collect", [True, False])
def test_batch_run_over_a_range_and_seeds(collect: bool) -> None:
    parameters = {"scenario": "tiny", "h0": [0.01, 0.05], "collect": collect}
    runs = mesa.batch_run(
        TalentMarket,
        parameters=parameters,
        rng=[1, 2],
        max_steps=4,
        number_processes=1,
        data_collection_period=1,
        display_progress=False,
    )
    frame = pd.DataFrame(runs)
    if not collect:  # nothing was collected, so there is nothing to see; the runs themselves worked
        assert frame.empty
        return
    assert frame["RunId"].nunique() == 4
    assert set(zip(frame["h0"], frame["rng"], strict=True)) == {(h, s) for h in (0.01, 0.05) for s in (1, 2)}
    assert set(frame["Step"]) == {1, 2, 3, 4}
    assert {"AgentID", "pay", "mean_pay", "n_employed", "new_departures"} <= set(frame.columns)
    again = TalentMarket("tiny", rng=2, h0=0.05)
    for _ in range(4):
        again.step()
    last = frame[(frame["h0"] == 0.05) & (frame["rng"] == 2) & (frame["Step"] == 4)]
    assert last["mean_pay"].unique().tolist() == [again.datacollector.model_vars["mean_pay"][-1]]
    g = sns.pointplot(data=frame.drop_duplicates(["RunId", "Step"]), x="Step", y="mean_pay", hue="h0", errorbar="sd")
    assert g.get_legend() is not None


def test_settings_by_dotted_key_in_a_batch() -> None:
    parameters = {"scenario": "tiny", "employers.Beta.pay_level": [1.0, 1.5], "months": 2}
    runs = mesa.batch_run(TalentMarket, parameters=parameters, rng=[5], number_processes=1, display_progress=False)
    frame = pd.DataFrame(runs).drop_duplicates("RunId")
    assert set(frame["Step"]) == {2}, "the model says itself when it is over"
    assert frame["mean_pay"].nunique() == 2


# ---- views -----------------------------------------------------------------------------------------------------------


def test_views_read_and_write_the_columns(model: TalentMarket) -> None:
    world = model.world
    kinds = [(Researchers, world.researchers, model.agents_by_type[Researcher])]
    kinds.append((Employers, world.employers, model.agents_by_type[Lab]))
    for declared, table, views in kinds:
        for view in list(views)[:5]:
            for name in declared.columns:
                held = getattr(table, name)[view.row]
                if name in vars(type(view)) and isinstance(vars(type(view))[name], property):
                    continue  # a richer attribute of the same name
                assert np.array_equal(getattr(view, name), held), name
                if table is world.researchers and np.ndim(held) == 0 and name not in ("team", "next_team"):
                    setattr(view, name, held + 1)
                    assert getattr(table, name)[view.row] == held + 1
                    assert getattr(view, name) == held + 1
                    getattr(table, name)[view.row] = held
    person = model.researcher(3)
    assert person is not None
    person.ideal = np.full(6, 0.25)
    assert (world.researchers.ideal[3] == 0.25).all()
    person.ideal[2] = 0.75
    assert world.researchers.ideal[3, 2] == 0.75


def test_what_a_view_writes_has_consequences() -> None:
    plain, changed = TalentMarket("tiny", rng=9), TalentMarket("tiny", rng=9)
    person = next(iter(changed.agents_by_type[Researcher]))
    person.pay = 5000.0
    for each in (plain, changed):
        each.step()
    assert person.pay > 1000
    assert person.utility > plain.researcher(person.row).utility + 1.0


def test_derived_attributes(model: TalentMarket) -> None:
    world = model.world
    for person in model.agents_by_type[Researcher]:
        team = int(world.researchers.team[person.row])
        assert person.status_name == Status(int(world.researchers.status[person.row])).name.lower().replace("_", " ")
        assert person.employer_name == ("" if team < 0 else world.employer_names[world.teams.employer[team]])
        assert (person.employer is None) == (team < 0)
        assert person.employer is None or person in person.employer.staff
        assert person.site_name in {"Paris", "New York"}
        here = {friend.row for friend in person.collaborators}
        assert here <= set(
            world.ties.neighbour[world.ties.start[person.row] : world.ties.start[person.row + 1]].tolist()
        )
    for lab in (*model.agents_by_type[Lab], *model.agents_by_type[Startup]):
        assert lab.headcount == len(lab.staff)
        assert lab.pay == pytest.approx(np.mean([person.pay for person in lab.staff]) if lab.staff else 0.0)
        assert set(lab.team_names) <= set(world.team_names)


def test_researchers_and_startups_appear_and_vanish() -> None:
    model = TalentMarket(BUSY, rng=3, collect=False)
    seen: set[str] = set()
    ids: dict[int, int] = {}
    for _ in range(24):
        model.step()
        world = model.world
        gone = (Status.NOT_ENTERED, Status.LEFT_FIELD)
        here = set(np.flatnonzero(~np.isin(world.researchers.status, gone)).tolist())
        assert {person.row for person in model.agents_by_type[Researcher]} == here
        for person in model.agents_by_type[Researcher]:
            assert ids.setdefault(person.row, person.unique_id) == person.unique_id, "one view for one life"
        alive = {world.employer_names[row] for row in np.flatnonzero(world.employers.is_open & world.is_startup())}
        views = {startup.name for startup in model.agents_by_type.get(Startup, ())}
        assert views == alive
        seen |= views
    assert seen - views, "none vanished: the test shows nothing"
    assert model.researcher(int(np.flatnonzero(model.world.researchers.status == Status.LEFT_FIELD)[0])) is None
    assert model.employer(int(np.flatnonzero(model.world.employers.closed_month >= 0)[0])) is None


def test_views_are_not_made_before_somebody_asks() -> None:
    model = TalentMarket("tiny", rng=1, collect=False)
    model.step()
    assert len(model._all_agents) == 0
    assert len(model.agents) > 0
    assert len(model._all_agents) == len(model.agents)


def test_two_models_in_one_process_have_their_own_views() -> None:
    one, other = TalentMarket("tiny", rng=1), TalentMarket("tiny", rng=1)
    held = other.world.digest()
    one.agents_by_type[Researcher].set("pay", 1.0)
    next(iter(one.agents_by_type[Lab])).prestige = 9.0
    assert other.world.digest() == held
    assert one.researcher(0) is not other.researcher(0)
    assert one.researcher(0).pay == 1.0 != other.researcher(0).pay
    one.step()
    assert other.world.digest() == held and len(other.datacollector.model_vars["mean_pay"]) == 0


def test_a_user_may_add_reporters_and_subclass() -> None:
    class Watched(TalentMarket):
        """A study that records one thing more and does one thing more."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.datacollector = mesa.DataCollector(
                model_reporters={"People": lambda m: len(m.agents_by_type[Researcher]), "month": "month"},
                agent_reporters={"Tenure": lambda a: getattr(a, "tenure", None)},
            )

        def step(self) -> None:
            super().step()
            self.agents_by_type[Researcher].do(lambda agent: None)

    model = Watched("tiny", rng=2)
    for _ in range(3):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["month"].tolist() == [1, 2, 3]
    assert frame["People"].tolist()[-1] == len(model.agents_by_type[Researcher])
    plain = TalentMarket("tiny", rng=2, collect=False)
    for _ in range(3):
        plain.step()
    assert plain.world.digest() == model.world.digest()


# ---- time and events -------------------------------------------------------------------------------------------------


def layoffs(model: TalentMarket) -> set[int]:
    rows = model.world.ledger.table("departures")
    return set(rows["month"][rows["cause"] == 4].tolist()) if rows else set()


def test_mesa_delivers_the_dated_events() -> None:
    """The small layoff of `tiny` (T04, 2022-09) happens in month 8, and not when its Mesa event is cancelled."""
    plain = TalentMarket("tiny", rng=1, collect=False)
    plain.run_for(12)
    assert layoffs(plain) == {8}
    cancelled = TalentMarket("tiny", rng=1, collect=False)
    (event,) = [event for event in cancelled._event_list.peek_ahead(20) if event.time == 8.5]
    event.cancel()
    cancelled.run_for(12)
    assert layoffs(cancelled) == set()


def test_the_same_as_leaving_the_event_out_of_the_scenario() -> None:
    left_out = TalentMarket(load("tiny").without_events(["T04"]), rng=1, collect=False)
    plain = TalentMarket("tiny", rng=1, collect=False)
    for _ in range(8):
        left_out.step()
        plain.step()
        assert left_out.world.digest() == plain.world.digest()
    left_out.step()
    plain.step()
    assert left_out.world.digest() != plain.world.digest()


class PayRise:
    """What a user may want to happen at a date; Mesa keeps a weak reference, so the user keeps the object."""

    def __init__(self, model: TalentMarket) -> None:
        self.model = model
        self.months: list[int] = []

    def happen(self) -> None:
        self.months.append(self.model.month)
        self.model.world.researchers.pay *= 2.0


def test_an_event_of_the_user() -> None:
    model, plain = TalentMarket("tiny", rng=1, collect=False), TalentMarket("tiny", rng=1, collect=False)
    rise = PayRise(model)
    model.schedule_event(rise.happen, at=4.5)  # after the fourth month, before the fifth
    mean = []
    for _ in range(6):
        model.step()
        plain.step()
        mean.append(model.world.researchers.pay.sum() / plain.world.researchers.pay.sum())
    assert rise.months == [4]
    assert mean[:4] == [1.0] * 4 and mean[4] > 1.5


def test_an_event_of_the_user_that_is_cancelled() -> None:
    model, plain = TalentMarket("tiny", rng=1, collect=False), TalentMarket("tiny", rng=1, collect=False)
    rise = PayRise(model)
    model.schedule_event(rise.happen, at=4.5).cancel()
    model.run_for(6)
    plain.run_for(6)
    assert rise.months == []
    assert model.world.digest() == plain.world.digest()


def test_time_is_months_and_the_model_says_when_it_is_over() -> None:
    model = TalentMarket("tiny", rng=1, collect=False)
    assert (model.time, model.steps, model.month, model.running) == (0, 0, 0, True)
    model.step()
    assert (model.time, model.steps, model.month) == (1, 1, 1)
    n = 1
    while model.running:
        model.step()
        n += 1
    assert n == model.month == 12
    model.step()
    assert model.month == 12 and not model.running


def test_a_seed_of_mesa_is_the_seed_of_the_world() -> None:
    for rng in (11, np.int64(11), "11"):  # a text field of Mesa's viewer gives text
        assert TalentMarket("tiny", rng=rng, collect=False).world.streams.seed == 11
    assert len({TalentMarket("tiny", collect=False).world.streams.seed for _ in range(3)}) == 3, "None draws one"


@pytest.mark.parametrize(
    "state",
    [np.random.SeedSequence, np.random.default_rng, np.random.PCG64, np.random.MT19937, lambda seed: [seed, 5]],
    ids=["SeedSequence", "Generator", "PCG64", "MT19937", "sequence"],
)
def test_what_numpy_takes_for_a_seed_is_one(state: Callable[[int], Any]) -> None:
    seeds = [TalentMarket("tiny", rng=state(seed), collect=False).world.streams.seed for seed in (3, 3, 4)]
    assert seeds[0] == seeds[1] != seeds[2] and all(0 <= seed < 2**63 for seed in seeds)


def test_a_generator_that_two_models_share_gives_two_seeds() -> None:
    shared = np.random.default_rng(3)
    seeds = [TalentMarket("tiny", rng=shared, collect=False).world.streams.seed for _ in range(2)]
    assert seeds[0] != seeds[1]
    assert seeds == np.random.default_rng(3).integers(2**63, size=2).tolist()


REFUSED = [-1, np.int64(-1), 1.5, True, "one", "-1", "1.0", {}, object(), [1, "a"]]


@pytest.mark.parametrize("rng", REFUSED, ids=[*map(repr, REFUSED[:8]), "an object", repr(REFUSED[9])])
def test_what_is_no_seed_is_refused_in_words(rng: Any) -> None:
    with pytest.raises(ValueError, match=r"^rng: came .*; expected a non-negative integer or a NumPy generator"):
        TalentMarket("tiny", rng=rng)


def test_seed_is_refused_by_its_name() -> None:
    """Mesa 3.5 deprecates it and Mesa 4 has it no longer."""
    with pytest.raises(ScenarioError, match=r"seed: came 3; .* Fix: rng=3"):
        TalentMarket("tiny", seed=3)


# ---- Mesa's scenarios and its viewer ---------------------------------------------------------------------------------


def outline(model: TalentMarket) -> tuple[str, float, int]:
    return model.world.scenario.name, model.world.parameters.h_ties, model.world.streams.seed


def test_a_scenario_of_mesa_says_which_market_and_its_settings() -> None:
    usual = TalentMarket().world.scenario
    for given in (None, mesa.experimental.scenarios.Scenario()):
        assert TalentMarket(scenario=given).world.scenario == usual == load("meta_fair")
    given = mesa.experimental.scenarios.Scenario(rng=5, scenario="tiny", h_ties=0.25)
    assert outline(TalentMarket(scenario=given)) == ("tiny", 0.25, 5)
    assert outline(TalentMarket(scenario=given, rng=6, h_ties=0.5)) == ("tiny", 0.5, 6), "what is said here counts"
    assert outline(TalentMarket(scenario="tiny", rng=1))[0] == outline(TalentMarket(load("tiny"), rng=1))[0] == "tiny"
    with pytest.raises(ScenarioError, match="expected one"):
        TalentMarket("tiny", scenario="meta_fair")
    with pytest.raises(ScenarioError, match="h_tie"):
        TalentMarket(scenario=mesa.experimental.scenarios.Scenario(scenario="tiny", h_tie=1.0))


def test_a_class_of_scenarios_of_the_user() -> None:
    class Mine(mesa.experimental.scenarios.Scenario[Any]):
        """A market of the user's."""

        scenario: str = "tiny"
        h_ties: float = 0.25

    model = TalentMarket(scenario=Mine(rng=4))
    assert outline(model) == ("tiny", 0.25, 4)
    assert isinstance(model.scenario, Mine) and model.scenario.h_ties == 0.25
    assert outline(TalentMarket(scenario=type(model.scenario)(h_ties=0.75), rng=4)) == ("tiny", 0.75, 4)


def test_the_scenario_of_a_model_makes_its_twin() -> None:
    model = TalentMarket("tiny", rng=2, h_ties=0.1, **{"employers.Alpha.compute": 77})
    twin = TalentMarket(scenario=model.scenario)
    assert twin.scenario is not model.scenario and twin.world.scenario == model.world.scenario != load("tiny")
    for each in (model, twin):
        each.run_for(12)
    assert twin.world.digest() == model.world.digest()


def reset(model: TalentMarket, parameters: dict[str, Any]) -> TalentMarket:
    """What Reset of Mesa's viewer does."""
    viewer = pytest.importorskip("mesa.visualization.solara_viz")
    named = viewer._build_model_init_kwargs(
        model, parameters, add_scenario_when_empty=True, require_model_accepts_scenario=True
    )
    viewer._check_model_params(model, parameters)
    return type(model)(**named)


def test_reset_of_the_viewer_keeps_the_market_and_takes_the_parameters() -> None:
    model = TalentMarket("tiny", rng=1, h_ties=0.1)
    again = reset(model, {})
    assert outline(again)[:2] == ("tiny", 0.1) and again.world.streams.seed != 1
    assert outline(reset(model, {"rng": 1})) == ("tiny", 0.1, 1)
    changed = reset(reset(model, {"rng": 3, "h_ties": 0.9}), {"rng": "3", "h0": 0.05})
    assert outline(changed) == ("tiny", 0.9, 3) and changed.world.parameters.h0 == 0.05
    assert outline(reset(model, {"rng": 1, "scenario": "google_transformer"}))[0] == "google_transformer"
    assert outline(model) == ("tiny", 0.1, 1), "the first model is as it was"
    assert outline(reset(TalentMarket(), {"rng": 1}))[0] == "meta_fair"


def test_plain_runs_make_no_classes() -> None:
    """Mesa keeps a counter for every class of scenarios, for ever: only whoever asks for the scenario pays."""
    before = len(mesa.experimental.scenarios.Scenario._ids)
    for rng in range(3):
        TalentMarket("tiny", rng=rng, collect=False).step()
    assert len(mesa.experimental.scenarios.Scenario._ids) <= max(before, 1)
