"""A session's history as the folder that `talent run` writes: all tables, the page and the provenance, in one file."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from abm import files
from abm.run import simulate
from abm.scenario import Scenario
from viz import report
from viz.jobs import Report


def folder(tell: Report, scenario: Scenario, seed: int, command: str, more: dict[str, str]) -> npt.NDArray[np.uint8]:
    """Run a history again and pack its files.

    Args:
        tell: of progress.
        scenario: with its interventions, as many months as are wanted.
        seed: of the session.
        command: that makes the same folder, for the provenance record.
        more: further texts by the name of their file.

    Returns:
        The bytes of a ZIP file.
    """
    tell(0, 3)
    result = simulate(scenario, seed)
    tell(1, 3)
    made = io.BytesIO()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files.write_run(place, scenario, seed, [result], command)
        report.write_report(place)
        tell(2, 3)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(place.iterdir()):
                packed.write(path, f"{scenario.name}/{path.name}")
            for called, text in more.items():
                packed.writestr(called, text)
    tell(3, 3)
    return np.frombuffer(made.getvalue(), dtype=np.uint8)
