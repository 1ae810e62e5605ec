"""An interactive view of whole volumes in WebGL, where the optional package ipyniivue and a
graphics browser are at hand.
"""

from pathlib import Path
from typing import Any

from guidednet.errors import InputError


def volume_view(image: str | Path, label: str | Path | None = None) -> Any:
    """A widget with the NIfTI scan `image` and, over it, the label map; raises InputError without
    ipyniivue or without the files.
    """
    try:
        from ipyniivue import NiiVue
    except ImportError:
        raise InputError(
            "the volume view needs the package ipyniivue: pip install 'guidednet[volume]'"
        ) from None
    paths = [Path(path) for path in (image, label) if path is not None]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: not there; give the path of a NIfTI file")
    viewer = NiiVue()
    colours = ("gray", "actc")
    viewer.load_volumes(
        [
            {"path": str(path), "colormap": colour}
            for path, colour in zip(paths, colours, strict=False)
        ]
    )
    return viewer
