"""A trained network for other programs: safetensors, TorchScript or ONNX, and what it needs beside.

Beside the network stand a JSON file with the preparation of its images, its labels and its window,
and a model card. The packages safetensors, onnx and onnxscript are optional.
"""

import warnings
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from guidednet.errors import InputError, one_of
from guidednet.exports.card import model_card
from guidednet.networks import UNet3D
from guidednet.runs.model_file import Model, load_model
from guidednet.runs.record import read_record
from guidednet.support.files import check_file, file_hash, write_json, write_text, written_beside

FORMAT = "guidednet network"
PREPARATION = (
    "turn the scan to RAS+ and take its axes as (z, y, x); clip to hu_window, if there is one; "
    "resample to spacing_mm (z, y, x) with cubic B-splines; map the percentiles of each volume to "
    "0 and 1 and clip, or, with z_score, clip to its window and scale by its mean and deviation"
)
USE = (
    "slide a window of `size` by `stride` (z, y, x) over the volume, which is padded with its "
    "minimum if it is smaller; average the softmax of the logits over all windows on a voxel; the "
    "class is the largest"
)


class Logits(nn.Module):
    """The logits (B,K,D,H,W) of images (B,1,D,H,W), averaged over `networks`."""

    def __init__(self, networks: list[UNet3D]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, image: Tensor) -> Tensor:
        """The mean logits of `image`."""
        found = [network(image).logits for network in self.networks]
        return found[0] if len(found) == 1 else torch.stack(found).mean(0)


def export_network(run_folder: Path, output: Path, kind: str, ensemble: bool = False) -> list[Path]:
    """Write the network of a finished run in the format `kind`; returns all files.

    `ensemble` averages both networks of a two-network method. Beside `output` stand files of the
    same name with .json and .md. Raises InputError for an unknown format, for a package that is not
    installed, and if the folder holds no finished run.
    """
    write = one_of("format", kind, WRITERS)
    card, described = output.with_suffix(".md"), output.with_suffix(".json")
    for path in (output, card, described):
        check_file(path)
    record, model = read_record(run_folder), load_model(run_folder)
    logits = Logits(_networks(model, ensemble)).eval()
    example = torch.zeros(1, 1, *model.config.window.size)
    with written_beside(output) as temporary, torch.inference_mode():
        write(logits, example, temporary)
    write_json(described, _description(model, record, output, kind, ensemble))
    write_text(card, model_card(run_folder, output, ensemble))
    return [output, described, card]


def _networks(model: Model, ensemble: bool) -> list[UNet3D]:
    """The primary network, or both networks of a two-network method."""
    method = model.method
    predictors = method.predictors()
    if not ensemble:
        return [predictors["primary"]]
    if "ensemble" not in predictors:
        raise InputError(f"method {model.config.method} has no ensemble; leave out --ensemble")
    return [method.network_a, method.network_b]


def _description(
    model: Model, record: dict[str, Any], output: Path, kind: str, ensemble: bool
) -> dict[str, Any]:
    """Everything that a program needs to use the network in `output`."""
    config, organs = model.config, model.config.organs
    size = list(config.window.size)
    return {
        "format": FORMAT,
        "version": 1,
        "kind": kind,
        "file": output.name,
        "sha256": file_hash(output),
        "predictor": "ensemble" if ensemble else "primary",
        "input": {"name": "image", "shape": ["batch", 1, *size], "type": "float32"},
        "output": {"name": "logits", "shape": ["batch", config.num_classes, *size]},
        "labels": {"0": "background"} | {str(k): organ.name for k, organ in organs.in_order},
        "ids_in_files": list(organs.ids),
        "prepare": asdict(model.prepare) | {"how": PREPARATION},
        "window": asdict(config.window) | {"how": USE},
        "network": asdict(config.network) | {"num_classes": config.num_classes},
        "run": record.get("key", ""),
        "config": record["config"],
    }


def _write_safetensors(logits: Logits, example: Tensor, path: Path) -> None:
    """The weights alone: for one network those of UNet3D, for two with "0." and "1." before."""
    save = _optional("safetensors.torch", "safetensors").save_file
    networks = logits.networks
    source = networks[0] if len(networks) == 1 else networks
    weights = {name: value.contiguous() for name, value in source.state_dict().items()}
    save(weights, path, metadata={"format": "pt"})


def _write_torchscript(logits: Logits, example: Tensor, path: Path) -> None:
    """The traced network, for any batch size and any sides that the network's depth divides."""
    with warnings.catch_warnings():
        # that sides are checked once, and that torch will prefer torch.export one day
        warnings.simplefilter("ignore")
        torch.jit.trace(logits, example, check_trace=False).save(str(path))


def _write_onnx(logits: Logits, example: Tensor, path: Path) -> None:
    """The network for windows of the run's size, in any number."""
    for name in ("onnx", "onnxscript"):
        _optional(name, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the exporter says of itself
        torch.onnx.export(
            logits,
            (example.expand(2, -1, -1, -1, -1).clone(),),
            str(path),
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _optional(module: str, package: str) -> Any:
    """An optional module; raises InputError, with the fix, if its package is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"this format needs the package {package}; pip install {package}"
        ) from error


WRITERS: dict[str, Callable[[Logits, Tensor, Path], None]] = {
    "safetensors": _write_safetensors,
    "torchscript": _write_torchscript,
    "onnx": _write_onnx,
}
