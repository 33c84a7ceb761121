"""One training step of PyTorch eager, the peer that the benches compare whymean with.

    step.py [--network cnn|mlp] [--padding same|half] [--threads N] [--steps N] [--hooks] [--fused] [--channels-last]

trains on data that lies in memory, in the loop that most people write, and prints one line of JSON.
With --serve it waits for lines `run K` on stdin instead, runs K more steps for each and answers with the seconds they
took, so that a driver can take turns between this and whymean on the same machine at the same time.

Networks:
  cnn  Cross Validated question 261704: 3x64x64, three 5x5 convolutions with stride 2 (32, 64, 128), dense 100, dense 2
  mlp  8-64-64-64-1
Both: ReLU, Glorot uniform weights, zero biases, mean squared error, Adam at 1e-3.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

BATCH = {"cnn": 128, "mlp": 32}
WARM_UP_STEPS = {"cnn": 3, "mlp": 100}


class SameConv2d(nn.Conv2d):
    """Keras' `same` at stride 2 on even sides: one pixel before, two after, which PyTorch's padding cannot say."""

    def forward(self, x):
        return super().forward(functional.pad(x, (1, 2, 1, 2)))


def cnn(padding):
    def conv(inputs, filters):
        if padding == "same":
            return SameConv2d(inputs, filters, 5, stride=2)
        return nn.Conv2d(inputs, filters, 5, stride=2, padding=2)

    return nn.Sequential(
        conv(3, 32), nn.ReLU(), conv(32, 64), nn.ReLU(), conv(64, 128), nn.ReLU(),
        nn.Flatten(), nn.Linear(128 * 8 * 8, 100), nn.ReLU(), nn.Linear(100, 2),
    )  # fmt: skip


def mlp():
    return nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )


def boxes(samples):
    """White boxes of 8x8 on black; targets are the centre in -1..1."""
    images = torch.zeros(samples, 3, 64, 64)
    corners = torch.randint(0, 64 - 8 + 1, (samples, 2))
    for image, (x, y) in zip(images, corners.tolist()):
        image[:, y : y + 8, x : x + 8] = 1.0
    return images, (corners + 4.0) / 32.0 - 1.0


class Watch:
    """Instruments as one would write them by hand: what each layer puts out, and the norm of each gradient."""

    def __init__(self, model):
        self.model, self.readings = model, []
        for layer in model:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.register_forward_hook(self.before_activation)
            elif isinstance(layer, nn.ReLU):
                layer.register_forward_hook(self.after_activation)

    @torch.no_grad()
    def look(self, values):
        std, mean = torch.std_mean(values, correction=0)
        zero_share = 1 - torch.count_nonzero(values) / values.numel()
        self.readings.append((mean.item(), std.item(), zero_share.item()))

    def after_activation(self, _layer, _inputs, output):
        self.look(output)

    def before_activation(self, layer, _inputs, output):
        if layer is self.model[-1]:  # the other layers are looked at behind their activation
            self.look(output)

    def gradients(self):
        self.readings.append([parameter.grad.norm().item() for parameter in self.model.parameters()])

    def step_done(self):
        self.readings.clear()


class Loop:
    """Endless epochs over the data, one step at a time."""

    def __init__(self, options):
        torch.manual_seed(options.seed)
        if options.network == "cnn":
            self.inputs, self.targets = boxes(options.samples)
            self.model = cnn(options.padding)
        else:
            self.inputs = torch.rand(options.samples, 8) * 2 - 1
            self.targets = self.inputs.sum(dim=1, keepdim=True)
            self.model = mlp()
        for parameter in self.model.parameters():
            nn.init.zeros_(parameter) if parameter.dim() == 1 else nn.init.xavier_uniform_(parameter)
        self.watch = Watch(self.model) if options.hooks else None
        if options.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
            self.inputs = self.inputs.contiguous(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=options.fused or None)
        self.batches = self.endless_batches(BATCH[options.network])
        self.loss = None

    def endless_batches(self, size):
        samples = len(self.inputs)
        while True:
            order = torch.randperm(samples)
            for at in range(0, samples - size + 1, size):
                chosen = order[at : at + size]
                yield self.inputs.index_select(0, chosen), self.targets.index_select(0, chosen)

    def step(self):
        inputs, targets = next(self.batches)
        self.optimiser.zero_grad()
        loss = functional.mse_loss(self.model(inputs), targets)
        loss.backward()
        if self.watch:
            self.watch.gradients()
        self.optimiser.step()
        self.loss = loss.item()
        if self.watch:
            self.watch.step_done()

    def seconds(self, steps):
        begin = time.perf_counter()
        for _ in range(steps):
            self.step()
        return time.perf_counter() - begin


def serve(loop):
    for line in sys.stdin:
        words = line.split()
        if len(words) != 2 or words[0] != "run" or not words[1].isdigit():
            sys.exit(f"expected `run K`, got {line!r}")
        print(f"{loop.seconds(int(words[1])):.9f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["cnn", "mlp"], default="cnn")
    parser.add_argument("--padding", choices=["same", "half"], default="same", help="of the convolutions")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="default: 20 for cnn, 2000 for mlp")
    parser.add_argument("--samples", type=int, default=2048, help="in memory; at least one batch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hooks", action="store_true", help="watch activations and gradients at each step")
    parser.add_argument("--fused", action="store_true", help="Adam in one kernel")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--serve", action="store_true", help="take turns with a driver, see above")
    options = parser.parse_args()
    if options.samples < BATCH[options.network]:
        parser.error(f"--samples must be at least one batch: {BATCH[options.network]}")
    if options.channels_last and options.network != "cnn":
        parser.error("--channels-last is for images")
    torch.set_num_threads(options.threads)
    loop = Loop(options)
    loop.seconds(WARM_UP_STEPS[options.network])
    if options.serve:
        serve(loop)
        return
    steps = options.steps or {"cnn": 20, "mlp": 2000}[options.network]
    each = [loop.seconds(1) for _ in range(steps)]
    print(json.dumps({
        "torch": torch.__version__, "network": options.network, "padding": options.padding,
        "threads": options.threads, "hooks": options.hooks, "fused": options.fused,
        "channels_last": options.channels_last, "steps": steps, "median_secs_per_step": statistics.median(each),
        "total_secs": sum(each), "last_loss": loop.loss,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
