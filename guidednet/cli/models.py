"""The commands predict and export: the use of a trained model.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
import sys
from argparse import Namespace
from pathlib import Path

from guidednet.cli.arguments import Command, begins_again, goes_on
from guidednet.data.file_kinds import is_nifti_name
from guidednet.errors import InputError
from guidednet.support.progress import bar


def _add_method_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--method-file",
        type=Path,
        metavar="FILE.py",
        help="file of the model's method, if that is from outside the package",
    )


def _use_method_file(options: Namespace, model: Path) -> None:
    """Make the method of `model` known from the file of --method-file; warn if it has changed."""
    from guidednet.runs.model_file import use_method_file

    if options.method_file is None:
        return
    if warning := use_method_file(options.method_file, model):
        print(f"guidednet: {warning}", file=sys.stderr)


def _predict_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "scan",
        type=Path,
        help="NIfTI in HU, folder of a DICOM series, multi-frame DICOM, or folder of NIfTI files",
    )
    command.add_argument(
        "--run",
        dest="model",
        type=Path,
        required=True,
        help="folder of a finished run, or an exported file",
    )
    _add_method_file(command)
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="NIfTI to write, or folder for a folder of scans",
    )
    command.add_argument(
        "--ensemble", action="store_true", help="average both networks of a two-network method"
    )
    command.add_argument(
        "--glob",
        dest="pattern",
        metavar="PATTERN",
        help="which files below a folder to segment, such as '*/ct.nii.gz' (default: those in it)",
    )
    command.add_argument(
        "--series",
        metavar="NUMBER",
        help="which of several DICOM series in a folder: its place in the list that is shown, its "
        "UID or the name of one of its files",
    )
    command.add_argument(
        "--assume-hu",
        action="store_true",
        help="take the values for HU even if they do not look like it",
    )
    command.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, mps")
    command.add_argument(
        "--volumes", type=Path, metavar="CSV", help="also write each organ's volume in ml"
    )
    command.add_argument(
        "--colours",
        type=Path,
        metavar="FOLDER",
        help="also write the organs' colours for ITK-SNAP and 3D Slicer",
    )
    _map_options(command)


def _map_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--probabilities",
        type=Path,
        metavar="NIFTI",
        help="also write the probabilities (X,Y,Z,K), background first; a folder for a folder",
    )
    command.add_argument(
        "--uncertainty",
        type=Path,
        metavar="NIFTI",
        help="also write the uncertainty, 0 to 1: disagreement of two networks, else entropy",
    )
    command.add_argument(
        "--dicom-seg",
        type=Path,
        metavar="DCM",
        help="also write the labels of a DICOM series as DICOM SEG (needs highdicom)",
    )
    command.add_argument(
        "--flips", action="store_true", help="average over the scan and its mirror images"
    )
    command.add_argument(
        "--largest-component",
        metavar="ORGANS",
        default="",
        help="keep only the largest connected part of these organs, such as liver,spleen, or all",
    )


def predict(options: Namespace) -> None:
    """Segment a scan, a DICOM series or a folder of scans with a trained model.

    Each segmentation is on its scan's own grid.
    """
    from guidednet.predict import Beside, Extras, Reading, segment_all, write_colour_tables
    from guidednet.runs.model_file import load_model
    from guidednet.support.files import check_file, check_folder, write_text

    if options.volumes is not None:
        check_file(options.volumes)
        if options.volumes.resolve() == options.output.resolve():
            raise InputError(
                f"--volumes {options.volumes}: this is the segmentation's own name; give another"
            )
    if options.colours is not None:
        check_folder(options.colours)
    _use_method_file(options, options.model)
    predictor = "ensemble" if options.ensemble else "primary"
    kept = tuple(filter(None, options.largest_component.split(",")))
    done = segment_all(
        options.scan,
        options.model,
        options.output,
        predictor,
        options.device,
        bar("predict", "scan"),
        options.pattern,
        Reading(options.series, options.assume_hu),
        Extras(flips=options.flips, largest_component=kept),
        Beside(options.probabilities, options.uncertainty, options.dicom_seg),
    )
    if options.volumes is not None and len(done.volumes):
        write_text(options.volumes, done.volumes.to_csv(index=False))
    if options.colours is not None and len(done.volumes):
        write_colour_tables(load_model(options.model).config.organs, options.colours)
    done.check(options.output)
    print(f"segmentation in {options.output}")


def _after_stop(options: Namespace) -> str:
    """Scans of a folder that are segmented are passed over, but one scan begins again."""
    scans = options.scan.iterdir() if options.scan.is_dir() else ()
    is_folder = options.pattern is not None or any(map(is_nifti_name, scans))
    return (goes_on if is_folder else begins_again)(options)


def _export_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", type=Path, help="folder of a finished run")
    _add_method_file(command)
    command.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    command.add_argument(
        "--to",
        default="guidednet",
        help="guidednet (default), or for other programs safetensors, torchscript or onnx, with a "
        "JSON file and a model card beside",
    )
    command.add_argument(
        "--ensemble",
        action="store_true",
        help="for other programs: both networks of a two-network method, averaged",
    )


def export(options: Namespace) -> None:
    """Write a finished run as one portable file, or its network for other programs."""
    if options.to != "guidednet":
        return _export_network(options)
    if options.ensemble:
        raise InputError("--ensemble belongs to --to; guidednet predict chooses it for its files")
    from guidednet.runs.model_file import export as export_run

    _use_method_file(options, options.run_folder)
    export_run(options.run_folder, options.output)
    print(f"model in {options.output}; use it with guidednet predict --run")


def _export_network(options: Namespace) -> None:
    from guidednet.exports.network import export_network

    written = export_network(options.run_folder, options.output, options.to, options.ensemble)
    print(f"network in {written[0]}, described in {written[1].name} and {written[2].name}")


COMMANDS = (
    Command(
        "predict", "segment a scan with a trained model", _predict_options, predict, _after_stop
    ),
    Command(
        "export",
        "write a finished run as one portable file",
        _export_options,
        export,
        begins_again,
    ),
)
