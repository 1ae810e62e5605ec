"""CGMM forward and backward: the matrix form of `guidednet.cgmm` against the plain broadcast form of the same equations.

    python -m benchmarks.bench_cgmm [--threads 1] [--repeats 5]

One CSV line per form, then the two ratios. Both forms compute eqs. 3-10 of one network on a batch of 2 labelled
crops: statistics, posterior, L_gt, L_self and L_max, with gradients of features and logits; their losses and
gradients are compared first. Time is the median of the repeats after one warm-up. Memory is measured in a fresh
process per form (Linux): its peak resident size (VmHWM) over one forward and backward, less its resident size
before (after imports, inputs, and a tiny run that loads the kernels). It includes the gradients. There the C
library gives freed blocks back at once, so that the figure is that of live tensors, not of what malloc keeps.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import Tensor

from guidednet.cgmm import CGMMConfig, class_statistics, gt_loss, log_posterior, max_loss, self_loss

SHAPE = (2, 14, 16, 32, 64, 64)  # B, K, C, D, H, W
SIGMA_MIN = CGMMConfig().sigma_min


def inputs(shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Features like those of a trained network (ReLU, one direction per class), logits, and labels of every class."""
    b, k, c, *size = shape
    torch.manual_seed(0)
    labels = torch.randint(k, (b, *size))
    features = (torch.randn(b, c, *size) + 2 * torch.randn(k, c)[labels].movedim(-1, 1)).relu_()
    return features.requires_grad_(), torch.randn(b, k, *size).requires_grad_(), labels


def matrix_form(features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """The library's functions."""
    probabilities = logits.softmax(1)
    gaussians = class_statistics(features, labels, probabilities)
    posterior = log_posterior(features, gaussians)
    return gt_loss(posterior, labels, gaussians.present) + self_loss(posterior, probabilities, gaussians.present) + max_loss(gaussians)


def plain_form(features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """The equations as one would write them down with broadcasting."""
    f, p = features.flatten(2), logits.flatten(2).softmax(1)
    y = torch.nn.functional.one_hot(labels.flatten(1), p.shape[1]).movedim(-1, 1).to(f.dtype)
    mean = (y[:, :, None] * f[:, None]).sum((0, 3)) / y.sum((0, 2))[:, None]
    distance = (f[:, None] - mean[None, :, :, None]).square().mean(2)
    std = ((y * p * distance).sum((0, 2)) / (y * p).sum((0, 2)) + SIGMA_MIN**2).sqrt().detach()
    density = (-distance / (2 * std[:, None] ** 2)).exp() / std[:, None]
    posterior = density / density.sum(1, keepdim=True)
    loss_gt = -(y * posterior.clamp_min(1e-30).log()).sum(1).mean()
    q = p.clamp(1e-6, 1 - 1e-6)
    loss_self = -(posterior * q.log() + (1 - posterior) * (1 - q).log()).mean()
    similarity = (-(mean[:, None] - mean[None]).square().mean(2)).exp()
    first, second = torch.triu_indices(len(mean), len(mean), offset=1)
    return loss_gt + loss_self + similarity[first, second].mean()


FORMS = {"matrix": matrix_form, "plain": plain_form}


def seconds(form: str, shape: tuple[int, ...], repeats: int) -> float:
    """Median time of forward and backward."""
    features, logits, labels = inputs(shape)
    times = []
    for _ in range(repeats + 1):
        features.grad = logits.grad = None
        start = time.perf_counter()
        FORMS[form](features, logits, labels).backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def resident_mebibytes(field: str) -> float:
    """This process's resident size: now (`field` "VmRSS") or at its peak ("VmHWM")."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def peak_mebibytes(form: str) -> float:
    """What one forward and backward of `form` adds to this process's resident size at its peak."""
    FORMS[form](*inputs((1, 3, 2, 4, 4, 4))).backward()
    arguments = inputs(SHAPE)
    before = resident_mebibytes("VmRSS")
    FORMS[form](*arguments).backward()
    return resident_mebibytes("VmHWM") - before


def in_fresh_process(form: str, threads: int) -> float:
    """`peak_mebibytes` measured where nothing ran before."""
    command = [sys.executable, "-m", "benchmarks.bench_cgmm", "--threads", str(threads), "--peak-of", form]
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def disagreement(shape: tuple[int, ...] = (2, 5, 4, 8, 8, 8)) -> float:
    """Largest difference between the two forms in loss and gradients, relative to the largest entry."""
    results = []
    for form in FORMS.values():
        features, logits, labels = (t.double().detach().requires_grad_() if t.is_floating_point() else t for t in inputs(shape))
        loss = form(features, logits, labels)
        results.append((loss, *torch.autograd.grad(loss, (features, logits))))
    return max(((ours - plain).abs().max() / plain.abs().max()).item() for ours, plain in zip(*results, strict=True))


def main() -> None:
    """Print the CSV lines and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peak-of", choices=FORMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.peak_of:
        print(peak_mebibytes(arguments.peak_of))
        return
    print(f"# disagreement of the two forms in float64: {disagreement():.1e}")
    print("form,seconds,peak_MiB,B,K,C,D,H,W,torch,threads")
    figures = {form: (seconds(form, SHAPE, arguments.repeats), in_fresh_process(form, arguments.threads)) for form in FORMS}
    for form, (time_taken, peak) in figures.items():
        print(f"{form},{time_taken:.4f},{peak:.1f},{','.join(map(str, SHAPE))},{torch.__version__},{arguments.threads}")
    time_ratio, memory_ratio = (plain / ours for ours, plain in zip(figures["matrix"], figures["plain"], strict=True))
    print(f"# plain / matrix: time {time_ratio:.1f}, peak memory {memory_ratio:.1f}")


if __name__ == "__main__":
    main()
