"""A run of fifty galaxies, simulated and real, and a server of its page."""

import contextlib
import threading
from dataclasses import replace
from itertools import groupby, islice
from operator import attrgetter

import pytest

import mangapa
from mangapa.inspection import JudgementStore
from mangapa.inspection._store_file import FILE_NAME
from mangapa.runs._store import Result, RunStore
from mangapa.runs._workers import result_of
from mangapa.usability.labels import unpack
from tests.conftest import SHARED_DATA

N_GALAXIES, N_REAL = 50, 30
#: A galaxy without gas.
NO_GAS = "8003-1901"


def simulated(number):
    galaxy = mangapa.simulate_galaxy(
        plateifu=f"{8000 + number}-1901",
        n_fibres=19,
        pa_stellar=30 * number,
        pa_halpha=45 * number,
        seed=number,
    )
    return replace(galaxy, halpha=None) if galaxy.plateifu == NO_GAS else galaxy


def real():
    """Fields that were read from published figures, if the shared data are available."""
    packed = SHARED_DATA / "velocity_fields.npz"
    if not packed.is_file():
        return
    pairs = groupby(unpack(packed, only=set(range(80))), key=attrgetter("galaxy"))
    for name, pair in islice(pairs, N_REAL):
        yield mangapa.Galaxy(plateifu=name, **{field.tracer: field for field in pair})


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Fifty galaxies, one of them without gas, and one failure."""
    folder = tmp_path_factory.mktemp("run")
    galaxies = list(real())
    galaxies += [simulated(number) for number in range(N_GALAXIES - len(galaxies))]
    with RunStore(folder, {"release": "DR17"}) as store:
        store.add_sources([*(galaxy.plateifu for galaxy in galaxies), "bad"])
        for galaxy in galaxies:
            store.add(result_of(galaxy.plateifu, mangapa.measure(galaxy)))
        store.add(Result(source="bad", error="there is no file <b>bad</b>; check the name"))
    return folder


@pytest.fixture
def run_of(galaxy, tmp_path):
    """Make a run whose galaxies have these names."""

    def make(names):
        result = result_of("a", mangapa.measure(galaxy))
        with RunStore(tmp_path / "run", {}) as store:
            store.add_sources(map(str, range(len(names))))
            for number, name in enumerate(names):
                result.parts["galaxy"] |= {"plateifu": name, "mangaid": name, "name": name}
                store.add(replace(result, source=str(number)))
        return tmp_path / "run"

    return make


@pytest.fixture
def store(tmp_path):
    """A store with three galaxies and no judgements."""
    with JudgementStore(tmp_path / FILE_NAME, create=True) as opened:
        opened.add_galaxies({"8485-1901": "1-209232", "7443-12703": None, "8000-1901": None})
        yield opened


@pytest.fixture
def served(run, tmp_path):
    """Serve the run to an expert, by default with a new store of judgements."""
    with contextlib.ExitStack() as stack:

        def serve(
            expert="vera",
            *,
            folder=run,
            path=tmp_path / FILE_NAME,
            port=0,
            show_scores=False,
            **order,
        ):
            from mangapa.inspection._galaxies import InspectedGalaxies
            from mangapa.inspection._ordering import plan
            from mangapa.inspection._server import Inspection, InspectionServer

            galaxies = InspectedGalaxies.of_run(folder)
            judgements = stack.enter_context(JudgementStore(path, create=True))
            judgements.add_galaxies(galaxies.mangaids())
            inspection = Inspection(
                galaxies=galaxies,
                store=judgements,
                expert=expert,
                plan=plan(galaxies.scores(), **order),
                show_scores=show_scores,
            )
            server = stack.enter_context(InspectionServer(inspection, port))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return server.address, inspection

        yield serve
