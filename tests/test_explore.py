"""The playground, no browser: strokes pixel by pixel, what the pointer does, the bench's verdict."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vaepaper import scores
from vaepaper.defects import paint
from vaepaper.models import AutoEncoder, VariationalAutoEncoder
from vaepaper.playground import canvases
from vaepaper.playground.bench import bench, finder
from vaepaper.scores import joint_scores
from vaepaper.thresholds import JointAlarm, Threshold


def distance_to_segment(start, end):
    """Of the middle of each pixel [28, 28] from a segment, (x, y) each, by projection."""
    start, end = np.array(start, float), np.array(end, float)
    middles = np.stack(np.meshgrid(np.arange(28) + 0.5, np.arange(28) + 0.5), axis=-1) - start
    along = end - start
    share = (middles @ along / max(along @ along, 1e-12)).clip(0, 1)
    return np.linalg.norm(middles - share[..., None] * along, axis=-1)


@pytest.mark.parametrize(("start", "end"), [((3.3, 20.2), (15.1, 8)), ((9, 9), (9, 9)), ((26, 2), (40, 2))])
@pytest.mark.parametrize("width", [1, 2.5])
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


def test_the_nearest_three_are_those_of_measuring_all(digits):
    known, images = digits[0][:1900], digits[0][1900:]
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    lined = images.clone()
    lined[:, 308:364] = 1  # a thick line
    images = torch.cat([images, (images + 0.5 * noise).clamp(max=1), lined, torch.zeros(1, 784)])
    nearest = finder(known)
    found = np.stack([nearest(image).numpy() for image in images])
    oracle = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(known)
    expected = oracle.kneighbors(images, return_distance=False)
    assert (found == expected).mean() > 0.99  # two may lie equally near


def test_few_images_are_enough_and_two_that_differ_in_one_pixel_are_told_apart(digits):
    """Their distance is small beside their norms."""
    twice = digits[0][[0, 1, 0]]
    twice[-1, 0] = 0.5  # a corner that no digit inks
    nearest = finder(twice)
    assert [nearest(image).tolist()[0] for image in twice] == [0, 1, 2]
    assert nearest(twice[2]).tolist() == [2, 0, 1]
