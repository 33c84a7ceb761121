"""Writes what PyTorch computes for every layer and activation, so that the Rust tests need no PyTorch.

    python make_references.py

Needs torch (2.13.0 made the stored files); writes `*.json` beside itself. Each file holds one network: its layers as they
stand in the TOML, inputs, parameters and buffers, the outputs, and the gradients of sum(outputs * weighting). Numbers
are computed in double precision and rounded to single: what PyTorch itself rounds away on the way is not in the files.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "softmax": lambda x: F.softmax(x, dim=1),
}


class Same(nn.Module):
    """Keras' `same`, by an explicit pad."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        pads = []
        for axis in (3, 2):
            side, kernel, stride = x.shape[axis], self.conv.kernel_size[axis - 2], self.conv.stride[axis - 2]
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return self.conv(F.pad(x, pads))


class Act(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.function = ACTIVATIONS[name]

    def forward(self, x):
        return self.function(x)


def dense(inputs, units, activation="linear", bias=True):
    """The layer's TOML, its modules, and the module that holds its parameters."""
    module = nn.Linear(inputs, units, bias=bias)
    toml = {"type": "dense", "units": units, "activation": activation, "bias": bias}
    return toml, [module, Act(activation)], ("dense", module)


def conv(channels, filters, kernel, stride, padding, activation="linear", bias=True):
    half = kernel // 2 if padding == "half" else 0
    module = nn.Conv2d(channels, filters, kernel, stride, half, bias=bias)
    toml = {
        "type": "conv2d",
        "filters": filters,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "activation": activation,
        "bias": bias,
    }
    return toml, [Same(module) if padding == "same" else module, Act(activation)], ("conv2d", module)


def norm(channels, images, momentum, epsilon, activation="linear"):
    kind = nn.BatchNorm2d if images else nn.BatchNorm1d
    module = kind(channels, eps=epsilon, momentum=momentum)
    toml = {"type": "batch_norm", "momentum": momentum, "epsilon": epsilon, "activation": activation}
    return toml, [module, Act(activation)], ("batch_norm", module)


def plain(toml, module):
    return toml, [module], None


def pool(kind, size, stride):
    module = nn.MaxPool2d(size, stride) if kind == "max_pool2d" else nn.AvgPool2d(size, stride)
    return plain({"type": kind, "size": size, "stride": stride}, module)


def flatten():
    return plain({"type": "flatten"}, nn.Flatten())


def activation(name):
    return plain({"type": "activation", "activation": name}, Act(name))


def as_json(tensor):
    # Nine digits name a single-precision number exactly.
    values = [float(f"{value:.9g}") for value in tensor.detach().float().flatten().tolist()]
    return {"shape": list(tensor.shape), "values": values}


def write(name, shape, layers, samples=3, train=True):
    generator = torch.Generator().manual_seed(len(name) * 1000 + sum(map(ord, name)))
    numbers, named, modules = {}, [], []
    for _, parts, owner in layers:
        modules += parts
        if owner:
            kind, module = owner
            numbers[kind] = numbers.get(kind, 0) + 1
            named.append((f"{kind}_{numbers[kind]}", module.double()))
    state = {}
    for prefix, module in named:
        for key, tensor in module.state_dict(keep_vars=True).items():
            if key == "num_batches_tracked":
                continue
            with torch.no_grad():
                start = torch.randn(tensor.shape, generator=generator) * 0.5
                tensor.copy_(start.abs() + 0.5 if key == "running_var" else start)
            state[f"{prefix}.{key}"] = tensor
    before = {key: as_json(tensor) for key, tensor in state.items()}
    network = nn.Sequential(*modules).train(train)
    # Single-precision numbers, so that what is stored is what was computed with.
    inputs = torch.randn([samples, *shape], generator=generator).double().requires_grad_()
    outputs = network(inputs)
    weighting = torch.randn(outputs.shape, generator=generator).double()
    (outputs * weighting).sum().backward()
    gradients = {key: as_json(tensor.grad) for key, tensor in state.items() if tensor.requires_grad}
    after = {key: as_json(tensor) for key, tensor in state.items() if not tensor.requires_grad}
    reference = {
        "layers": [toml for toml, _, _ in layers],
        "mode": "train" if train else "eval",
        "inputs": as_json(inputs),
        "state": before,
        "outputs": as_json(outputs),
        "weighting": as_json(weighting),
        "input_gradient": as_json(inputs.grad),
        "gradients": gradients,
        "buffers_after": after,
    }
    (HERE / f"{name}.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")


def main():
    for name in ACTIVATIONS:
        write(f"activation_{name}", [6], [activation(name)], samples=5)
        write(f"dense_{name}", [5], [dense(5, 4, name), dense(4, 2)])
    write("dense_no_bias", [5], [dense(5, 3, bias=False)])
    write("conv_valid", [2, 6, 5], [conv(2, 3, 3, 1, "valid", "tanh"), flatten(), dense(36, 2)])
    write("conv_half", [2, 6, 7], [conv(2, 2, 4, 2, "half", "relu"), flatten(), dense(32, 2)])
    write("conv_same_even", [3, 8, 8], [conv(3, 2, 5, 2, "same", "relu"), flatten(), dense(32, 2)])
    write("conv_same_odd", [2, 7, 6], [conv(2, 2, 4, 3, "same", "elu"), flatten(), dense(12, 2)])
    write("conv_same_linear", [1, 6, 6], [conv(1, 2, 5, 2, "same", bias=False), flatten(), dense(18, 1)])
    write("conv_softmax", [2, 4, 3], [conv(2, 3, 2, 1, "valid", "softmax"), flatten(), dense(18, 2)])
    write("max_pool", [2, 7, 6], [pool("max_pool2d", 3, 2), flatten(), dense(12, 2)])
    write("avg_pool", [2, 7, 6], [pool("avg_pool2d", 2, 3), flatten(), dense(8, 2)])
    for mode in ("train", "eval"):
        # No bias: under batch normalisation its gradient is zero but for rounding, which no two programs share.
        flat = [dense(4, 3, bias=False), norm(3, False, 0.1, 1e-5, "relu"), dense(3, 2)]
        write(f"batch_norm_flat_{mode}", [4], flat, samples=6, train=mode == "train")
        images = [norm(2, True, 0.01, 1e-3, "sigmoid"), flatten(), dense(12, 2)]
        write(f"batch_norm_image_{mode}", [2, 3, 2], images, samples=4, train=mode == "train")


if __name__ == "__main__":
    main()
