"""Pictures as people have them, sound and damaged: the digit is read, or a sentence says why not."""

import io
import random
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageDraw
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import KNeighborsClassifier

from vaepaper.data import mnist
from vaepaper.playground.uploads import read_picture

slow = pytest.mark.slow


def file_of(picture, format="PNG", **options):
    """A Pillow image or an array of grey levels as a file's bytes."""
    held, picture = io.BytesIO(), picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(held, format, **options)
    return held.getvalue()


def page(digit, rows=600, columns=800, size=280, at=(150, 300)):
    """Ink in [0, 1], [rows, columns], with the digit drawn `size` pixels large."""
    large = np.asarray(Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC), float) / 255
    ink = np.zeros((rows, columns))
    ink[at[0] : at[0] + size, at[1] : at[1] + size] = large
    return ink


def levels(grey):
    return np.uint8(np.clip(np.round(255 * grey), 0, 255))


def files(digit, random):
    """A digit, uint8 [28, 28], as people have it: by kind, what makes a file of it."""
    ink = page(digit)
    black, alpha, cmyk = levels(1 - ink), levels(ink), Image.fromarray(levels(1 - ink)).convert("CMYK")
    y, x = np.mgrid[-1:1:600j, -1:1:800j]
    light = 0.65 + 0.2 * x - 0.1 * y - 0.12 * (x**2 + y**2)
    rules = np.where((np.arange(600) % 40) // 2 == 10, 0.75, 1)[:, None]
    speck = (abs(x - 0.75) < 0.006) & (abs(y + 0.92) < 0.009)

    def opaque(grey, alpha):
        return file_of(np.stack([grey, grey, grey, alpha], axis=-1))

    def photo(grey, noise):
        return file_of(levels(grey + random.normal(0, noise, grey.shape)), "JPEG")

    def soft():
        blurred = levels(0.6 * gaussian_filter(ink, 4))
        return opaque(255 - blurred, blurred)

    def tight():
        rows, columns = (np.flatnonzero((digit > 60).any(axis)) for axis in (1, 0))
        cut = Image.fromarray(255 - digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        return file_of(cut.resize((10 * cut.width, 10 * cut.height), Image.Resampling.BICUBIC))

    second = {"save_all": True, "append_images": [Image.new("L", (800, 600), 255)]}  # an animation
    return {
        "plain": lambda: file_of(black),
        "faint pencil": lambda: file_of(levels(1 - ink * 23 / 255)),
        "uneven light": lambda: photo(light * (1 - 0.7 * ink), 0.01),
        "ruled paper": lambda: photo(np.minimum(rules, 1 - 0.85 * ink), 0),
        "CMYK": lambda: file_of(cmyk, "JPEG"),
        "CMYK, inverted": lambda: file_of(ImageChops.invert(cmyk), "JPEG"),
        "PNG of 10 bits": lambda: file_of(np.uint16(np.round((1 - ink) * 1023))),
        "PNG of 16 bits": lambda: file_of(np.uint16(np.round((1 - ink) * 65535))),
        "colours under no alpha": lambda: opaque(black, 0 * alpha),
        "soft ink on nothing": soft,
        "black ink on nothing": lambda: opaque(0 * alpha, alpha),
        "white ink on nothing": lambda: opaque(0 * alpha + 255, alpha),
        "GIF": lambda: file_of(black, "GIF", **second),
        "a black speck": lambda: file_of(levels(1 - np.maximum(ink, speck))),
        "a frame close by": lambda: file_of(np.pad(levels(1 - page(digit, 296, 296, 280, (8, 8))), 2)),
        "sensor noise": lambda: photo(0.75 - 0.6 * ink, 0.08),
        "chalk": lambda: photo(0.15 + 0.7 * ink, 0.03),
        "small": lambda: file_of(levels(1 - page(digit, 64, 48, 40, (12, 4)))),
        "tight": tight,
    }


QUICK = {"CMYK, inverted", "PNG of 10 bits", "white ink on nothing"}
KINDS = files(np.zeros((28, 28), np.uint8), None)
KINDS = [kind if kind in QUICK else pytest.param(kind, marks=slow) for kind in KINDS]


def grey_of(images):
    """Images as grey levels uint8 [n, 28, 28], ink white."""
    return np.uint8((255 * images).round().numpy().reshape(-1, 28, 28))


def sheet(kind="PNG", **options):
    """A diagonal stroke, drawn large, as a file."""
    return file_of(levels(1 - page(np.uint8(255 * np.eye(28)))), kind, **options)


@pytest.fixture(scope="module")
def read():
    """What most of the three nearest training digits are: the oracle, which knows nothing of pictures."""
    return KNeighborsClassifier(3, algorithm="brute").fit(*mnist("train")).predict


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_shows_its_digits(read, kind):
    images, labels = (part[:8] for part in mnist("test"))
    random = np.random.default_rng(0)
    found = torch.stack([read_picture(files(digit, random)[kind]()) for digit in grey_of(images)])
    assert found.dtype == torch.float32 and found.min() >= 0 and found.max() <= 1
    assert (read(found) == labels.numpy()).all()
    # A blank page is 93 away, the plainest picture 20.
    assert (found - images).abs().sum(1).mean() < 40


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA"])
def test_a_digit_in_a_corner_is_fitted_and_centred_and_one_of_28_pixels_left_as_it_is(digits, mode):
    image = digits[0][7]
    [grey] = grey_of(image[None])
    for picture in (grey, 255 - grey):
        assert (read_picture(file_of(picture)) - image).abs().max() < 0.005
    paper = Image.new("L", (900, 500), 255)
    paper.paste(Image.fromarray(255 - grey).resize((280, 280), Image.Resampling.BICUBIC), (500, 30))
    found = read_picture(file_of(paper.convert(mode))).reshape(28, 28)
    rows, columns = (found > 0).any(1).nonzero(), (found > 0).any(0).nonzero()
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    middle = [(found.sum(axis) * torch.arange(28.0)).sum() / found.sum() for axis in (0, 1)]
    assert max(abs(at - 14) for at in middle) <= 0.5
    assert torch.corrcoef(torch.stack([found.flatten(), image]))[0, 1] > (0.85 if mode == "1" else 0.9)


def test_a_photo_on_its_side_is_turned(digits):
    picture = Image.fromarray(255 - grey_of(digits[0][7:8])[0]).resize((280, 280)).convert("RGB")
    turned, exif = picture.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6  # as a camera says "turn me clockwise"
    difference = read_picture(file_of(turned, "JPEG", exif=exif, quality=95)) - read_picture(file_of(picture))
    assert difference.abs().mean() < 0.02


@slow
@pytest.mark.parametrize("width", [2, 5, 60])
def test_a_pen_of_any_width_leaves_strokes_like_mnists(read, width):
    """A 7 of three corners, 1,600 pixels high in a photograph of twelve million."""
    picture = Image.new("L", (4000, 3000), 240)
    ImageDraw.Draw(picture).line([(1500, 700), (2500, 700), (1900, 2300)], fill=30, width=width)
    found = read_picture(file_of(picture, "JPEG"))
    assert 50 < found.sum() < 130 and read(found[None]) == [7]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "not a PNG or JPEG"),
        (b"once upon a time", "not a PNG or JPEG"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(200), "save it as JPEG"),
        (sheet()[:3000], "damaged"),
        (file_of(Image.new("L", (40, 40), 128)), "blank"),
        (file_of(Image.new("RGBA", (40, 40))), "blank"),
        (file_of(Image.new("L", (1, 1), 255)), "blank"),
    ],
)
def test_a_wrong_file_gets_a_sentence(file, said):
    with pytest.raises(ValueError, match=said):
        read_picture(file)


@slow
@pytest.mark.parametrize("strength", [0.01, 0.05, 0.2])
def test_noise_alone_is_a_blank_page(strength):
    noise = np.random.default_rng(0).normal(0.7, strength, (480, 640))
    with pytest.raises(ValueError, match="blank"):
        read_picture(file_of(levels(noise)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_metadata_do_not_matter(kind):
    sound = read_picture(sheet(kind))
    for entry in (
        b"\x01\x12\x00\x08\x00\x00\x00\x01\xff\xff\x00\x00",  # orientation, signed: -1
        b"\x01\x12\x00\x02\x00\x00\x00\x04abc\x00",  # orientation, a word
        b"\x87\x69\x00\x04\x00\x00\x00\x01\xff\xff\xff\xff",  # more of it, past the end
        b"\x01\x12\x00\x63\x00\x00\xff\xff\x00\x00\x00\x08",  # of a type that there is not
    ):
        exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01" + entry + bytes(4)
        assert (read_picture(sheet(kind, exif=exif)) - sound).abs().max() < 0.02
    chunks = sheet(dpi=(300, 300))
    at = chunks.index(b"pHYs") + 6
    assert torch.equal(read_picture(chunks[:at] + b"?" + chunks[at + 1 :]), read_picture(chunks))


@slow
@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_are_read_or_refused_in_words(seed):
    """Bytes changed, lost, doubled and cut off; nothing but a ValueError, and no warning, may come out."""
    chance, digit = random.Random(seed), np.uint8(255 * np.eye(28))
    grey = Image.fromarray(levels(1 - page(digit, 60, 80, 40, (10, 20))))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a digit"
    modes = {"PNG": ["L", "P", "RGBA", "1"], "JPEG": ["L", "RGB", "CMYK"]}
    modes |= {"WEBP": ["RGB"], "GIF": ["P"], "BMP": ["L"]}
    holds = {kind: {"exif": exif} for kind in ("PNG", "JPEG", "WEBP")}
    sound = [(kind, mode) for kind, each in modes.items() for mode in each]
    sound = [file_of(grey.convert(mode), kind, **holds.get(kind, {})) for kind, mode in sound]
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
