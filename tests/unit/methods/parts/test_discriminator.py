"""The discriminator of DAN and SASSnet."""

import pytest
import torch

from guidednet.methods.parts.discriminator import PairDiscriminator
from helpers.batches import a_method


@pytest.mark.parametrize("crop", [(64, 128, 128), (64, 160, 160), (8, 8, 8)])
def test_discriminator_takes_every_crop(crop):
    discriminator = PairDiscriminator(3, crop, width=2).eval()
    maps, image = torch.rand(2, 3, *crop), torch.rand(2, 1, *crop)
    logits = discriminator(maps, image)
    assert logits.shape == (2, 2)
    torch.testing.assert_close(discriminator(maps.flip(0), image.flip(0)), logits.flip(0))


@pytest.mark.parametrize("name", ["dan", "sassnet"])
def test_discriminator_learns_from_all_rows_and_the_network_fools_it_on_unlabelled_ones(name):
    method, image = a_method(name), torch.rand(4, 1, 8, 8, 8)
    maps = method.maps_without_dropout(image)
    method.discriminator.eval()
    log_p = method.discriminator(maps, image).log_softmax(1)
    torch.testing.assert_close(
        method.discriminator_loss(image, 2), -(log_p[:2, 1].sum() + log_p[2:, 0].sum()) / 4
    )
    torch.testing.assert_close(method.adversarial_loss(maps[2:], image[2:]), -log_p[2:, 1].mean())
