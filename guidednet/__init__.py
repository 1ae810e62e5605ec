"""GuidedNet companion: semi-supervised multi-organ segmentation of abdominal CT (ACM MM 2024).

    import guidednet

    model = guidednet.load("model.pt")  # or the folder of a finished run
    labels = model.predict(nibabel.load("scan.nii.gz"))  # the same kind of image
    run = guidednet.train("cps", dataset="mydata", optimiser={"learning_rate": 0.03})

    workspace = guidednet.open_workspace("quick")  # profile, data, folders
    runs = guidednet.RunStore(workspace)
    config = workspace.profile.run("flare22", "guidednet", ratio=(6, 54), seed=0)
    run = runs.get(config)  # trained once, then read
    run.scores()
    guidednet.segment("scan.nii.gz", run.folder, "labels.nii.gz")
    guidednet.view("scan.nii.gz", "labels.nii.gz")

The names of `__all__` are the public ones. Each is imported when it is first asked for, so that
`import guidednet` takes no time and needs no other package.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_HOMES = {
    "DATASETS": "data.datasets",
    "InputError": "errors",
    "METHODS": "methods",
    "METRICS": "metrics",
    "Method": "methods.base",
    "Run": "runs.record",
    "RunStore": "runs.store",
    "UNet3D": "networks",
    "dice": "metrics",
    "load": "predict.segmenter",
    "load_model": "runs.model_file",
    "make_table": "report.tables.table",
    "open_workspace": "runs.workspace",
    "segment": "predict",
    "train": "runs.in_python",
    "view": "report.viewer.view",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """A public name, from the module that it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"guidednet has no {name!r}: use one of {', '.join(__all__)}")
    return getattr(import_module(f"guidednet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
