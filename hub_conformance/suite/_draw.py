"""How Hypothesis draws for the suite: the same cases in every run, and no stopwatch."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def draws(examples: int) -> settings:
    """Settings for a rule that draws this many examples.

    Derandomised and without a database, so that two runs against one hub send the same requests.
    No deadline and no check for slowness: how fast a hub answers is not what is judged. The phase
    that explains a failure is left out, since it costs many more requests than it is worth.
    """
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow,),
    )
