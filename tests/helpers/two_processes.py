"""Two processes of one test."""

from datetime import timedelta

import torch.distributed as dist


def meet(folder, rank):
    """Join the two gloo processes of a test; where one is late on a busy machine, they try again."""
    for attempt in range(3):
        try:
            dist.init_process_group(
                "gloo",
                init_method=f"file://{folder}/meeting{attempt}",
                rank=rank,
                world_size=2,
                timeout=timedelta(minutes=2),
            )
            return
        except RuntimeError:
            if attempt == 2:
                raise
