"""The playground's bench: a digit to draw on that is judged at once."""

import numpy as np
import torch
from ipycanvas import hold_canvas
from ipywidgets import HTML, BoundedIntText, Button, Dropdown, FileUpload, FloatSlider, ToggleButtons, Widget
from torch import Tensor, nn

from vaepaper.defects import paint
from vaepaper.figures.cards import words
from vaepaper.playground.alike import finder
from vaepaper.playground.canvases import chart, dragged, framed, paced, page, paper, row, show
from vaepaper.playground.uploads import read_picture
from vaepaper.scores import difference, joint_scores, reconstruct
from vaepaper.thresholds import RULES, JointAlarm, Threshold

JOINT = "joint alarm"


def bench(vae: nn.Module, ae: nn.Module, normal: Tensor, unseen: Tensor, known: Tensor, labels: Tensor) -> Widget:
    """Draw on a digit, or erase: the VAE's output, the difference, its score and the verdict follow.

    Args:
        vae, ae: on the CPU; the joint alarm listens to both, the four other rules to the VAE's summed difference.
        normal: images [n, 784] whose scores set the thresholds. unseen: [m, 784], the oddest first.
        known: the training images [k, 784] with labels [k], of which the most alike are shown.
    """
    scores, nearest = difference(vae, normal), finder(known)
    judges, oddest = {rule: Threshold(rule).fit(scores) for rule in RULES}, np.argsort(-difference(vae, unseen))
    joint = JointAlarm().fit(joint_scores(ae, vae, normal))
    image, said = torch.zeros(784), HTML()
    board, alike, scale = row(3, 600), row(3, 240), paper(856, 110)
    number = BoundedIntText(1, min=1, max=len(unseen), description="oddest, no.")
    blank, file = Button(description="blank page"), FileUpload(accept="image/*", description="own picture")
    pen, width = ToggleButtons(options=["draw", "erase"]), FloatSlider(2, min=1, max=6, description="pen")
    pen.style.button_width = "70px"
    rule = Dropdown(options=(JOINT, *RULES), description="threshold")
    rate = Dropdown(options={"10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}, value=0.01, description="false alarms")

    def listen() -> tuple[str, np.ndarray, float, float, float]:
        """Which score speaks, its values for normal digits, its threshold, its value here, and the p-value."""
        if rule.value == JOINT:
            found = joint_scores(ae, vae, image[None])
            [name], _ = joint.triggered_by(found)
            return name, joint.normal[name], joint.at(rate.value)[name], found[name][0], joint.p_value(found)[0]
        found, judged = difference(vae, image[None]), judges[rule.value]
        return "VAE: summed difference", scores, judged.at(rate.value), found[0], judged.p_value(found)[0]

    @paced
    def judge() -> None:
        (name, usual, threshold, score, p_value), output = listen(), reconstruct(vae, image[None])[0]
        near = nearest(image)
        with hold_canvas():
            show(board, torch.stack([image, output]), image - output)  # red: input only, blue: output only
            show(alike, known[near])
            chart(scale, usual, threshold, float(score))
        told = words(image, output, p_value, labels[near].tolist(), rate.value)
        spoke = f"{name} spoke: " if rule.value == JOINT else ""
        needed = f"{threshold:.3g}" if np.isfinite(threshold) else "none (several must speak)"
        said.value = f"<b>{spoke}score {score:.3g}, threshold {needed}, p = {p_value:.2g}</b><br>{told}"

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
    number.observe(lambda _: put(unseen[oddest[number.value - 1]]), "value")
    blank.on_click(lambda _: put(torch.zeros(784)))
    file.observe(load, "value")
    for choice in (rule, rate):
        choice.observe(judge, "value")
    for canvas in (board, alike, scale):
        canvas.on_client_ready(judge)
    image[:] = unseen[oddest[0]]
    drawn = framed(board, ("<b>draw here</b>", "output", "difference")), framed(alike, ("most", "alike in", "training"))
    return page([number, blank, file], [pen, width, rule, rate], drawn, [scale], [said])
