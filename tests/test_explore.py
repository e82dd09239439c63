"""The playground, no browser: pictures read like MNIST's, strokes pixel by pixel, the bench's verdict."""

import numpy as np
import pytest
import torch
from photographs import file_of, levels, page
from PIL import Image

from vaepaper import scores
from vaepaper.defects import paint
from vaepaper.models import AutoEncoder, VariationalAutoEncoder
from vaepaper.playground import canvases
from vaepaper.playground.bench import bench
from vaepaper.playground.uploads import read_picture
from vaepaper.scores import joint_scores
from vaepaper.thresholds import JointAlarm, Threshold


def bytes_of(image):
    """An image [784] as grey levels uint8 [28, 28], ink white."""
    return (255 * image).round().byte().numpy().reshape(28, 28)


def test_a_digit_of_mnist_comes_back_as_it_was(digits):
    images, _ = digits
    for image in images[:20]:
        assert (read_picture(file_of(Image.fromarray(bytes_of(image)))) - image).abs().max() < 0.005
        assert (read_picture(file_of(Image.fromarray(255 - bytes_of(image)))) - image).abs().max() < 0.005


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
@pytest.mark.parametrize("dark", [True, False])
def test_any_size_and_mode_is_fitted_and_centred(digits, mode, dark):
    image = digits[0][7]
    large = Image.fromarray(bytes_of(image)).resize((280, 280), Image.Resampling.BICUBIC)
    page = Image.new("L", (900, 500))
    page.paste(large, (500, 30))  # far from the middle
    page = page.point(lambda level: 255 - level) if dark else page
    picture = Image.fromarray(np.asarray(page, np.uint16) * 257) if mode == "I;16" else page.convert(mode)
    found = read_picture(file_of(picture)).reshape(28, 28)
    assert found.dtype == torch.float32 and found.min() >= 0 and found.max() <= 1
    rows, columns = (found > 0).any(1).nonzero(), (found > 0).any(0).nonzero()
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    places = torch.arange(28.0)
    middle = [(found.sum(axis) * places).sum() / found.sum() for axis in (0, 1)]
    assert max(abs(at - 14) for at in middle) <= 0.5
    assert torch.corrcoef(torch.stack([found.flatten(), image]))[0, 1] > (0.85 if mode == "1" else 0.9)


@pytest.mark.parametrize("ink", [0, 255])
def test_what_is_transparent_is_paper(ink):
    picture = np.zeros((60, 40, 4), np.uint8)
    picture[..., :3] = ink
    picture[10:50, 15:25, 3] = 255  # a bar
    found = read_picture(file_of(Image.fromarray(picture))).reshape(28, 28)
    assert (found[4:24, 12:17] > 0.9).all() and found.sum() == pytest.approx(100, rel=0.03)


def test_a_photo_on_its_side_is_turned(digits):
    picture = Image.fromarray(255 - bytes_of(digits[0][7])).resize((280, 280)).convert("RGB")
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # as a camera says "turn me clockwise"
    difference = read_picture(file_of(turned, "JPEG", exif=exif, quality=95)) - read_picture(file_of(picture))
    assert difference.abs().mean() < 0.02


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "not a PNG or JPEG"),
        (b"once upon a time", "not a PNG or JPEG"),
        (file_of(Image.effect_noise((64, 64), 90))[:900], "not a PNG or JPEG"),
        (file_of(levels(1 - page(np.uint8(255 * np.eye(28)))))[:3000], "damaged"),
        (file_of(Image.new("L", (40, 40), 128)), "blank"),
        (file_of(Image.new("RGBA", (40, 40))), "blank"),
        (file_of(Image.new("L", (1, 1), 255)), "blank"),
    ],
)
def test_a_wrong_file_gets_a_sentence(file, said):
    with pytest.raises(ValueError, match=said):
        read_picture(file)


def distance_to_segment(start, end):
    """Of the middle of each pixel [28, 28] from a segment, (x, y) each, by projection."""
    start, end = np.array(start, float), np.array(end, float)
    middles = np.stack(np.meshgrid(np.arange(28) + 0.5, np.arange(28) + 0.5), axis=-1) - start
    along = end - start
    share = (middles @ along / max(along @ along, 1e-12)).clip(0, 1)
    return np.linalg.norm(middles - share[..., None] * along, axis=-1)


ENDS = [((4, 5), (20, 5)), ((3.3, 20.2), (15.1, 8)), ((9, 9), (9, 9)), ((26, 2), (40, 2))]


@pytest.mark.parametrize(("start", "end"), ENDS)
@pytest.mark.parametrize("width", [1, 2.5, 6])
def test_a_stroke_changes_the_pixels_under_it_and_no_others(start, end, width):
    ink = np.clip(width / 2 + 0.5 - distance_to_segment(start, end), 0, 1)
    drawn = paint(torch.zeros(784), start, end, width).reshape(28, 28).numpy()
    np.testing.assert_allclose(drawn, ink, atol=1e-4)
    erased = paint(torch.ones(784), start, end, width, erase=True).reshape(28, 28).numpy()
    np.testing.assert_allclose(erased, 1 - ink, atol=1e-4)


def point(canvas, *events):
    """Pointer events as a browser sends them: ("mouse_down", x, y)."""
    for name, x, y in events:
        canvas._handle_frontend_event(None, {"event": name, "x": x, "y": y}, [])


def test_dragging_is_followed_from_press_to_release_only():
    canvas, seen = canvases.row(3, 300), []
    canvases.dragged(canvas, lambda before, now: seen.append((*before, *now)))
    point(canvas, ("mouse_move", 1, 1), ("mouse_down", 2, 3), ("mouse_move", 4, 5), ("mouse_move", 6, 7))
    point(canvas, ("mouse_up", 6, 7), ("mouse_move", 8, 8), ("mouse_down", 1, 2), ("mouse_out", 1, 2))
    point(canvas, ("mouse_move", 9, 9))
    assert seen == [(2, 3, 2, 3), (2, 3, 4, 5), (4, 5, 6, 7), (1, 2, 1, 2)]


@pytest.fixture
def laid(digits):
    """A bench with its networks: the board, what is said, the two choices, the digit on it."""
    images, labels = digits
    torch.manual_seed(0)
    vae, ae = VariationalAutoEncoder(8).eval(), AutoEncoder(8).eval()
    widget = bench(vae, ae, images[:500], images[500:600], images, labels)
    board, said = widget.children[3].children[0].children[1], widget.children[-1].children[0]
    rule, rate = widget.children[2].children[2:]
    worst = images[500:600][scores.difference(vae, images[500:600]).argmax()]
    board._handle_frontend_event(None, {"event": "client_ready"}, [])
    return vae, ae, images[:500], board, said, rule, rate, worst


def test_the_bench_says_what_the_report_s_score_says(laid):
    vae, _, normal, board, said, rule, _rate, worst = laid
    rule.value = "conformal"
    assert f"score {scores.difference(vae, worst[None])[0]:.3g}" in said.value
    point(board, ("mouse_down", 3, 4), ("mouse_move", 20, 9), ("mouse_up", 20, 9))
    drawn = paint(paint(worst, (3, 4), (3, 4), 2), (3, 4), (20, 9), 2)
    score = scores.difference(vae, drawn[None])
    threshold = Threshold("conformal").fit(scores.difference(vae, normal))
    [p_value] = threshold.p_value(score)
    assert f"score {score[0]:.3g}, threshold {threshold.at(0.01):.3g}, p = {p_value:.2g}" in said.value
    assert ("No alarm" in said.value) == (p_value > 0.01) and "contributor" not in said.value


def test_the_bench_judges_by_the_joint_alarm_first_and_names_the_top_contributor(laid):
    vae, ae, normal, board, said, rule, rate, worst = laid
    alarm = JointAlarm().fit(joint_scores(ae, vae, normal))
    point(board, ("mouse_down", 3, 4), ("mouse_up", 3, 4))
    found = joint_scores(ae, vae, paint(worst, (3, 4), (3, 4), 2)[None])
    [name], [p_value] = alarm.triggered_by(found)[0], alarm.p_value(found)
    assert rule.value == "joint alarm"
    assert said.value.startswith(f"<b>top contributor {name}: score {found[name][0]:.3g}")
    # 1 % of 500 digits, seven scores.
    assert f"threshold none (no score suffices alone), p = {p_value:.2g}" in said.value
    rate.value = 0.1
    assert f"threshold {alarm.at(0.1)[name]:.3g}, p = {p_value:.2g}" in said.value
    assert ("No alarm at 10 %" in said.value) == (p_value > 0.1)
