"""Paint the anatomy into a grid: the tissue of each voxel, and the organ that it belongs to."""

import numpy as np
from scipy import ndimage

from guidednet.phantom import anatomy
from guidednet.phantom.hounsfield import TISSUES
from guidednet.phantom.shapes import Ellipsoid, Shape, Tube

TISSUE_OF_ORGAN = {
    "right adrenal gland": "adrenal gland",
    "left adrenal gland": "adrenal gland",
    "right kidney": "renal medulla",
    "left kidney": "renal medulla",
    "stomach": "stomach wall",
}
# Places in Painter.organ.
ORGAN_NUMBERS = {organ.name: place for place, organ in enumerate(anatomy.ORGAN_FORMS, start=1)}
# Lesions of an organ: how many on average, and their least and largest radius in mm.
LESIONS = {
    "liver": (0.8, 7.0, 25.0),
    "right kidney": (0.3, 6.0, 18.0),
    "left kidney": (0.3, 6.0, 18.0),
    "spleen": (0.3, 6.0, 20.0),
    "pancreas": (0.2, 6.0, 14.0),
}
MOST_SWELLING = 7.0  # mm
SMALLEST_ML = 6.5  # of an organ; three voxels of the coarsest training grid, and some to spare
BELOW_DIAPHRAGM = 3.0  # mm between the diaphragm and the organs below it


class Painter:
    """A grid of tissues.

    `points` (D,H,W,3) are the places of the voxels in the average anatomy, in mm (x,y,z).
    """

    def __init__(self, points: np.ndarray, voxel_ml: float) -> None:
        self.points = points
        self.voxel_ml = voxel_ml
        self.tissue = np.full(points.shape[:3], TISSUES.index("air"), np.uint8)
        self.organ = np.zeros(points.shape[:3], np.uint8)  # place in anatomy.ORGAN_FORMS, from 1
        self.cavity = np.zeros(points.shape[:3], bool)  # inside the muscle wall
        self.abdomen = np.zeros(points.shape[:3], bool)  # below the diaphragm
        places = [
            (points[..., 2 - axis], tuple(other for other in range(3) if other != axis))
            for axis in range(3)
        ]
        self._ends = [(values.min(others), values.max(others)) for values, others in places]

    def fill(
        self, where: np.ndarray, tissue: str, box: tuple[slice, ...] = (slice(None),) * 3
    ) -> None:
        """Give the voxels `where` of `box` the tissue called `tissue`."""
        self.tissue[box][where] = TISSUES.index(tissue)

    def is_tissue(self, box: tuple[slice, ...], *names: str) -> np.ndarray:
        """Where the tissue in `box` is one of `names`."""
        return np.isin(self.tissue[box], [TISSUES.index(name) for name in names])

    def field(self, shape: Shape, margin: float = 0.0) -> tuple[tuple[slice, ...], np.ndarray]:
        """The box of the grid that may hold `shape` grown by `margin` (mm), and its field there.

        Both are empty if the shape lies outside the grid.
        """
        low, high = shape.bounds[0] - margin, shape.bounds[1] + margin
        box = tuple(self._range(axis, low[2 - axis], high[2 - axis]) for axis in range(3))
        points = self.points[box]
        return box, shape.field(points.reshape(-1, 3), margin).reshape(
            points.shape[:3]
        ) if points.size else np.zeros(points.shape[:3])

    def _range(self, axis: int, low: float, high: float) -> slice:
        """The voxels along an axis that may lie between `low` and `high`, however bent."""
        least, most = self._ends[axis]
        inside = np.flatnonzero((most >= low) & (least <= high))
        return slice(inside[0], inside[-1] + 1) if len(inside) else slice(0, 0)


def paint_body(painter: Painter, fat: float) -> None:
    """Paint skin, `fat` mm of fat, the muscle wall, fat around the organs, lungs and heart."""
    x, y, z = np.moveaxis(painter.points, 3, 0)
    width, depth = anatomy.body_half_axes(z[:, :1, :1])
    exponent = 2.3
    radius = (np.abs(x / width) ** exponent + np.abs(y / depth) ** exponent) ** (1 / exponent)
    inside = (1 - radius) * np.minimum(width, depth)  # approximate depth in mm
    painter.fill(inside > 0, "skin")
    painter.fill(inside > 2, "fat")
    layer = fat * (1 + 0.35 * np.clip(-y / depth, 0, 1) - 0.25 * np.clip(y / depth, 0, 1))
    painter.fill(inside > layer, "muscle")
    cavity = inside > layer + 13
    painter.fill(cavity, "fat")
    painter.cavity = cavity
    diaphragm = anatomy.diaphragm_height(x, y)
    painter.abdomen = z < diaphragm - BELOW_DIAPHRAGM
    chest = cavity & (z > diaphragm)
    painter.fill(chest & (inside > layer + 15), "lung")
    painter.fill(chest & (np.abs(x + 6) < 20) & (y < 0), "fat")  # around oesophagus and aorta
    box, heart = painter.field(anatomy.HEART)
    painter.fill((heart < 0) & chest[box], "heart", box)


def paint_skeleton_and_muscles(painter: Painter) -> None:
    """Paint muscles of back and pelvis, ribs, pelvis, and the spine with discs and canal."""
    for shape in (*anatomy.PSOAS, *anatomy.BACK_MUSCLES, *anatomy.GLUTEAL_MUSCLES):
        box, field = painter.field(shape)
        painter.fill((field < 0) & painter.is_tissue(box, "fat"), "muscle", box)
    for shape in (*anatomy.ribs(), *anatomy.pelvis()):
        box, field = painter.field(shape)
        body = ~painter.is_tissue(box, "air", "skin")
        painter.fill((field < 0) & body, "bone", box)
        painter.fill((field < -2.5) & body, "marrow", box)
    _paint_spine(painter)


def _paint_spine(painter: Painter) -> None:
    x, y, z = np.moveaxis(painter.points, 3, 0)
    place = np.mod(z / anatomy.VERTEBRA_HEIGHT, 1)
    waist = 21 - 2.5 * np.sin(np.pi * np.clip(place / 0.78, 0, 1))  # slimmer half-way up
    body = np.hypot(x / 1.2, (y + 60) / 0.95) - waist
    above_sacrum = z > -138
    is_bone = place < 0.78
    painter.fill((body < 0) & above_sacrum, "disc")
    painter.fill((body < 0) & above_sacrum & is_bone, "bone")
    painter.fill((body < -3) & above_sacrum & (np.abs(place - 0.39) < 0.33), "marrow")
    canal = np.hypot(x / 1.15, y + 86)
    arch = (canal < 14) | ((np.abs(x) < 3.5) & (y < -92) & (y > -114 + 10 * place))
    processes = (np.abs(y + 84) < 5) & (np.abs(x) < 38) & (np.abs(place - 0.5) < 0.16)
    painter.fill(
        (arch & (place < 0.7) | processes)
        & (body > 0)
        & above_sacrum
        & painter.is_tissue((...,), "fat", "muscle"),
        "bone",
    )
    painter.fill((canal < 9) & (body > 0), "spinal canal")


def paint_organs(
    painter: Painter, organs: dict[str, tuple[Shape, float]], oral_contrast: bool
) -> None:
    """Paint `organs` (form, ml), each grown to its volume within the voxels that are free.

    Those are voxels of fat; aorta and oesophagus also displace lung and heart. Of an organ that
    neighbours or the edge of the scan leave less than SMALLEST_ML, nothing is painted.
    """
    for name, number in ORGAN_NUMBERS.items():
        if name in organs:
            form, volume = organs[name]
            box, field = painter.field(form, MOST_SWELLING)
            where = _grow(field, _free(painter, box, name), volume / painter.voxel_ml)
            if where.sum() * painter.voxel_ml >= SMALLEST_ML:
                painter.organ[box][where] = number
                painter.fill(where, TISSUE_OF_ORGAN.get(name, name), box)
    _paint_inside_of_organs(painter, oral_contrast)


def _free(painter: Painter, box: tuple[slice, ...], organ: str) -> np.ndarray:
    """Where an organ may grow: in fat inside the muscle wall and below the diaphragm.

    Aorta and oesophagus may also grow above the diaphragm, and into lung and heart.
    """
    if organ in ("aorta", "oesophagus"):
        return painter.cavity[box] & painter.is_tissue(box, "fat", "lung", "heart")
    return painter.cavity[box] & painter.is_tissue(box, "fat") & painter.abdomen[box]


def _grow(field: np.ndarray, free: np.ndarray, voxels: float) -> np.ndarray:
    """The largest connected piece of the `voxels` free voxels with the smallest field."""
    values = field[free]
    count = min(max(int(round(voxels)), 1), len(values))
    if not count:
        return np.zeros(field.shape, bool)
    # An organ cut by the field of view or a neighbour stays cut; it does not swell elsewhere.
    where = free & (field <= min(np.partition(values, count - 1)[count - 1], MOST_SWELLING))
    pieces, number = ndimage.label(where, structure=np.ones((3, 3, 3)))
    return where if number < 2 else pieces == np.bincount(pieces.ravel())[1:].argmax() + 1


def _paint_inside_of_organs(painter: Painter, oral_contrast: bool) -> None:
    for name in ("right kidney", "left kidney"):
        box, depth = _depth(painter, ORGAN_NUMBERS[name])
        painter.fill((depth > 0) & (depth < 7), "renal cortex", box)
        painter.fill(depth > 15, "renal sinus", box)
    box, depth = _depth(painter, ORGAN_NUMBERS["stomach"])
    if depth.size:
        height = painter.points[box][..., 1]
        level = np.quantile(height[depth > 0], [0.45, 0.78]) if (depth > 0).any() else (0, 0)
        painter.fill((depth > 4) & (height < level[0]), "food", box)
        fluid = "oral contrast" if oral_contrast else "fluid"
        painter.fill((depth > 4) & (height >= level[0]), fluid, box)
        painter.fill((depth > 4) & (height >= level[1]), "gas", box)
    _paint_liver_vessels(painter, ORGAN_NUMBERS["liver"])


def _depth(painter: Painter, number: int) -> tuple[tuple[slice, ...], np.ndarray]:
    """The box of an organ, and the depth (mm) of each of its voxels below the surface."""
    found = ndimage.find_objects((painter.organ == number).astype(np.uint8))
    if not found:
        return (slice(0, 0),) * 3, np.zeros((0, 0, 0))
    steps = [
        abs(float(np.diff(painter.points[..., 2 - axis], axis=axis).mean())) for axis in range(3)
    ]
    box = tuple(slice(max(edge.start - 1, 0), edge.stop + 1) for edge in found[0])
    return box, ndimage.distance_transform_edt(painter.organ[box] == number, sampling=steps)


LIVER_VESSELS = tuple(
    Ellipsoid(centre, radii, turn=turn)
    for centre, radii, turn in (
        ((70, 4, 40), (42, 6, 6), -15),
        ((58, -6, 78), (38, 5, 6), 30),
        ((40, 20, 84), (7, 36, 5), 20),
        ((96, -24, 52), (5, 30, 5), 35),
    )
)


def _paint_liver_vessels(painter: Painter, liver: int) -> None:
    for vessel in LIVER_VESSELS:
        box, field = painter.field(vessel)
        painter.fill((field < 0) & (painter.organ[box] == liver), "liver vessel", box)


def paint_lesions(painter: Painter, generator: np.random.Generator) -> None:
    """Paint round cysts and tumours into organs, to which they belong."""
    for name, (mean, least, largest) in LESIONS.items():
        places = np.argwhere(painter.organ == ORGAN_NUMBERS[name])
        for _ in range(generator.poisson(mean) if len(places) else 0):
            centre = painter.points[tuple(places[generator.integers(len(places))])]
            ball = Ellipsoid(tuple(centre.tolist()), (generator.uniform(least, largest),) * 3)
            box, field = painter.field(ball)
            inside = (field < 0) & (painter.organ[box] == ORGAN_NUMBERS[name])
            painter.fill(inside, "cyst" if generator.random() < 0.5 else "tumour", box)


def paint_ascites(painter: Painter, share: float) -> None:
    """Replace the fat between the organs by fluid in the given `share` of the abdomen's depth."""
    height = painter.points[..., 1]
    low, high = -70.0, 90.0  # mm; the abdomen from back to front
    free = painter.cavity & painter.abdomen & painter.is_tissue((...,), "fat")
    painter.fill(free & (height < low + share * (high - low)) & (share > 0), "ascites")


def paint_bowel(
    painter: Painter, loops: int, oral_contrast: bool, generator: np.random.Generator
) -> None:
    """Paint colon with stool and gas, and `loops` of small bowel, into the fat that is left."""
    fluid = "oral contrast" if oral_contrast else "fluid"
    for loop in (*anatomy.COLON, *_small_bowel(loops, generator)):
        box, field = painter.field(loop)
        free = painter.is_tissue(box, "fat")
        height = painter.points[box][..., 1]
        gas_level = np.mean(loop.bounds[:, 1]) + generator.normal(4, 8)
        painter.fill(free & (field < 0), "bowel wall", box)
        painter.fill(free & (field < -3), "stool" if loop in anatomy.COLON else fluid, box)
        painter.fill(
            free & (field < -3) & (height > gas_level) & (loop in anatomy.COLON), "gas", box
        )


def _small_bowel(count: int, generator: np.random.Generator) -> list[Shape]:
    """Winding loops: jejunum on the left below the stomach, ileum further down."""
    loops = []
    for number in range(count):
        low, high = (
            ((-84, 4, -70), (-14, 66, 4)) if number % 3 == 0 else ((-74, -4, -205), (74, 74, -56))
        )
        start = generator.uniform(low, high)
        steps = generator.uniform((-30, -16, -20), (30, 16, 20), size=(5, 3))
        path = np.clip(start + np.cumsum(steps, axis=0), low, high) + generator.normal(0, 1, (5, 3))
        loops.append(Tube(tuple(map(tuple, path.tolist())), (10, 12, 10)))
    return loops
