"""What a profile is: the data, sizes and seeds of a reproduction, and the runs at this size."""

from dataclasses import dataclass, field, replace
from typing import Any

from guidednet.config import RunConfig, TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import dataset_of
from guidednet.data.sampling import BatchConfig
from guidednet.errors import InputError
from guidednet.inference import WindowConfig
from guidednet.methods import method_class
from guidednet.networks import Initialisation, NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.runs.config_fields import fields_of, with_fields


@dataclass(frozen=True)
class PhantomConfig:
    """How many phantoms replace a data set, and how fine they are (see guidednet.phantom)."""

    labelled: int
    unlabelled: int
    voxel_mm: float


@dataclass(frozen=True)
class DataConfig:
    """One data set of a profile: how many cases train, validate and test.

    The `training` labelled cases are joined by as many unlabelled ones as a ratio asks for. If the
    data set hides labels (AMOS, phantoms too), the `training` cases that should count as unlabelled
    keep their labels hidden instead. `phantom` None means the real data set, which is read from the
    data folder: its numbers are the paper's until the cases on disk are known
    (guidednet.runs.workspace), and `most_unlabelled` is the number of its cases without label.
    """

    dataset: str
    training: int
    validation: int
    test: int
    most_unlabelled: int | None = None
    prepare: PrepareConfig = field(default_factory=PrepareConfig)
    phantom: PhantomConfig | None = None

    @property
    def hides_labels(self) -> bool:
        """Whether unlabelled training cases are labelled ones whose labels are hidden."""
        return dataset_of(self.dataset).hides_labels

    def at(self, share: float) -> tuple[int, int]:
        """(labelled, unlabelled) training cases if `share` (0 to 1) of them is labelled.

        Raises InputError for another share.
        """
        if not 0 < share < 1:
            raise InputError(
                f"a labelled share of {100 * share:g} % is not between 0 and 100 %; "
                "use one in between, such as 10"
            )
        if self.hides_labels:
            labelled = min(max(1, round(share * self.training)), self.training - 1)
            return labelled, self.training - labelled
        wanted = round(self.training * (1 - share) / share)
        return self.training, wanted if self.most_unlabelled is None else min(
            wanted, self.most_unlabelled
        )

    @property
    def ratios(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(labelled, unlabelled) training cases of the paper's settings: 50 % and 10 % labelled."""
        return self.at(0.5), self.at(0.1)


class DataByName(dict[str, DataConfig]):
    """The settings of each data set, by its name; raises InputError for one that is not there."""

    def __missing__(self, name: str) -> DataConfig:
        raise InputError(
            f"this profile has no {name}, but {', '.join(self)}; the paper's tables and figures are"
            " those of FLARE22 and AMOS: use --profile quick, reference or paper"
        )


def by_name(*settings: DataConfig) -> DataByName:
    """The settings of each data set, by its name."""
    return DataByName({data.dataset: data for data in settings})


@dataclass(frozen=True)
class Profile:
    """Data, sizes and seeds of everything in a reproduction.

    `changed` names the fields that a user changed, by dotted name, and `changed_options` holds the
    values of those among them that are options of methods (guidednet.runs.settings). The fields of
    both `changed` and `shown` stand in the names of runs.
    A `brief` profile leaves out rows that others train (guidednet.study.rows.Row).
    """

    name: str
    data: DataByName
    seeds: int
    network: NetworkConfig = field(default_factory=NetworkConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    initialisation: Initialisation = "kaiming"
    percent: float = 10.0
    changed_options: tuple[tuple[str, Any], ...] = ()
    changed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    brief: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether the profile's cases are phantoms."""
        return all(data.phantom is not None for data in self.data.values())

    def other_data(self, dataset: str) -> DataConfig:
        """Settings of a data set that the profile does not name.

        They stand for its real cases, prepared like the profile's own.
        """
        like, own = next(iter(self.data.values())).prepare, dataset_of(dataset)
        prepare = replace(
            like,
            spacing_mm=own.spacing_mm or like.spacing_mm,
            hu_window=own.hu_window,
            percentiles=own.percentiles,
        )
        return DataConfig(dataset, training=0, validation=0, test=0, prepare=prepare)

    def options(self, method: str) -> Any:
        """The default options of `method`, with those that the user changed and that it has."""
        default = method_class(method).Config()
        known = fields_of(default, "options.") if self.changed_options else {}
        changes = {
            name.removeprefix("options."): value
            for name, value in self.changed_options
            if name in known
        }
        return with_fields(default, changes)

    def run(
        self, dataset: str, method: str, ratio: tuple[int, int], seed: int, options: Any = None
    ) -> RunConfig:
        """The run of `method` at this profile's size; `options` default to those of the profile.

        A method that uses hidden labels trains on the unlabelled cases as on labelled ones. Raises
        InputError if they have no label.
        """
        kind = method_class(method)
        if kind.uses_hidden_labels:
            ratio = self._all_labelled(dataset, method, ratio)
        return RunConfig(
            dataset=dataset,
            method=method,
            options=self.options(method) if options is None else options,
            n_labelled=ratio[0],
            n_unlabelled=ratio[1] if kind.uses_unlabelled else 0,
            seed=seed,
            network=self.network,
            batch=self.batch,
            optimiser=self.optimiser,
            training=self.training,
            window=self.window,
            initialisation=self.initialisation,
        )

    def _all_labelled(self, dataset: str, method: str, ratio: tuple[int, int]) -> tuple[int, int]:
        """`ratio` with the unlabelled cases among the labelled ones."""
        if ratio[1] and not self.data[dataset].hides_labels:
            raise InputError(
                f"{method}: the {ratio[1]} unlabelled training cases of {dataset} in this profile"
                " have no label to train on; use a data set that hides labels, such as amos"
            )
        return sum(ratio), 0
