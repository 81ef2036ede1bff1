"""Makes an exploration of what a command line asks for."""

import argparse
from math import inf

from conformance.engine.run import Options
from conformance.errors import InputError
from conformance.explore.exploration import Exploration
from conformance.explore.extent import AREA, Extent
from conformance.loader.suite import Suite
from conformance.target.target import Target


def exploration(
    suite: Suite, target: Target, arguments: argparse.Namespace, only: tuple[int, int] | None
) -> Exploration:
    """Return an exploration; raise `InputError` if the suite has no model."""
    if suite.make_model is None:
        raise InputError(f"the suite {suite.name} brings no model, so nothing can be explored")
    seed, number = only or (arguments.seed, None)
    seconds = arguments.seconds
    if seconds is None:
        seconds = 60.0 if arguments.dialogues is None and only is None else inf
    options = Options(
        timeout_scale=arguments.timeout_scale,
        selection=(AREA,),
        force=arguments.force,
        jobs=1,
    )
    extent = Extent(seed, arguments.dialogues, seconds, number)
    return Exploration(suite, target, [], options, model=suite.make_model(), extent=extent)
