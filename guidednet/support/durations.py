"""Durations in words."""


def in_words(seconds: float) -> str:
    """`seconds` as a person says them: "40 s", "6 min", "2 h 10 min" or "3.5 days".

    They are rounded to about two figures, because no estimate is better than that.
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60 // 10 * 10} min"
    return f"{minutes / 60 / 24:.1f} days"


def on_a_clock(seconds: float) -> str:
    """`seconds` as minutes and seconds, "2:05", or hours, minutes and seconds, "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
