"""A wrong parameter of a notebook is refused with one sentence."""

import pytest

from guidednet.errors import InputError
from guidednet.report.execute_notebooks import check_parameters, parse_parameters, source

PARAMETERS = {
    "seeds": "--set seeds: not an assignment; write it as NAME=VALUE",
    "=3": "--set =3: not an assignment; write it as NAME=VALUE",
    "two words=3": "write it as NAME=VALUE",
    "seed=3": "no parameter 'seed'; use one of profile",
    "seeds=many": "parameter 'seeds' is 'many'; give a value of type int",
    "seeds=1.0": "parameter 'seeds' is 1.0; give a value of type int",
    "seeds=True": "parameter 'seeds' is True; give a value of type int",
    "seeds=101": "parameter 'seeds' is 101; use a number from 1 to 100",
    "seeds=" + "[" * 5000: "; give a value of type int, such as 1",
    "profile=huge": "parameter 'profile' is 'huge'; use one of smoke",
    "profile=3": "parameter 'profile' is 3; give a value of type str",
    "on_missing=guess": "parameter 'on_missing' is 'guess'; use one of train, blank, fail",
}


@pytest.mark.parametrize("assignment", PARAMETERS, ids=lambda text: text[:20])
def test_a_wrong_parameter_of_a_notebook_is_one_sentence(assignment):
    with pytest.raises(InputError) as caught:
        check_parameters(source("12_table3_components"), parse_parameters([assignment]))
    assert PARAMETERS[assignment] in str(caught.value) and "\n" not in str(caught.value)
