"""What holds for any configuration of a run."""

import json
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guidednet.cgmm.config import CGMMConfig
from guidednet.config import Precision, RunConfig, TrainingConfig, to_json
from guidednet.data.sampling import BatchConfig
from guidednet.errors import InputError
from guidednet.inference import WindowConfig
from guidednet.ktcps import KTCPSConfig
from guidednet.methods import METHODS
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.networks import Initialisation, NetworkConfig
from guidednet.runs.record import config_from_record

# the only number that is not equal to itself
st.register_type_strategy(float, st.floats(allow_nan=False))

CGMM_CONFIGS = st.builds(
    CGMMConfig,
    **{
        name: st.sampled_from(get_args(hint))
        for name, hint in get_type_hints(CGMMConfig).items()
        if get_origin(hint) is Literal
    },
)
KTCPS_CONFIGS = st.builds(
    KTCPSConfig, normalisation=st.sampled_from(["weighted_mean", "voxel_mean"])
)
OPTIONS = {name: st.builds(method.Config) for name, method in METHODS.items()} | {
    "guidednet": st.builds(GuidedNetConfig, cgmm=CGMM_CONFIGS, ktcps=KTCPS_CONFIGS)
}


@st.composite
def run_configs(draw):
    method, depth = draw(st.sampled_from(list(METHODS))), draw(st.integers(1, 5))
    sizes = st.tuples(*3 * [st.integers(1, 20).map(lambda number: number * 2 ** (depth - 1))])
    number = st.integers(1, 10**6)
    return draw(
        st.builds(
            RunConfig,
            method=st.just(method),
            options=OPTIONS[method],
            n_labelled=number,
            n_unlabelled=number,
            seed=number,
            network=st.builds(NetworkConfig, width=number, depth=st.just(depth)),
            batch=st.builds(BatchConfig, crop=sizes),
            training=st.builds(
                TrainingConfig, steps=number, precision=st.sampled_from(get_args(Precision))
            ),
            window=sizes.flatmap(
                lambda size: st.builds(
                    WindowConfig, size=st.just(size), stride=st.tuples(*map(up_to, size))
                )
            ),
            initialisation=st.sampled_from(get_args(Initialisation)),
        )
    )


def up_to(side):
    return st.integers(1, side)


@given(run_configs())
def test_any_run_configuration_survives_json(config):
    assert config_from_record(json.loads(to_json(config))) == config


@given(
    run_configs(),
    st.sampled_from(["network", "batch", "optimiser", "training", "window", "options", None]),
    st.text(max_size=9),
)
def test_a_field_that_nothing_reads_is_refused(config, section, name):
    record = json.loads(to_json(config))
    values = record if section is None else record[section]
    assume(name not in values)
    with pytest.raises(InputError, match="has no field"):
        config_from_record(
            record | {name: 1} if section is None else record | {section: values | {name: 1}}
        )
