"""The abdomen of an average adult in millimetres: place, form and mean volume of each organ.

x grows to the patient's right, y to anterior, z to superior; the origin is in the middle of the
body at the height of the kidneys. The forms are simple; every case draws its own from them (see
guidednet.phantom.variation).
"""

from dataclasses import dataclass

import numpy as np

from guidednet.phantom.shapes import Blend, Ellipsoid, Shape, Tube, Without


@dataclass(frozen=True)
class OrganForm:
    """Form and mean volume (ml) of an organ, and how they vary from patient to patient.

    The organ moves by `moves` mm (standard deviation along each axis), its volume varies by the
    share `spread`, and it is missing with probability `missing`, as after an operation. Where
    organs overlap, the one that comes first in ORGAN_FORMS keeps the voxels.
    """

    name: str
    volume: float
    form: Shape
    moves: float = 9.0
    spread: float = 0.25
    missing: float = 0.0


def _adrenal(x: float, y: float, z: float, side: int) -> Shape:
    """Two thin wings that meet in front."""
    inner = Tube(
        ((x, y + 7, z + 9), (x - side * 3, y - 4, z), (x - side * 5, y - 12, z - 9)),
        (2.6, 2.4, 1.8),
    )
    outer = Tube(
        ((x, y + 7, z + 9), (x + side * 6, y - 5, z - 1), (x + side * 10, y - 12, z - 9)),
        (2.6, 2.4, 1.8),
    )
    return Blend((inner, outer), 1.0)


def _kidney(x: float, y: float, z: float, side: int) -> Shape:
    """A bean whose hilum faces inwards and slightly forwards."""
    bean = Ellipsoid((x, y, z), (29, 25, 54), turn=side * 25, tilt=-side * 12)
    return Without(bean, Ellipsoid((x - side * 24, y + 12, z), (16, 14, 19)))


ORGAN_FORMS = (
    # Twice as large as a patient's, so that coarse voxels still show them.
    OrganForm(
        "right adrenal gland", 11, _adrenal(31, -32, 62, 1), moves=6, spread=0.1, missing=0.03
    ),
    OrganForm(
        "left adrenal gland", 11, _adrenal(-34, -30, 64, -1), moves=6, spread=0.1, missing=0.03
    ),
    OrganForm(
        "aorta",
        80,
        Tube(
            ((-14, -36, 200), (-13, -34, 120), (-9, -28, 60), (-4, -23, -10), (-2, -25, -85)),
            (12, 11.5, 10, 9, 8),
        ),
        moves=5,
    ),
    OrganForm(
        "inferior vena cava",
        60,
        Tube(
            ((22, -24, -90), (22, -20, -30), (24, -17, 30), (28, -10, 80), (24, 2, 112)),
            (9, 10, 10, 11, 11),
        ),
        moves=5,
    ),
    OrganForm(
        "oesophagus",
        20,
        Tube(((-4, -25, 200), (-6, -24, 150), (-14, -14, 115), (-28, 0, 96)), (8, 8, 8, 9)),
        moves=5,
    ),
    OrganForm(
        "gallbladder",
        30,
        Tube(((42, 34, 22), (52, 46, 6), (58, 56, -14)), (7, 13, 16)),
        moves=10,
        spread=0.4,
        missing=0.25,
    ),
    OrganForm(
        "pancreas",
        80,
        Tube(
            (
                (34, 18, -22),
                (32, 20, -2),
                (12, 26, 12),
                (-22, 14, 26),
                (-58, -4, 42),
                (-82, -16, 56),
            ),
            (14, 15, 10, 11, 10, 8),
        ),
    ),
    OrganForm(
        "duodenum",
        70,
        Tube(
            (
                (26, 44, 14),
                (46, 32, 16),
                (55, 12, -2),
                (54, 2, -34),
                (40, 0, -56),
                (6, 2, -58),
                (-20, 10, -38),
            ),
            (13, 14, 13, 13, 12, 12, 11),
        ),
    ),
    OrganForm("right kidney", 160, _kidney(62, -46, -8, 1), missing=0.06),
    OrganForm("left kidney", 160, _kidney(-62, -44, 6, -1), missing=0.06),
    OrganForm(
        "spleen",
        200,
        Without(
            Ellipsoid((-108, -32, 70), (38, 62, 60), turn=22, tilt=-18),
            Ellipsoid((-70, 4, 72), (32, 42, 60)),
        ),
        spread=0.4,
        missing=0.06,
    ),
    OrganForm(
        "stomach",
        300,
        Tube(
            (
                (-40, -10, 108),
                (-68, 0, 92),
                (-80, 26, 60),
                (-66, 52, 24),
                (-30, 62, 0),
                (6, 56, 4),
                (24, 48, 12),
            ),
            (30, 38, 36, 30, 25, 18, 12),
        ),
        moves=12,
        spread=0.45,
        missing=0.04,
    ),
    OrganForm("bladder", 200, Ellipsoid((0, 34, -218), (46, 36, 34)), spread=0.45),
    OrganForm(
        "prostate/uterus",
        50,
        Blend((Ellipsoid((0, 4, -242), (25, 19, 20)), Ellipsoid((0, -4, -228), (18, 14, 16))), 6),
        spread=0.35,
        missing=0.1,
    ),
    OrganForm(
        "liver",
        1500,
        Blend(
            (
                Ellipsoid((82, -8, 50), (70, 90, 88)),
                Ellipsoid((40, 42, 64), (74, 50, 56)),
                Ellipsoid((-22, 58, 80), (62, 37, 34), tilt=-14),
            ),
            10,
        ),
    ),
)

COLON = (
    Tube(((96, -14, -125), (100, -6, -70), (98, 4, -38)), (25, 23, 20)),
    Tube(
        ((98, 6, -36), (58, 66, -52), (0, 78, -62), (-58, 64, -34), (-104, 6, 4)),
        (19, 18, 18, 17, 16),
    ),
    Tube(((-106, 0, 0), (-108, -18, -60), (-104, -10, -125)), (15, 15, 15)),
    Tube(
        ((-100, -6, -130), (-70, 20, -165), (-20, 0, -190), (0, -46, -205), (0, -52, -250)),
        (15, 15, 16, 18, 16),
    ),
)

PSOAS = tuple(
    Tube(
        (
            (side * 26, -46, 20),
            (side * 40, -42, -60),
            (side * 62, -10, -150),
            (side * 78, 18, -230),
        ),
        (8, 20, 24, 20),
    )
    for side in (1, -1)
)
BACK_MUSCLES = tuple(
    Tube(((side * 34, -86, 200), (side * 34, -84, -80), (side * 30, -92, -200)), (22, 25, 18))
    for side in (1, -1)
)
GLUTEAL_MUSCLES = tuple(
    Ellipsoid((side * 85, -70, -215), (62, 38, 70), turn=-side * 25) for side in (1, -1)
)

HEART = Ellipsoid((-26, 30, 168), (62, 50, 52), turn=-30)
VERTEBRA_HEIGHT = 34.0  # mm from one vertebra to the next, disc included


def body_half_axes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half width and half depth of the body (mm) at height z: chest, waist, hips."""
    width = np.interp(z, [-280, -200, -60, 60, 200], [178, 182, 158, 164, 162])
    depth = np.interp(z, [-280, -200, -60, 60, 200], [118, 120, 106, 114, 116])
    return width, depth


def diaphragm_height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height z (mm) of the diaphragm: two domes that fall off to the chest wall.

    The right dome is the higher one.
    """
    right = 96 * np.exp(-(((x - 66) / 68) ** 2) - ((y - 8) / 72) ** 2)
    left = 90 * np.exp(-(((x + 72) / 62) ** 2) - ((y - 2) / 72) ** 2)
    return 34 + np.maximum(right, left) + 0.35 * np.minimum(right, left)


def ribs() -> list[Tube]:
    """Ribs 7 to 12 on both sides: arcs in the chest wall that descend from the spine forwards."""
    tubes = []
    for number, (height, last) in enumerate(
        zip((196, 162, 128, 94, 62, 34), (75, 70, 55, 35, -5, -45), strict=True)
    ):
        angles = np.deg2rad(np.linspace(-78, last, 9))
        for side in (1, -1):
            drop = 58 * (np.sin(angles) - np.sin(angles[0])) / 1.8
            z = height - drop - 3 * number
            width, depth = body_half_axes(z)
            path = np.stack(
                [side * (width - 30) * np.cos(angles), (depth - 27) * np.sin(angles) - 2, z], axis=1
            )
            tubes.append(Tube(tuple(map(tuple, path.tolist())), (5.5, 6.0, 5.0)))
    return tubes


def pelvis() -> list[Shape]:
    """Coarse iliac wings, sacrum and femoral heads."""
    wings = [
        Blend(
            (
                Tube(((s * 44, -74, -140), (s * 96, -40, -128), (s * 122, 18, -140)), (8, 6, 9)),
                Tube(((s * 52, -70, -175), (s * 92, -30, -168), (s * 104, 10, -190)), (8, 6, 11)),
            ),
            16,
        )
        for s in (1, -1)
    ]
    sacrum = Tube(((0, -66, -140), (0, -84, -185), (0, -88, -230)), (30, 24, 12))
    femurs = [
        Blend(
            (
                Ellipsoid((s * 92, 6, -232), (25, 25, 25)),
                Tube(((s * 92, 6, -232), (s * 122, 0, -250)), (16, 20)),
            ),
            6,
        )
        for s in (1, -1)
    ]
    return [*wings, sacrum, *femurs]
