"""The whole reproduction of a profile: data, runs, notebooks, and the page that collects them."""

import os
from argparse import Namespace
from dataclasses import dataclass

import torch

from guidednet.errors import InputError
from guidednet.experiments import Item, items
from guidednet.plan import disk_gigabytes, plan_table, planned_runs, summary
from guidednet.report.index import write_index, write_notebook_html
from guidednet.report.notebooks import execute, parameters, source
from guidednet.runs import RunStore
from guidednet.workspace import Workspace, open_workspace


def device_of(gpus: int) -> torch.device:
    """The device for `gpus` GPUs; raises InputError for a number that this machine or version cannot use."""
    if gpus == 0:
        return torch.device("cpu")
    if gpus > 1:
        raise InputError(f"--gpus {gpus}: training on several GPUs at once is not implemented yet, use --gpus 1")
    if not torch.cuda.is_available():
        raise InputError("--gpus 1: torch finds no GPU on this machine; use --gpus 0 or install a CUDA build of torch")
    return torch.device("cuda")


@dataclass(frozen=True)
class Reproduction:
    """What to make (`items`), of which profile and folders (`workspace`), with how many seeds, on which device."""

    workspace: Workspace
    items: dict[str, Item]
    seeds: int
    store: RunStore

    @classmethod
    def from_options(cls, options: Namespace) -> "Reproduction":
        """From the options of the command line."""
        workspace = open_workspace(options.profile, options.data_root, options.results)
        store = RunStore(workspace, device_of(options.gpus))
        return cls(workspace, items(options.only), options.seeds or workspace.profile.seeds, store)

    def run(self) -> None:
        """Make everything that is not there yet."""
        planned = planned_runs(self.items, self.store, self.seeds)
        for dataset in sorted({run.config.dataset for run in planned} or {"flare22"}):
            self.workspace.store(dataset)
        print(self.plan_text(), flush=True)
        for run in planned:
            self.store.get(run.config)
        for number, item in enumerate(self.items.values(), start=1):
            self._notebook(f"[{number}/{len(self.items)}]", item)
        page = write_index(self.workspace, self.items, plan_table(planned, self.store))
        print(f"tables and figures: {self.workspace.figure_folder}\nopen first: {page}")

    def plan_text(self) -> str:
        """The plan as text: one line per run, then the sums."""
        planned = planned_runs(self.items, self.store, self.seeds)
        plan = plan_table(planned, self.store)
        return plan.to_string(index=False, float_format="{:.3f}".format) + "\n" + summary(plan, disk_gigabytes(planned))

    def _notebook(self, place: str, item: Item) -> None:
        rows = item.rows(self.workspace.profile, self.seeds) if item.rows else []
        inputs = {"runs": [self.store.key(config) for row in rows for config in row.runs]}
        outputs = [self.workspace.figure_folder / file for file in item.files]
        folder = self.workspace.report_folder / "notebooks"
        ours = {"profile": self.workspace.profile.name, "seeds": self.seeds}
        values = {name: value for name, value in ours.items() if name in parameters(source(item.notebook))}
        os.environ |= {
            "DATA_DIR": str(self.workspace.data_root),
            "RESULTS_DIR": str(self.workspace.results),
            "FIGURES_DIR": str(self.workspace.figures),
        }
        print(f"{place} {item.notebook} ...", end=" ", flush=True)
        ran = execute(item.notebook, values, folder, inputs, outputs)
        if ran or not (folder / f"{item.notebook}.html").exists():
            write_notebook_html(folder / f"{item.notebook}.ipynb")
        print("executed" if ran else "unchanged", flush=True)
