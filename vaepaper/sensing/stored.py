"""A monitor as two files, monitor.safetensors and monitor.json: written whole, checked when read, never unpickled."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as read_arrays
from safetensors.numpy import save as serialise

from vaepaper import paths
from vaepaper.sensing.calibration import Calibration
from vaepaper.sensing.channel import SCORES, Channel
from vaepaper.sensing.sensors import Sensors
from vaepaper.sensing.windows import Scaling

FORMAT = "vaepaper monitor 1"
PLAIN = ("names", "timed", "limit", "reason", "usual_gap")


def save(sensors: Sensors, calibration: Calibration, folder: Path) -> Path:
    """Write what a monitor has learnt."""
    arrays = {"calibration.largest": calibration.largest, "calibration.means": calibration.means}
    settings = {name: getattr(sensors, name) for name in ("window", "step", "network", *PLAIN)} | {"channels": []}
    for c, channel in enumerate(sensors.channels):
        arrays |= {f"channel{c}.{name}": tensor.numpy() for name, tensor in channel.model.state_dict().items()}
        arrays[f"channel{c}.usual"] = channel.usual
        scale = {"low": channel.scaling.low, "high": channel.scaling.high}
        settings["channels"].append(scale | {"middle": channel.middle, "half": channel.half})
    settings["points"] = calibration.points
    body = serialise({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    text = json.dumps(settings, indent=1, ensure_ascii=False)
    digest = hashlib.sha256(text.encode() + body).hexdigest()
    head = {"format": FORMAT, "scores": SCORES, "sha256": digest, "monitor": settings}
    with paths.atomic_write(folder / "monitor.safetensors") as part:
        part.write_bytes(body)
    with paths.atomic_write(folder / "monitor.json") as part:
        part.write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def load(folder: Path) -> tuple[Sensors, Calibration]:
    """What was saved.

    Raises:
        FileNotFoundError: no monitor there. ValueError: another version's, or altered, or cut off.
    """
    described, weights = folder / "monitor.json", folder / "monitor.safetensors"
    for path in (described, weights):
        if not path.is_file():
            raise FileNotFoundError(
                f"no monitor in {folder}: there is no {path.name}; `Monitor.save` leaves both files"
            )
    try:
        head, body = json.loads(described.read_text(encoding="utf-8")), weights.read_bytes()
        if head["format"] != FORMAT or tuple(head["scores"]) != SCORES:
            raise ValueError(
                f"{described} is of another version ({head['format']!r} with {len(head['scores'])} scores; expected"
                f" {FORMAT!r} with {len(SCORES)}): train the monitor again"
            )
        settings = head["monitor"]
        text = json.dumps(settings, indent=1, ensure_ascii=False)
        if hashlib.sha256(text.encode() + body).hexdigest() != head["sha256"]:
            raise ValueError(f"{folder}: the monitor was altered after it was saved; train it again")
        arrays = read_arrays(body)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, SafetensorError) as error:
        raise ValueError(f"{described} is not a whole monitor ({error}); train it again") from None
    sensors = Sensors(settings["window"], settings["step"], settings["network"])
    for name in PLAIN:
        setattr(sensors, name, settings[name])
    for c, found in enumerate(settings["channels"]):
        channel, prefix = Channel(sensors.window, **sensors.network), f"channel{c}."
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        channel.usual, channel.scaling = own.pop("usual"), Scaling(found["low"], found["high"])
        channel.middle, channel.half = found["middle"], found["half"]
        channel.model.load_state_dict({name: torch.from_numpy(array) for name, array in own.items()})
        sensors.channels.append(channel)
    calibration = Calibration()
    calibration.largest, calibration.means = arrays["calibration.largest"], arrays["calibration.means"]
    calibration.points, calibration.window = settings["points"], sensors.window
    calibration.step = np.nan if sensors.step is None else sensors.step
    return sensors, calibration.settle()
