"""The time left follows the cost of what is left, not the number of steps."""

import pytest

from guidednet.support.time_left import TimeLeft

CHEAP, DEAR = [1.0] * 500, [5.0] * 300  # a warm start, then steps that cost five times as much


def announced(left, costs, slowness, workers=1):
    """The announced whole time after every item of `costs`, and the real whole time."""
    so_far, found = 0.0, []
    for place, cost in enumerate(costs):
        taken = cost * slowness(place / len(costs))
        so_far += taken / workers
        left.add(cost, taken)
        found.append((left.share, so_far + left.seconds))
    return found, so_far


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("expected", [None, 1.0])
def test_cheap_steps_first_do_not_deceive(workers, expected):
    """The machine is three times slower than expected; steps counted alone would be wrong by 2.5."""
    left = TimeLeft(2000, pace=expected, workers=workers)
    found, real = announced(left, CHEAP + DEAR, lambda share: 3.0, workers)
    assert real == pytest.approx(3 * 2000 / workers)
    late = [whole / real for share, whole in found if share >= 0.1]
    assert min(late) > 0.9 and max(late) < 1.1


def test_a_machine_that_becomes_busy_is_followed_without_jumps():
    left = TimeLeft(1000, pace=1.0)
    found, real = announced(left, [1.0] * 1000, lambda share: 1.0 if share < 0.5 else 3.0)
    wholes = [whole for _, whole in found]
    assert max(abs(b - a) for a, b in zip(wholes, wholes[1:], strict=False)) < 0.01 * real
    assert wholes[800] == pytest.approx(real, rel=0.15)


def test_what_an_earlier_session_did_is_left_out():
    left = TimeLeft(100, pace=1.0)
    left.leave_out(60)
    assert left.share == 0 and left.seconds == pytest.approx(40)
    left.add(40, seconds=80)
    assert left.share == 1 and left.seconds == 0


def test_nothing_is_announced_before_anything_is_known():
    left = TimeLeft(19)
    assert left.seconds is None
    left.add(1, seconds=10)
    assert left.seconds == pytest.approx(180)
