"""Pictures as people have them, sound and damaged: the digit is read, or a sentence says why not."""

import random
import warnings

import numpy as np
import photographs
import pytest
import torch
from photographs import file_of, levels, page
from PIL import Image, ImageDraw

from vaepaper.data import mnist
from vaepaper.playground.uploads import read_picture

pytestmark = pytest.mark.slow


def nearest_label(found):
    """What most of the three nearest training digits are: the oracle, which knows nothing of pictures."""
    images, labels = mnist("train")
    distances = images.square().sum(1) - 2 * (found @ images.T)
    return labels[distances.topk(3, largest=False).indices].mode(1).values


@pytest.mark.parametrize("kind", photographs.KINDS)
def test_every_kind_of_picture_shows_its_digits(kind):
    images, labels = (part[:8] for part in mnist("test"))
    random = np.random.default_rng(0)
    digits = np.uint8((255 * images).round().numpy().reshape(-1, 28, 28))
    found = torch.stack([read_picture(photographs.KINDS[kind](digit, random)) for digit in digits])
    assert found.dtype == torch.float32 and found.min() >= 0 and found.max() <= 1
    assert (nearest_label(found) == labels).float().mean() >= 0.95
    # A blank page is 93 away, the plainest picture 20.
    assert (found - images).abs().sum(1).mean() < 40


@pytest.mark.parametrize("width", [2, 5, 60])
def test_a_pen_of_any_width_leaves_strokes_like_mnists(width):
    """A 7 of three corners, 1,600 pixels high in a photograph of twelve million."""
    picture = Image.new("L", (4000, 3000), 240)
    ImageDraw.Draw(picture).line([(1500, 700), (2500, 700), (1900, 2300)], fill=30, width=width)
    found = read_picture(file_of(picture, "JPEG"))
    assert 50 < found.sum() < 130 and nearest_label(found[None]).item() == 7


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strength", [0.01, 0.05, 0.2])
def test_noise_alone_is_a_blank_page(seed, strength):
    noise = np.random.default_rng(seed).normal(0.7, strength, (480, 640))
    with pytest.raises(ValueError, match="blank"):
        read_picture(file_of(levels(noise)))


def test_heic_is_told_what_to_do():
    with pytest.raises(ValueError, match="save it as JPEG"):
        read_picture(b"\x00\x00\x00\x18ftypheic" + bytes(200))


def with_exif(kind, entry):
    """A sound picture whose EXIF holds a raw `entry` of 12 bytes."""
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01" + entry + bytes(4)
    return file_of(levels(1 - page(np.uint8(255 * np.eye(28)))), kind, exif=exif)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "entry",
    [
        b"\x01\x12\x00\x08\x00\x00\x00\x01\xff\xff\x00\x00",  # orientation, signed: -1
        b"\x01\x12\x00\x02\x00\x00\x00\x04abc\x00",  # orientation, a word
        b"\x87\x69\x00\x04\x00\x00\x00\x01\xff\xff\xff\xff",  # more of it, past the end
        b"\x01\x12\x00\x63\x00\x00\xff\xff\x00\x00\x00\x08",  # of a type that there is not
    ],
)
def test_damaged_metadata_do_not_matter(kind, entry):
    sound = read_picture(file_of(levels(1 - page(np.uint8(255 * np.eye(28)))), kind))
    assert (read_picture(with_exif(kind, entry)) - sound).abs().max() < 0.02


def test_a_damaged_chunk_beside_the_picture_does_not_matter():
    sound = file_of(levels(1 - page(np.uint8(255 * np.eye(28)))), dpi=(300, 300))
    at = sound.index(b"pHYs") + 6
    assert torch.equal(read_picture(sound[:at] + b"?" + sound[at + 1 :]), read_picture(sound))


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_are_read_or_refused_in_words(seed):
    """Bytes changed, lost, doubled and cut off; nothing but a ValueError, and no warning, may come out."""
    chance, digit = random.Random(seed), np.uint8(255 * np.eye(28))
    grey = Image.fromarray(levels(1 - page(digit, 60, 80, 40, (10, 20))))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a digit"
    modes = {"PNG": ["L", "P", "RGBA", "1"], "JPEG": ["L", "RGB", "CMYK"]}
    modes |= {"WEBP": ["RGB"], "GIF": ["P"], "BMP": ["L"]}
    holds = {"exif": exif}
    sound = [file_of(grey.convert(mode), kind, **(holds if kind in ("PNG", "JPEG", "WEBP") else {}))
             for kind, each in modes.items() for mode in each]  # fmt: skip
    read = refused = 0
    for _ in range(150):
        file = bytearray(chance.choice(sound))
        for _ in range(chance.choice((1, 2, 8, 40))):
            at = int(len(file) * chance.random() ** 2)  # headers more often than pixels
            how = chance.randrange(4)
            if how == 0:
                file[at] = chance.randrange(256)
            elif how == 1:
                del file[at : at + chance.randrange(1, 9)]
            elif how == 2:
                file[at:at] = file[at : at + chance.randrange(1, 9)]
            else:
                file[at] ^= 1 << chance.randrange(8)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = read_picture(bytes(file))
                assert found.shape == (784,) and found.min() >= 0 and found.max() <= 1  # so none is a NaN
                read += 1
            except ValueError as error:
                assert str(error).startswith(("That file is not", "That picture is"))
                refused += 1
    assert read > 10 and refused > 10
