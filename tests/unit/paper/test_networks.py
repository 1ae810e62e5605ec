"""The U-Net is the paper's: size, shapes, what depends on what."""

import pytest
import torch
from torch import nn

from guidednet.networks import InstanceNorm, NetworkConfig, UNet3D, build_network


@pytest.mark.parametrize(("num_classes", "parameters"), [(14, 5_884_254), (16, 5_884_288)])
def test_parameter_count(num_classes, parameters):
    network = UNet3D(num_classes)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert [name for name, _ in network.named_buffers()] == ["absent"]


def test_shapes_from_deep_to_shallow():
    output = UNet3D(5, width=2)(torch.rand(2, 1, 32, 32, 48))
    assert output.logits.shape == (2, 5, 32, 32, 48)
    assert [tuple(layer.shape[1:]) for layer in output.decoder] == [
        (16, 4, 4, 6),
        (8, 8, 8, 12),
        (4, 16, 16, 24),
        (2, 32, 32, 48),
    ]


def test_features_are_what_the_classifier_sees():
    network = UNet3D(3, width=4, depth=3)  # in training mode: after dropout
    output = network(torch.rand(1, 1, 8, 8, 8))
    assert torch.equal(network.classifier(output.features), output.logits)


def test_only_dropout_separates_training_from_evaluation():
    network, image = UNet3D(3, width=4, depth=3), torch.rand(1, 1, 8, 8, 8)
    assert not torch.equal(network(image).logits, network(image).logits)
    network.eval()
    assert torch.equal(network(image).logits, network(image).logits)


def test_rows_of_a_batch_do_not_see_each_other():
    network, image = UNet3D(3, width=4, depth=3).eval(), torch.rand(2, 1, 8, 8, 8)
    torch.testing.assert_close(network(image).logits[:1], network(image[:1]).logits)


def test_indivisible_side_is_refused():
    with pytest.raises(ValueError, match="divisible by 16"):
        UNet3D(3, width=2)(torch.rand(1, 1, 16, 16, 24))


def test_build_depends_on_seed_and_initialisation_alone():
    def weights(initialisation, seed):
        network = build_network(NetworkConfig(width=2, depth=2), 3, initialisation, seed)
        return torch.cat(
            [
                parameter.flatten()
                for name, parameter in network.named_parameters()
                if name.endswith("weight")
            ]
        )

    before = torch.get_rng_state()
    first = weights("kaiming", 0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    assert torch.equal(weights("kaiming", 0), first)
    assert not torch.equal(weights("kaiming", 1), first)
    assert (weights("xavier", 0) != first).all()


def test_normalisation_on_a_cpu_is_torchs_instance_normalisation():
    image = torch.randn(2, 3, 4, 5, 6, dtype=torch.float64) * 7 + 2
    torch.testing.assert_close(
        InstanceNorm(3)(image), nn.InstanceNorm3d(3)(image), rtol=1e-12, atol=1e-12
    )


def test_normalisation_in_half_precision_keeps_layout_and_values():
    image = torch.randn(2, 3, 4, 5, 6) * 7 + 2
    half = image.bfloat16().contiguous(memory_format=torch.channels_last_3d).requires_grad_()
    found = InstanceNorm(3)(half)
    assert found.is_contiguous(memory_format=torch.channels_last_3d)
    expected = nn.InstanceNorm3d(3)(half.detach().float())
    torch.testing.assert_close(found.float(), expected, rtol=1e-2, atol=1e-2)
    found.square().sum().backward()  # the variance is 1 whatever the image is
    assert half.grad.float().abs().max() < 0.1
