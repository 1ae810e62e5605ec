"""An interactive WebGL view of whole volumes, which needs the optional package ipyniivue."""

from pathlib import Path
from typing import Any

from guidednet.errors import InputError


def volume_view(image: str | Path, label: str | Path | None = None) -> Any:
    """A widget with the NIfTI scan `image` and the label map `label` over it.

    Raises InputError if ipyniivue is not installed or a file is missing.
    """
    try:
        from ipyniivue import NiiVue
    except ImportError:
        raise InputError(
            "volume view: ipyniivue is not installed; run pip install 'guidednet[volume]'"
        ) from None
    paths = [Path(path) for path in (image, label) if path is not None]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file; give the path of a NIfTI file")
    viewer = NiiVue()
    colours = ("gray", "actc")
    viewer.load_volumes(
        [
            {"path": str(path), "colormap": colour}
            for path, colour in zip(paths, colours, strict=False)
        ]
    )
    return viewer
