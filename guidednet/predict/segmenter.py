"""A trained model in Python: `load` it once, then `predict` images of any form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from guidednet.data.nifti import as_image
from guidednet.data.scan import check_hounsfield
from guidednet.data.volume import Volume
from guidednet.predict.images import labels_like, volume_of
from guidednet.predict.volume import (
    Extras,
    check_extras,
    organ_names,
    predict_volume,
    predictor_of,
)
from guidednet.runs.model_file import Model, load_model
from guidednet.support.progress import tell


def load(path: Path | str) -> "Segmenter":
    """The trained model of a run folder or of an exported file, on the CPU.

    Raises InputError for a path that is neither, and for weights that are not the run's own.
    """
    return Segmenter(load_model(path), Path(path))


@dataclass(frozen=True)
class Segmenter:
    """A trained model that segments scans; `load` makes one."""

    model: Model
    source: Path

    @property
    def labels(self) -> dict[int, str]:
        """The organs by their number in label maps: {1: "liver", ...}; 0 is the background."""
        organs = self.model.config.organs
        return {organs.ids[label]: organ.name for label, organ in organs.in_order}

    def predict(
        self,
        image: Any,
        *,
        affine: np.ndarray | None = None,
        probabilities: bool = False,
        uncertainty: bool = False,
        flips: bool = False,
        largest_component: Sequence[str] | str = (),
        ensemble: bool = False,
        device: str = "cpu",
        series: str | None = None,
        assume_hu: bool = False,
    ) -> Any:
        """Segment a scan in HU on its own grid; these are the labels of `guidednet predict`.

        `image` is a path (NIfTI, DICOM folder), a nibabel image, a torchio ScalarImage or Subject,
        a SimpleITK image, or an array (X,Y,Z) with its `affine` (4,4) to RAS mm. The label map has
        the same form: a nibabel image for a path, a copy with a LabelMap "prediction" for a
        Subject. With `probabilities` or `uncertainty` the result is a Prediction, whose `labels`
        is that label map. `flips` averages over the scan and its mirror images; of each organ in
        `largest_component` (names, or "all") only the largest connected part stays; `ensemble`
        averages both networks of a two-network method. `series` chooses a series of a DICOM folder,
        and `assume_hu` accepts values that do not look like HU.

        Raises InputError for an image that is no usable CT, an unknown organ or device.
        """
        organs = self.model.config.organs
        kept = organ_names(largest_component, organs)
        extras = Extras(probabilities, uncertainty, flips, kept)
        check_extras(extras, self.model.config, tell)
        network = predictor_of(self.model, self.source, _name(ensemble), device)
        volume = self._checked(image, volume_of(image, affine, series, assume_hu), assume_hu)
        found = predict_volume(volume, self.model, network, extras, device)
        labels = labels_like(image, found.labels, organs.ids, volume)
        wants_maps = probabilities or uncertainty
        return replace(found, labels=labels) if wants_maps else labels

    def _checked(self, image: Any, volume: Volume, assume_hu: bool) -> Volume:
        """The volume as float32, after its doubts are told; raises InputError if it is no CT."""
        name = str(image) if isinstance(image, str | Path) else "the image"
        scan = as_image(name, volume)
        for note in scan.notes:
            tell(note)
        if not assume_hu:
            check_hounsfield(name, scan, self.model.prepare.hu_window)
        return scan


def _name(ensemble: bool) -> str:
    return "ensemble" if ensemble else "primary"
