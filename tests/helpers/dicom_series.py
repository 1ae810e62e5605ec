"""A scan as the DICOM series of a scanner."""

import numpy as np
import SimpleITK


def write_series(folder, image, affine, series="1.2.3", leave_out=()):
    """`image` (X,Y,Z) int16 as a DICOM series, a file per slice."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    direction = to_lps[:3, :3] / spacing
    for index in range(image.shape[2]):
        if index in leave_out:
            continue
        piece = SimpleITK.GetImageFromArray(
            np.ascontiguousarray(image[:, :, index].T[None].astype(np.int16))
        )
        piece.SetSpacing(spacing.tolist())
        piece.SetDirection(direction.ravel().tolist())
        place = (to_lps @ [0, 0, index, 1])[:3]
        piece.SetOrigin(place.tolist())
        tags = {
            "0008|0060": "CT",
            "0020|000d": "1.2.1",
            "0020|000e": series,
            "0020|0052": "1.2.9",
            "0008|0018": f"{series}.{index + 1}",
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0020|0032": "\\".join(f"{value:.4f}" for value in place),
            "0020|0037": "\\".join(
                f"{value:.6f}" for value in (*direction[:, 0], *direction[:, 1])
            ),
            "0020|0013": str(index + 1),
            "0028|1052": "0",
            "0028|1053": "1",
        }
        for tag, value in tags.items():
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{series}-{index:03d}.dcm"))
        writer.Execute(piece)
