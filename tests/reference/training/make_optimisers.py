"""Writes optimisers.json: weights after each of 20 steps of PyTorch's optimisers under given gradients.

    python tests/reference/training/make_optimisers.py        (torch==2.13.0; takes a second)
"""

import json
import pathlib

import torch

torch.manual_seed(20)
SHAPES = [(3, 4), (5,)]
START = [torch.randn(shape) for shape in SHAPES]
GRADIENTS = [[torch.randn(shape) * 10 ** float(torch.randint(-4, 2, ())) for shape in SHAPES] for _ in range(20)]
GRADIENTS[7] = [torch.zeros(shape) for shape in SHAPES]  # a step without any gradient

CASES = {
    "sgd": ({"kind": "sgd", "lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
            lambda p: torch.optim.SGD(p, lr=0.1), {}),
    "sgd-momentum-decay": ({"kind": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": False, "weight_decay": 0.01},
                           lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01), {}),
    "sgd-nesterov": ({"kind": "sgd", "lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.0},
                     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True), {}),
    "adam": ({"kind": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
             lambda p: torch.optim.Adam(p, lr=0.01), {}),
    "adam-decay": ({"kind": "adam", "lr": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": 0.1},
                   lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1), {}),
    "adamw": ({"kind": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.2},
              lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.2), {}),
    "rmsprop": ({"kind": "rmsprop", "lr": 0.01, "rho": 0.9, "epsilon": 1e-8, "momentum": 0.0, "weight_decay": 0.0},
                lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9), {}),
    "rmsprop-momentum-decay": (
        {"kind": "rmsprop", "lr": 0.01, "rho": 0.99, "epsilon": 1e-6, "momentum": 0.7, "weight_decay": 0.01},
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-6, momentum=0.7, weight_decay=0.01), {}),
    "adam-clip-norm": ({"kind": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
                       lambda p: torch.optim.Adam(p, lr=0.01), {"clip_norm": 0.5}),
    "sgd-clip-value": ({"kind": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0},
                       lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), {"clip_value": 0.3}),
}


def run(make, clip):
    weights = [torch.nn.Parameter(start.clone()) for start in START]
    optimiser = make(weights)
    after = []
    for gradients in GRADIENTS:
        for weight, gradient in zip(weights, gradients):
            weight.grad = gradient.clone()
        if "clip_norm" in clip:
            torch.nn.utils.clip_grad_norm_(weights, clip["clip_norm"])
        if "clip_value" in clip:
            torch.nn.utils.clip_grad_value_(weights, clip["clip_value"])
        optimiser.step()
        after.append([weight.detach().flatten().tolist() for weight in weights])
    return after


flat = lambda tensors: [tensor.flatten().tolist() for tensor in tensors]
out = {
    "torch": torch.__version__.split("+")[0],
    "shapes": SHAPES,
    "start": flat(START),
    "gradients": [flat(step) for step in GRADIENTS],
    "cases": [{"name": name, "optimiser": config, **clip, "after": run(make, clip)} for name, (config, make, clip) in CASES.items()],
}
pathlib.Path(__file__).with_name("optimisers.json").write_text(json.dumps(out) + "\n")
