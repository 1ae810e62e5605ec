"""Whether the values of a scan can be those of a CT in Hounsfield units (HU).

Air has -1000 HU and surrounds every patient, so that any CT has voxels far below water. Scans with
an offset of 1024, MR and pictures of 8 bits have none. A scan that was clipped to a grey window has
many voxels at both ends of it.
"""

import numpy as np

AIR_HU = -200  # a CT in HU has voxels below it, even if fat is all that is not soft tissue
# Voxels at the lowest and at the highest value that no scanner leaves: a share, and a number.
PILED, FEWEST = 1e-3, 50


def doubt_about_hu(data: np.ndarray, window: tuple[float, float]) -> str | None:
    """Why the values of a scan are not taken for HU, in words; None if they can be.

    `window` is the range of HU that is used: a scan that was clipped to it, as some data sets are
    released, has all that is needed.
    """
    lowest, highest = float(data.min()), float(data.max())
    if lowest > max(AIR_HU, window[0]):
        return (
            f"its lowest value is {lowest:g}, but a CT in HU has air near -1000, so these are HU + "
            "1024, a grey window of 8 bits, or no CT"
        )
    piled = min((data == lowest).sum(), (data == highest).sum())
    if lowest > window[0] and piled > max(PILED * data.size, FEWEST):
        return (
            f"many voxels have its lowest value, {lowest:g}, and its highest, {highest:g}, as if "
            "it was clipped to a grey window"
        )
    return None
