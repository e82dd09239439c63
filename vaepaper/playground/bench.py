"""The playground's bench: a digit to draw on that is judged at once."""

from collections.abc import Callable

import numpy as np
import torch
from ipycanvas import hold_canvas
from ipywidgets import HTML, BoundedIntText, Button, Dropdown, FileUpload, FloatSlider, ToggleButtons, Widget
from torch import Tensor, nn

from vaepaper.defects import paint
from vaepaper.playground.canvases import chart, dragged, framed, paced, page, paper, row, show
from vaepaper.playground.uploads import read_picture
from vaepaper.plots.cards import words
from vaepaper.scores import difference, joint_scores, reconstruct
from vaepaper.thresholds import RULES, JointAlarm, Threshold

JOINT = "joint alarm"
RATES = {"10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}


def finder(known: Tensor) -> Callable[[Tensor], Tensor]:
    """Make a search for the three images of `known` [n, pixels] nearest to one [pixels]."""
    norms = known.square().sum(1)  # the image's own norm is the same for all
    return lambda image: (norms - 2 * (known @ image)).topk(3, largest=False).indices


def bench(
    vae: nn.Module,
    ae: nn.Module,
    normal: Tensor,
    unseen: Tensor,
    known: Tensor,
    labels: Tensor,
) -> Widget:
    """Draw on a digit, or erase: the VAE's output, the difference, its score and the verdict follow.

    Args:
        vae, ae: on the CPU; the joint alarm uses both, the four other rules the VAE's summed difference.
        normal: images [n, 784] whose scores set the thresholds. unseen: [m, 784], in any order.
        known: the training images [k, 784] with labels [k], of which the nearest are shown.
    """
    scores, nearest = difference(vae, normal), finder(known)
    thresholds = {rule: Threshold(rule).fit(scores) for rule in RULES}
    joint = JointAlarm().fit(joint_scores(ae, vae, normal))
    ranked = unseen[np.argsort(-difference(vae, unseen))]
    image, said = ranked[0].clone(), HTML()
    board, alike, scale = row(3, 600), row(3, 240), paper(856, 110)
    rank = BoundedIntText(1, min=1, max=len(unseen), description="rank by score")
    rank.style.description_width = "initial"
    blank, file = Button(description="blank page"), FileUpload(accept="image/*", description="own picture")
    pen, width = ToggleButtons(options=["draw", "erase"]), FloatSlider(2, min=1, max=6, description="pen")
    pen.style.button_width = "70px"
    rule = Dropdown(options=(JOINT, *RULES), description="threshold")
    rate = Dropdown(options=RATES, value=0.01, description="false alarms")

    @paced
    def judge() -> None:
        if rule.value == JOINT:
            found = joint_scores(ae, vae, image[None])
            [name], _ = joint.triggered_by(found)
            score, usual, threshold = found[name], joint.normal[name], joint.at(rate.value)[name]
            [p_value] = joint.p_value(found)
        else:
            fitted, score, usual, name = thresholds[rule.value], difference(vae, image[None]), scores, ""
            threshold, [p_value] = fitted.at(rate.value), fitted.p_value(score)
        output, near = reconstruct(vae, image[None])[0], nearest(image)
        with hold_canvas():
            show(board, torch.stack([image, output]), image - output)  # red: input only, blue: output only
            show(alike, known[near])
            chart(scale, usual, threshold, float(score[0]))
        needed = f"{threshold:.3g}" if np.isfinite(threshold) else "none (no score suffices alone)"
        told = words(image, output, p_value, labels[near].tolist(), rate.value, name)
        who = f"top contributor {name}: " if name else ""
        said.value = f"<b>{who}score {score[0]:.3g}, threshold {needed}, p = {p_value:.2g}</b><br>{told}"

    def put(picture: Tensor) -> None:
        image[:] = picture
        judge()

    def load(*_) -> None:
        try:
            for chosen in file.value:
                put(read_picture(chosen.content.tobytes()))
        except ValueError as error:
            said.value = f"<b>{error}</b><br>What was here before is still shown."
        file.value = ()  # the same file can be chosen again

    dragged(board, lambda before, now: put(paint(image, before, now, width.value, pen.value == "erase")))
    rank.observe(lambda _: put(ranked[rank.value - 1]), "value")
    blank.on_click(lambda _: put(torch.zeros(784)))
    file.observe(load, "value")
    rule.observe(judge, "value")
    rate.observe(judge, "value")
    for canvas in (board, alike, scale):
        canvas.on_client_ready(judge)
    left = framed(board, {"<b>draw here</b>": 1, "output": 1, "difference": 1})
    right = framed(alike, {"nearest training digits": 3})
    return page([rank, blank, file], [pen, width, rule, rate], [left, right], [scale], [said])
