"""Readings of what the report leaves unsaid: chapters 1 to 4 read it as "default", chapter 6 changes one thing each.

says: in words. claims: the first and the last that it can touch.
sweep, ae, vae: settings of chapter 1's auto-encoders, of those of chapters 2 and 3, and of the variational ones.
fit: settings of the training. kl_mean: the KL term is averaged over latents. first: so many digits to learn from and to
set the threshold by. binary: pixels above one half are 1, the others 0. sampled: a digit's code is drawn when scoring,
too. squared: the difference is a sum of squares. several: more than one thing is changed.
seeds: from 0, else three; more where a training is short, two where it is longest. stage: the lower, the earlier it is
measured. together: what is trained in one go, because it shares networks or passes through the other's epochs.
"""

from vaepaper import checks

PARTS = {"C1": 4, "C2": 4, "C3": 3, "C4": 2, "C5": 4, "C6": 2, "C7": 2, "C8": 2, "C9": 2}  # of each claim's test
CLAIMS = list(PARTS)
ALL, SWEEP, CLUSTERS, VAES, ALARM = ("C1", "C9"), ("C1", "C2"), ("C3", "C9"), ("C4", "C9"), ("C6", "C9")

# The sweep's networks have no layer between which a tanh could stand.
# As many steps as 20 epochs of 469 batches: 1,173 of 8, 119 of 79.
READINGS: dict[str, dict] = {
    "default": {"says": "as in chapters 1 to 4", "claims": ALL, "seeds": 20, "stage": 0, "together": "default"},
    # how long and how fast
    "epochs-5": {"says": "5 epochs", "claims": ALL, "fit": {"epochs": 5}, "seeds": 5, "stage": 0,
     "together": "default"},
    "epochs-10": {"says": "10 epochs", "claims": ALL, "fit": {"epochs": 10}, "seeds": 5, "stage": 0,
     "together": "default"},
    "epochs-50": {"says": "50 epochs", "claims": ALL, "fit": {"epochs": 50}, "seeds": 2, "stage": 4},
    "epochs-100": {"says": "100 epochs", "claims": ALARM, "fit": {"epochs": 100}, "stage": 1,
     "together": "long"},
    "epochs-200": {"says": "200 epochs", "claims": ALARM, "fit": {"epochs": 200}, "stage": 1,
     "together": "long"},
    "batch-32": {"says": "batches of 32", "claims": ALL, "fit": {"batch_size": 32}, "seeds": 2, "stage": 4},
    "batch-512": {"says": "batches of 512", "claims": ALL, "fit": {"batch_size": 512}, "stage": 3},
    "rate-0.0003": {"says": "learning rate 3e-4", "claims": ALL, "fit": {"learning_rate": 3e-4}, "stage": 3},
    "rate-0.003": {"says": "learning rate 3e-3", "claims": ALL, "fit": {"learning_rate": 3e-3}, "stage": 3},
    # the networks
    "tanh": {"says": "tanh", "claims": CLUSTERS, "ae": {"activation": "Tanh"}, "vae": {"activation": "Tanh"},
     "stage": 3},
    "leaky-relu": {"says": "leaky ReLU", "claims": CLUSTERS, "ae": {"activation": "LeakyReLU"},
     "vae": {"activation": "LeakyReLU"}, "stage": 3},
    "no-latent-sigmoid": {"says": "sweep: no sigmoid on the latent", "claims": SWEEP,
     "sweep": {"latent_sigmoid": False}, "seeds": 5, "stage": 2},
    "hidden-layer": {"says": "sweep: a hidden layer of 256", "claims": SWEEP, "sweep": {"hidden": [256]}, "stage": 2},
    "linear-output": {"says": "VAE: no sigmoid on the output", "claims": ALARM, "vae": {"output_sigmoid": False},
     "seeds": 5, "stage": 1},
    # the loss
    "bernoulli": {"says": "Bernoulli loss",
     "claims": ALL, **{kind: {"reconstruction": "bernoulli"} for kind in ("sweep", "ae", "vae")}, "stage": 3},
    "kl-0.1": {"says": "KL weight 0.1", "claims": VAES, "vae": {"kl_weight": 0.1}, "stage": 2, "together": "kl"},
    "kl-0.5": {"says": "KL weight 0.5", "claims": VAES, "vae": {"kl_weight": 0.5}, "stage": 2, "together": "kl"},
    "kl-2": {"says": "KL weight 2", "claims": VAES, "vae": {"kl_weight": 2.0}, "stage": 2, "together": "kl"},
    "kl-4": {"says": "KL weight 4", "claims": VAES, "vae": {"kl_weight": 4.0}, "stage": 2, "together": "kl"},
    "kl-mean": {"says": "KL averaged over latents", "claims": VAES, "kl_mean": True, "stage": 2, "together": "kl"},
    # the digits
    "binary": {"says": "pixels 0 or 1", "claims": ALARM, "binary": True, "seeds": 5, "stage": 1},
    "first-1000": {"says": "the first 1,000 digits", "claims": ALARM, "first": 1000, "seeds": 5, "stage": 1,
     "together": "first-1000"},
    "first-10000": {"says": "the first 10,000 digits", "claims": ALARM, "first": 10000, "seeds": 5, "stage": 1,
     "together": "first-10000"},
    # the score
    "sampled-code": {"says": "a sampled code when scoring", "claims": ALARM, "sampled": True, "seeds": 5, "stage": 0,
     "together": "default"},
    "squared-difference": {"says": "squared differences", "claims": ("C8", "C9"), "squared": True, "seeds": 5,
     "stage": 0, "together": "default"},
    # several of these
    "first-1000-as-many-steps": {"says": "the first 1,000, as many steps", "claims": ALARM, "first": 1000,
     "fit": {"epochs": 1173}, "several": True, "seeds": 5, "stage": 1, "together": "first-1000"},
    "first-10000-as-many-steps": {"says": "the first 10,000, as many steps", "claims": ALARM, "first": 10000,
     "fit": {"epochs": 119}, "several": True, "seeds": 5, "stage": 1, "together": "first-10000"},
    "binary-linear-200": {"says": "0 or 1, no sigmoid, 200 epochs", "claims": ALARM, "binary": True,
     "vae": {"output_sigmoid": False}, "fit": {"epochs": 200}, "several": True, "stage": 1},
}  # fmt: skip


def touched(reading: str) -> list[str]:
    """The claims that a reading can touch, in order. Raises ValueError: no such reading."""
    first, last = READINGS[checks.word("reading", reading, READINGS)]["claims"]
    return CLAIMS[CLAIMS.index(first) : CLAIMS.index(last) + 1]


def seeds(reading: str) -> range:
    """The seeds that the table is to hold of a reading. Raises ValueError: no such reading."""
    return range(READINGS[checks.word("reading", reading, READINGS)].get("seeds", 3))
