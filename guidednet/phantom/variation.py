"""One patient: how build, organs, operations and findings differ from the average anatomy.

A handful of patients show few of these combinations, so that further ones have something to teach.
"""

from dataclasses import dataclass, replace

import numpy as np

from guidednet.phantom.anatomy import ORGAN_FORMS, OrganForm
from guidednet.phantom.shapes import Blend, Ellipsoid, Shape, Tube, Without

Organs = dict[str, tuple[Shape, float]]  # form (mm of the average anatomy) and volume (ml)
RADIUS_SPREAD = 0.15  # of each radius of a shape, as a share
TURN_SPREAD = 10.0  # degrees
BEND = 0.5  # standard deviation of a tube's path, in radii of the tube
MOST_GROWTH, LEAST_GROWTH = 2.2, 0.55  # of an organ's volume
# What a surgeon takes out of an organ, the share of the volume that is left, and how often.
RESECTIONS = {
    "liver": (
        (Ellipsoid((-34, 56, 80), (72, 62, 62)), 0.85, 0.06),
        (Ellipsoid((124, -40, 24), (56, 76, 66)), 0.7, 0.06),
    ),
    "pancreas": ((Ellipsoid((-76, -8, 50), (38, 34, 38)), 0.6, 0.06),),
}
PARTNERS = {"right kidney": "left kidney", "left kidney": "right kidney"}
PARTNER_GROWTH = 1.5  # of a single kidney


@dataclass(frozen=True)
class Patient:
    """A patient: body size (1 is average), stretch along x, y, z, fat below the skin (mm), organs.

    `ascites` is the share of the abdomen, from the back, in which fluid replaces fat. With
    `oral_contrast`, stomach and bowel hold contrast agent. `bowel_loops` counts those of the small
    bowel. `fatty_liver` is how many HU the liver has lost.
    """

    size: float
    stretch: np.ndarray
    fat: float
    organs: Organs
    ascites: float
    oral_contrast: bool
    bowel_loops: int
    fatty_liver: float


def draw_patient(generator: np.random.Generator) -> Patient:
    """A patient, drawn at random."""
    size = generator.uniform(0.88, 1.07)
    return Patient(
        size=size,
        stretch=size * generator.normal(1, 0.04, 3),
        fat=generator.uniform(7, 29),
        organs=_organs(size, generator),
        ascites=generator.uniform(0.2, 0.7) * (generator.random() < 0.12),
        oral_contrast=generator.random() < 0.3,
        bowel_loops=int(generator.integers(10, 32)),
        fatty_liver=generator.uniform(10, 45) * (generator.random() < 0.2),
    )


def _organs(size: float, generator: np.random.Generator) -> Organs:
    """The organs that the patient has: one kidney at least, and a single one is larger."""
    missing = {form.name for form in ORGAN_FORMS if generator.random() < form.missing}
    if missing.issuperset(PARTNERS):
        missing -= set(PARTNERS)
    organs = {}
    for form in (form for form in ORGAN_FORMS if form.name not in missing):
        alone = PARTNERS.get(form.name) in missing
        growth = np.exp(generator.normal(0, form.spread)) * (PARTNER_GROWTH if alone else 1)
        growth = float(np.clip(growth, LEAST_GROWTH, MOST_GROWTH))
        organs[form.name] = _operated(form, growth, size, generator)
    return organs


def _operated(
    organ: OrganForm, growth: float, size: float, generator: np.random.Generator
) -> tuple[Shape, float]:
    """Form and volume of `organ` in this patient, grown by `growth` and perhaps resected."""
    shift = generator.normal(0, organ.moves, 3)
    form = varied(organ.form, shift, growth, generator)
    volume = organ.volume * size**3 * growth
    for part, left, odds in RESECTIONS.get(organ.name, ()):
        if generator.random() < odds:
            form, volume = Without(form, varied(part, shift, 1.0, generator)), volume * left
    return form, volume


def varied(shape: Shape, shift: np.ndarray, growth: float, generator: np.random.Generator) -> Shape:
    """`shape` moved by `shift` (3,) mm, with `growth` times the volume, and each part reshaped."""
    if isinstance(shape, Blend):
        parts = (varied(part, shift, growth, generator) for part in shape.shapes)
        return replace(shape, shapes=tuple(parts))
    if isinstance(shape, Without):
        return Without(
            varied(shape.shape, shift, growth, generator),
            varied(shape.bite, shift, growth, generator),
        )
    if isinstance(shape, Tube):
        return _varied_tube(shape, shift, growth, generator)
    return _varied_ellipsoid(shape, shift, growth, generator)


def _varied_tube(
    tube: Tube, shift: np.ndarray, growth: float, generator: np.random.Generator
) -> Tube:
    """A tube of the same length: its path bends, and its radii vary along it."""
    path = np.array(tube.path) + shift
    path = path + generator.normal(0, BEND * np.mean(tube.radii), path.shape)
    radii = np.array(tube.radii) * np.sqrt(growth)
    radii = radii * np.exp(generator.normal(0, RADIUS_SPREAD, radii.shape))
    return Tube(tuple(map(tuple, path.tolist())), tuple(radii.tolist()))


def _varied_ellipsoid(
    ellipsoid: Ellipsoid, shift: np.ndarray, growth: float, generator: np.random.Generator
) -> Ellipsoid:
    """An ellipsoid of other proportions, turned and tilted."""
    radii = np.array(ellipsoid.radii) * np.cbrt(growth)
    radii = radii * np.exp(generator.normal(0, RADIUS_SPREAD, 3))
    return Ellipsoid(
        tuple((np.array(ellipsoid.centre) + shift).tolist()),
        tuple(radii.tolist()),
        turn=ellipsoid.turn + generator.normal(0, TURN_SPREAD),
        tilt=ellipsoid.tilt + generator.normal(0, TURN_SPREAD),
    )
