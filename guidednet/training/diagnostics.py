"""What the networks predict on the batch of a step, for the curves of every method.

A method can go on fitting its labelled cases while it calls ever more of the unlabelled ones organ;
the loss does not show that, the shares of foreground do.
"""

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean
from guidednet.methods import Method


@torch.no_grad()
def diagnostics(method: Method, batch: Batch) -> dict[str, float]:
    """Shares of foreground by network and rows, the labels' own share, and the method's numbers.

    Networks predict without dropout. Columns are "foreground/labels" and
    "foreground/<network>/<rows>", with rows "labelled" or "unlabelled", from 0 to 1.
    """
    method.eval()
    labelled = len(batch.label)
    values = {"foreground/labels": foreground(batch.label)}
    for name, network in method.networks().items():
        prediction = network(batch.image).logits.argmax(1)
        values[f"foreground/{name}/labelled"] = foreground(prediction[:labelled])
        if len(prediction) > labelled:
            values[f"foreground/{name}/unlabelled"] = foreground(prediction[labelled:])
    return {name: value.item() for name, value in values.items()} | method.log(batch)


def foreground(labels: Tensor) -> Tensor:
    """The share of voxels that are no background, over all processes; `labels` (B,D,H,W)."""
    return batch_mean((labels > 0).float())
