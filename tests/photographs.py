"""Pictures as people have them, made from a digit of MNIST: uint8 [28, 28], ink 255, to a file's bytes."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

KINDS = {}


def kind(maker):
    """Lists `maker` under its name; it takes a digit and a generator of random numbers."""
    KINDS[maker.__name__] = maker
    return maker


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


def grey(digit, *options, **others):
    """The page as black ink on white."""
    return levels(1 - page(digit, *options, **others))


def with_alpha(level, alpha):
    """A PNG of grey levels and an alpha channel."""
    return file_of(np.stack([level, level, level, alpha], axis=-1))


@kind
def plain(digit, rng):
    return file_of(grey(digit))


@kind
def faint_pencil(digit, rng):
    return file_of(levels(1 - page(digit) * 23 / 255))


@kind
def uneven_light(digit, rng):
    y, x = np.mgrid[-1:1:600j, -1:1:800j]
    light = 0.65 + 0.2 * x - 0.1 * y - 0.12 * (x**2 + y**2)
    return file_of(levels(light * (1 - 0.7 * page(digit)) + rng.normal(0, 0.01, x.shape)), "JPEG")


@kind
def ruled_paper(digit, rng):
    paper = np.where((np.arange(600) % 40) // 2 == 10, 0.75, 1)[:, None]
    return file_of(levels(np.minimum(paper, 1 - 0.85 * page(digit))), "JPEG")


@kind
def squared_paper(digit, rng):
    paper = np.ones((600, 800))
    paper[10::30] = paper[:, 10::30] = 0.8
    return file_of(levels(np.minimum(paper, 1 - 0.85 * page(digit))))


@kind
def cmyk_jpeg(digit, rng):
    return file_of(Image.fromarray(grey(digit)).convert("CMYK"), "JPEG")


@kind
def cmyk_jpeg_inverted(digit, rng):
    picture = Image.fromarray(grey(digit)).convert("CMYK")
    return file_of(picture.point(lambda level: 255 - level), "JPEG")


for bits in (10, 12, 16):
    most = 2**bits - 1
    KINDS[f"png_of_{bits}_bits"] = lambda digit, rng, most=most: file_of(
        np.uint16(np.round((1 - page(digit)) * most))
    )


@kind
def colours_under_no_alpha(digit, rng):
    return with_alpha(grey(digit), np.zeros((600, 800), np.uint8))


@kind
def soft_ink_on_nothing(digit, rng):
    ink = levels(0.6 * ndimage.gaussian_filter(page(digit), 4))
    return with_alpha(255 - ink, ink)


@kind
def black_ink_on_nothing(digit, rng):
    ink = levels(page(digit))
    return with_alpha(0 * ink, ink)


@kind
def white_ink_on_nothing(digit, rng):
    ink = levels(page(digit))
    return with_alpha(0 * ink + 255, ink)


for format in ("WEBP", "BMP"):
    KINDS[format.lower()] = lambda digit, rng, format=format: file_of(grey(digit), format)


@kind
def gif(digit, rng):
    return file_of(grey(digit), "GIF", save_all=True, append_images=[Image.new("L", (800, 600), 255)])


@kind
def a_black_speck(digit, rng):
    ink = page(digit)
    ink[20:25, 700:705] = 1
    return file_of(levels(1 - ink))


@kind
def a_frame(digit, rng):
    return file_of(np.pad(grey(digit)[2:-2, 2:-2], 2))


@kind
def a_frame_close_by(digit, rng):
    return file_of(np.pad(grey(digit, 300, 300, 280, (10, 10))[2:-2, 2:-2], 2))


@kind
def sensor_noise(digit, rng):
    return file_of(levels(0.75 - 0.6 * page(digit) + rng.normal(0, 0.08, (600, 800))), "JPEG")


@kind
def chalk(digit, rng):
    return file_of(levels(0.15 + 0.7 * page(digit) + rng.normal(0, 0.03, (600, 800))), "JPEG")


@kind
def small(digit, rng):
    return file_of(grey(digit, 64, 48, 40, (12, 4)))


@kind
def tight(digit, rng):
    rows, columns = (np.flatnonzero((digit > 60).any(axis)) for axis in (1, 0))
    cut = Image.fromarray(255 - digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return file_of(cut.resize((10 * cut.width, 10 * cut.height), Image.Resampling.BICUBIC))
