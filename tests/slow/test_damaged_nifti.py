"""Many more damaged NIfTI files: each is read as a volume or refused with one sentence."""

import pytest

from helpers.damaged_nifti import CONTENT_DAMAGES, PACKED_DAMAGES, damage_many


@pytest.mark.parametrize("damage", [*CONTENT_DAMAGES, *PACKED_DAMAGES])
def test_many_damaged_files_are_read_or_refused(damage, tmp_path, recwarn):
    damage_many(tmp_path, damage, rounds=80)
    assert not recwarn.list, "a warning beside the sentence"
