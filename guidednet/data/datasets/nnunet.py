"""The dataset.json of nnU-Net and of the Medical Segmentation Decathlon, as a description."""

import re
from pathlib import Path
from typing import Any

from guidednet.data.datasets.base import ENDING
from guidednet.errors import InputError

NNUNET = ("channel_names", "modality", "file_ending", "numTraining", "training", "tensorImageSize")


def is_nnunet(document: dict[str, Any]) -> bool:
    """Whether `document` is a dataset.json of nnU-Net or the Medical Segmentation Decathlon."""
    ours = {"images", "segmentations", "cases"} & set(document)
    return not ours and any(
        isinstance(document.get(key), dict | list) or key in ("file_ending", "numTraining")
        for key in NNUNET
        if key in document
    )


def from_nnunet(document: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """The same in our form; raises InputError for several channels or another file ending."""
    channels = document.get("channel_names", document.get("modality", {"0": "CT"}))
    channels = channels if isinstance(channels, dict) else {}
    if len(channels) != 1:
        raise InputError(f"field 'channel_names' has {len(channels)} channels; one is read here")
    ending = document.get("file_ending", ENDING)
    if ending not in (ENDING, ".nii"):
        raise InputError(f"field 'file_ending': {ending!r}; convert the files to {ENDING}")
    (channel,) = channels.values()
    suffix = _nnunet_suffix(folder, ending)
    return {
        "labels": document.get("labels"),
        "modality": "CT" if str(channel).upper().startswith("CT") else "MR",
        "images": [f"{part}/{{case}}{suffix}" for part in ("imagesTr", "imagesTs")],
        "segmentations": [f"labelsTr/{{case}}{ending}"],
        "always_labelled": ["imagesTr/*"],
        "never_labelled": ["imagesTs/*"],
    } | ({"name": _as_name(document["name"])} if document.get("name") else {})


def _nnunet_suffix(folder: Path | None, ending: str) -> str:
    """nnU-Net adds the number of the channel to an image's name; the Decathlon does not."""
    images = (folder / "imagesTr").glob(f"*{ending}") if folder else iter(())
    names = [path.name for path in images if not path.name.startswith(".")]
    plain = names and not any(name.endswith(f"_0000{ending}") for name in names)
    return ending if plain else f"_0000{ending}"


def _as_name(text: Any) -> str:
    """`text` as a name that can be a folder's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", str(text)).strip("_.-")[:64] or "dataset"
