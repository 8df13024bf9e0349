"""Restricted Boltzmann machines in PyTorch on the CPU, as a yardstick for `taut rbm`.

    python rbm.py time [--threads 1] [--repeat 7]
    python rbm.py steps > STEPS.json

`time` prints seconds a step of contrastive divergence for fixed machines. `steps` trains small
machines for 20 steps with random words that anybody can compute, and writes where they end:
tests/library/train/rbm/steps.json is its output. README.md has the formats.
"""

import argparse
import json
import statistics
import sys
import time

import torch

# visible, hidden, batch: the machines of the experiments with 16 x 16 and 40 x 40 spins.
CASES = [(256, 64, 100), (64, 16, 100), (1600, 400, 100)]


class Machine:
    """p(v, h) ~ exp(b v + c h + v W h); v may be Gaussian of deviation 1 instead."""

    def __init__(self, weights, visible_bias, hidden_bias, kind="binary"):
        self.numbers = [weights, visible_bias, hidden_bias]
        self.kind = kind
        self.speeds = [torch.zeros_like(number) for number in self.numbers]
        self.ends = None

    def hidden(self, visible):
        weights, _, bias = self.numbers
        return torch.sigmoid(torch.addmm(bias, visible, weights))

    def visible(self, hidden):
        weights, bias, _ = self.numbers
        activation = torch.addmm(bias, hidden, weights.T)
        return torch.sigmoid(activation) if self.kind == "binary" else activation

    def step(self, batch, draw, settings):
        """One update; draw(side, turn, means) makes units of means."""
        positive = self.hidden(batch)
        means = positive
        if settings["persistent"]:
            if self.ends is None:
                self.ends = batch.clone()
            means = self.hidden(self.ends)
        for turn in range(settings["steps"]):
            hidden = draw("hidden", turn, means)
            self.ends = draw("visible", turn, self.visible(hidden))
            means = self.hidden(self.ends)
        samples, chains = len(batch), len(self.ends)
        gradients = [
            self.ends.T @ means / chains - batch.T @ positive / samples,
            self.ends.mean(0) - batch.mean(0),
            means.mean(0) - positive.mean(0),
        ]
        weights = self.numbers[0]
        gradients[0] += settings["l1"] * torch.sign(weights) + settings["l2"] * weights
        for number, speed, gradient in zip(self.numbers, self.speeds, gradients):
            speed.mul_(settings["momentum"]).add_(gradient)
            number.sub_(speed, alpha=settings["learning_rate"])
        return ((batch - self.ends) ** 2).mean()


def time_cases(repeat, samples, dtype):
    settings = {"steps": 1, "persistent": False, "l1": 1e-3, "l2": 0.0, "momentum": 0.5,
                "learning_rate": 0.2}
    for visible, hidden, batch in CASES:
        torch.manual_seed(0)
        machine = Machine(0.01 * torch.randn(visible, hidden, dtype=dtype),
                          torch.zeros(visible, dtype=dtype), torch.zeros(hidden, dtype=dtype))
        rows = torch.bernoulli(torch.full((samples, visible), 0.5, dtype=dtype))

        def draw(side, turn, means):
            return torch.bernoulli(means)

        def epoch():
            order = torch.randperm(samples)
            for start in range(0, samples - batch + 1, batch):
                machine.step(rows[order[start : start + batch]], draw, settings)

        with torch.no_grad():
            epoch()  # warm
            seconds = []
            for _ in range(repeat):
                start = time.perf_counter()
                epoch()
                seconds.append((time.perf_counter() - start) / (samples // batch))
        print(json.dumps({
            "machine": f"{visible}-{hidden}",
            "batch": batch,
            "precision": str(dtype).removeprefix("torch."),
            "seconds_per_step": statistics.median(seconds),
            "least": min(seconds),
            "largest": max(seconds),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }), flush=True)


def word(side, turn, row, unit):
    """Random bits of a unit by its place."""
    x = ({"visible": 0, "hidden": 1}[side] * 1000003 + turn * 8191 + row * 131 + unit * 7 + 1)
    x = x * 2654435761 % 2**32
    x = (x ^ x >> 15) * 2246822519 % 2**32
    x = (x ^ x >> 13) * 3266489917 % 2**32
    return x ^ x >> 16


def words(side, turn, means):
    rows, units = means.shape
    values = [[word(side, turn, row, unit) for unit in range(units)] for row in range(rows)]
    return torch.tensor(values, dtype=torch.float64)


def normal(side, turn, means):
    """Standard normal numbers: a cosine and a sine by each pair of words (Box and Muller)."""
    rows, units = means.shape
    even = torch.zeros(rows, units + units % 2)
    shares = (words(side, turn, even) + 0.5) / 2**32
    radius = torch.sqrt(-2 * torch.log(shares[:, 0::2]))
    angle = 2 * torch.pi * shares[:, 1::2]
    pairs = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=2)
    return pairs.reshape(rows, -1)[:, :units]


def steps(kind, settings):
    """20 steps of a machine of 6 visible and 4 hidden units on batches of 5 rows."""
    visible, hidden, batch = 6, 4, 5
    dtype = torch.float64
    start = [torch.tensor([[((3 * i + 5 * j) % 11 - 5) / 20 for j in range(hidden)]
                           for i in range(visible)], dtype=dtype),
             torch.tensor([(i - 2) / 10 for i in range(visible)], dtype=dtype),
             torch.tensor([(1 - j) / 8 for j in range(hidden)], dtype=dtype)]
    machine = Machine(*start, kind)
    errors = []
    for number in range(20):
        rows = [[(row * 5 + unit * 3 + number * 2 + row * unit) % 4 for unit in range(visible)]
                for row in range(batch)]
        rows = torch.tensor(rows, dtype=dtype)
        rows = (rows < 2).to(dtype) if kind == "binary" else rows / 2 - 1

        def draw(side, turn, means):
            turn += number * settings["steps"]
            if side == "visible" and kind == "gaussian":
                return means + normal(side, turn, means)
            return (words(side, turn, means) / 2**32 < means).to(dtype)

        errors.append(machine.step(rows, draw, settings).item())
    weights, visible_bias, hidden_bias = (number.tolist() for number in machine.numbers)
    return {"kind": kind, "settings": settings, "errors": errors, "weights": weights,
            "visible_bias": visible_bias, "hidden_bias": hidden_bias}


def all_steps():
    settings = {"steps": 1, "persistent": False, "l1": 0.0, "l2": 0.0, "momentum": 0.0,
                "learning_rate": 0.1}
    decay = {"l1": 0.01, "l2": 0.02, "momentum": 0.9}
    runs = [
        steps("binary", settings),
        steps("binary", settings | decay | {"steps": 3}),
        steps("binary", settings | decay | {"steps": 2, "persistent": True}),
        steps("gaussian", settings | decay | {"learning_rate": 0.02}),
        steps("gaussian", settings | {"learning_rate": 0.02, "persistent": True}),
    ]
    return {"torch": torch.__version__, "runs": runs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    timing = commands.add_parser("time", help="seconds a step")
    timing.add_argument("--threads", type=int, default=1)
    timing.add_argument("--repeat", type=int, default=7, help="epochs measured")
    timing.add_argument("--samples", type=int, default=5000)
    timing.add_argument("--precision", choices=["f32", "f64"], default="f32")
    commands.add_parser("steps", help="where small machines end after 20 steps")
    arguments = parser.parse_args()
    torch.set_num_threads(getattr(arguments, "threads", 1))
    if arguments.command == "time":
        dtype = {"f32": torch.float32, "f64": torch.float64}[arguments.precision]
        time_cases(arguments.repeat, arguments.samples, dtype)
    else:
        with torch.no_grad():
            json.dump(all_steps(), sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
