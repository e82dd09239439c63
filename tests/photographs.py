"""Pictures as people have them, made from a digit of MNIST: uint8 [28, 28], ink 255, to a file's bytes."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage


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


def inked(digit, level):
    """Ink of one grey level on nothing."""
    alpha = levels(page(digit))
    return with_alpha(np.full_like(alpha, level), alpha)


def speckled(digit):
    ink = page(digit)
    ink[20:25, 700:705] = 1
    return file_of(levels(1 - ink))


def soft(digit):
    ink = levels(0.6 * ndimage.gaussian_filter(page(digit), 4))
    return with_alpha(255 - ink, ink)


def uneven(digit, rng):
    y, x = np.mgrid[-1:1:600j, -1:1:800j]
    light = 0.65 + 0.2 * x - 0.1 * y - 0.12 * (x**2 + y**2)
    return file_of(levels(light * (1 - 0.7 * page(digit)) + rng.normal(0, 0.01, x.shape)), "JPEG")


def ruled(digit):
    paper = np.where((np.arange(600) % 40) // 2 == 10, 0.75, 1)[:, None]
    return file_of(levels(np.minimum(paper, 1 - 0.85 * page(digit))), "JPEG")


def inverted(digit):
    return Image.fromarray(grey(digit)).convert("CMYK").point(lambda level: 255 - level)


def noisy(digit, rng, paper, ink, strength):
    return file_of(levels(paper + ink * page(digit) + rng.normal(0, strength, (600, 800))), "JPEG")


def deep(digit, bits):
    return file_of(np.uint16(np.round((1 - page(digit)) * (2**bits - 1))))


def tight(digit):
    rows, columns = (np.flatnonzero((digit > 60).any(axis)) for axis in (1, 0))
    cut = Image.fromarray(255 - digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return file_of(cut.resize((10 * cut.width, 10 * cut.height), Image.Resampling.BICUBIC))


SECOND = [Image.new("L", (800, 600), 255)]  # of an animation
KINDS = {  # a digit and a generator of random numbers → the bytes of a file
    "plain": lambda digit, rng: file_of(grey(digit)),
    "faint_pencil": lambda digit, rng: file_of(levels(1 - page(digit) * 23 / 255)),
    "uneven_light": uneven,
    "ruled_paper": lambda digit, rng: ruled(digit),
    "cmyk_jpeg": lambda digit, rng: file_of(Image.fromarray(grey(digit)).convert("CMYK"), "JPEG"),
    "cmyk_jpeg_inverted": lambda digit, rng: file_of(inverted(digit), "JPEG"),
    "png_of_10_bits": lambda digit, rng: deep(digit, 10),
    "png_of_16_bits": lambda digit, rng: deep(digit, 16),
    "colours_under_no_alpha": lambda digit, rng: with_alpha(grey(digit), 0 * grey(digit)),
    "soft_ink_on_nothing": lambda digit, rng: soft(digit),
    "black_ink_on_nothing": lambda digit, rng: inked(digit, 0),
    "white_ink_on_nothing": lambda digit, rng: inked(digit, 255),
    "gif": lambda digit, rng: file_of(grey(digit), "GIF", save_all=True, append_images=SECOND),
    "a_black_speck": lambda digit, rng: speckled(digit),
    "a_frame_close_by": lambda digit, rng: file_of(np.pad(grey(digit, 296, 296, 280, (8, 8)), 2)),
    "sensor_noise": lambda digit, rng: noisy(digit, rng, 0.75, -0.6, 0.08),
    "chalk": lambda digit, rng: noisy(digit, rng, 0.15, 0.7, 0.03),
    "small": lambda digit, rng: file_of(grey(digit, 64, 48, 40, (12, 4))),
    "tight": lambda digit, rng: tight(digit),
}
