"""Training in PyTorch on the CPU, as a yardstick for `taut train`.

    python train.py time [--threads 1] [--repeat 5]
    python train.py steps PROBLEM.json > STEPS.json
    python train.py problem [--seed 0] > PROBLEM.json
    python train.py compare STEPS.json OTHER.json

`time` prints seconds a step for fixed networks. `steps` trains the network of a file step
by step, batches given, and writes losses and gradients. `problem` makes such a file,
`compare` tells how far two outputs are apart. README.md has the formats.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn

# name, widths, batch, loss; all ReLU, Adam with its usual parameters.
CASES = [
    ("2-50-50-1", [2, 50, 50, 1], 64, "mse"),
    ("784-256-256-10", [784, 256, 256, 10], 256, "cross-entropy"),
]


def dense(widths):
    layers = []
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if number + 2 < len(widths):
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def loss_of(name):
    return {"mse": nn.MSELoss(), "cross-entropy": nn.CrossEntropyLoss()}[name]


def time_cases(repeat, samples, dtype, options):
    for name, widths, batch, loss in CASES:
        torch.manual_seed(0)
        model = dense(widths).to(dtype)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **options)
        criterion = loss_of(loss)
        inputs = torch.randn(samples, widths[0], dtype=dtype)
        if loss == "mse":
            targets = torch.randn(samples, widths[-1], dtype=dtype)
        else:
            targets = torch.randint(widths[-1], (samples,))

        def epoch():
            order = torch.randperm(samples)
            for start in range(0, samples - batch + 1, batch):
                chosen = order[start : start + batch]
                optimizer.zero_grad()
                criterion(model(inputs[chosen]), targets[chosen]).backward()
                optimizer.step()

        epoch()  # warm
        seconds = []
        for _ in range(repeat):
            start = time.perf_counter()
            epoch()
            seconds.append((time.perf_counter() - start) / (samples // batch))
        record = {
            "network": name,
            "batch": batch,
            "loss": loss,
            "precision": str(dtype).removeprefix("torch."),
            "seconds_per_step": statistics.median(seconds),
            "least": min(seconds),
            "largest": max(seconds),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        print(json.dumps(record), flush=True)


def optimizer_of(parameters, description):
    """The same names and defaults as in a recipe of Taut."""
    description = dict(description)
    name, rate = description.pop("name"), description.pop("learning_rate")
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[name](parameters, lr=rate, **description)


def parameters_of(model):
    return [{"weights": layer.weight.tolist(), "bias": layer.bias.tolist()}
            for layer in model if isinstance(layer, nn.Linear)]


def steps(problem):
    dtype = {"f32": torch.float32, "f64": torch.float64}[problem["precision"]]
    widths = [len(problem["layers"][0]["weights"][0])]
    widths += [len(layer["bias"]) for layer in problem["layers"]]
    model = dense(widths).to(dtype)
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, given in zip(linear, problem["layers"]):
            layer.weight.copy_(torch.tensor(given["weights"], dtype=dtype))
            layer.bias.copy_(torch.tensor(given["bias"], dtype=dtype))
    inputs = torch.tensor(problem["inputs"], dtype=dtype)
    wanted = dtype if problem["loss"] == "mse" else torch.long
    targets = torch.tensor(problem["targets"], dtype=wanted)
    optimizer = optimizer_of(model.parameters(), problem["optimizer"])
    criterion = loss_of(problem["loss"])
    record = {"torch": torch.__version__, "steps": []}
    for batch in problem["batches"]:
        optimizer.zero_grad()
        loss = criterion(model(inputs[batch]), targets[batch])
        loss.backward()
        gradients = [{"weights": layer.weight.grad.tolist(), "bias": layer.bias.grad.tolist()}
                     for layer in linear]
        record["steps"].append({"loss": loss.item(), "gradients": gradients})
        optimizer.step()
    record["layers"] = parameters_of(model)
    return record


def example(seed):
    """A small classification with 30 steps of Adam in double precision."""
    torch.manual_seed(seed)
    model = dense([3, 8, 6, 4]).double()
    samples, batch = 40, 10
    batches = [torch.randperm(samples)[:batch].tolist() for _ in range(30)]
    return {
        "precision": "f64",
        "loss": "cross-entropy",
        "optimizer": {"name": "adam", "learning_rate": 1e-2},
        "layers": parameters_of(model),
        "inputs": torch.randn(samples, 3, dtype=torch.float64).tolist(),
        "targets": torch.randint(4, (samples,)).tolist(),
        "batches": batches,
    }


def numbers(value):
    """All numbers of nested lists and records, in order."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    return [n for item in value for n in numbers(item)] if isinstance(value, list) else [value]


def deviation(ours, theirs):
    """Largest difference, in units of the largest magnitude."""
    ours, theirs = numbers(ours), numbers(theirs)
    if len(ours) != len(theirs):
        raise SystemExit(f"{len(ours)} numbers against {len(theirs)}")
    scale = max(map(abs, theirs))
    return max(abs(a - b) for a, b in zip(ours, theirs)) / (scale or 1.0)


def compare(ours, theirs):
    if len(ours["steps"]) != len(theirs["steps"]):
        raise SystemExit(f"{len(ours['steps'])} steps against {len(theirs['steps'])}")
    pairs = list(zip(ours["steps"], theirs["steps"]))
    return {
        "steps": len(pairs),
        "losses": max(deviation(a["loss"], b["loss"]) for a, b in pairs),
        "gradients": max(deviation(a["gradients"], b["gradients"]) for a, b in pairs),
        "weights": deviation(ours["layers"], theirs["layers"]),
    }


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    timing = commands.add_parser("time", help="seconds a step")
    timing.add_argument("--threads", type=int, default=1)
    timing.add_argument("--repeat", type=int, default=7, help="epochs measured")
    timing.add_argument("--samples", type=int, default=10240)
    timing.add_argument("--precision", choices=["f32", "f64"], default="f32")
    timing.add_argument("--fused", action="store_true", help="the fused Adam of PyTorch")
    stepping = commands.add_parser("steps", help="losses and gradients, step by step")
    stepping.add_argument("problem")
    making = commands.add_parser("problem", help="an example for steps")
    making.add_argument("--seed", type=int, default=0)
    comparing = commands.add_parser("compare", help="how far two outputs of steps are apart")
    comparing.add_argument("ours")
    comparing.add_argument("theirs")
    arguments = parser.parse_args()
    torch.set_num_threads(getattr(arguments, "threads", 1))
    if arguments.command == "time":
        dtype = {"f32": torch.float32, "f64": torch.float64}[arguments.precision]
        options = {"fused": True} if arguments.fused else {}
        time_cases(arguments.repeat, arguments.samples, dtype, options)
    elif arguments.command == "steps":
        json.dump(steps(read(arguments.problem)), sys.stdout)
    elif arguments.command == "compare":
        print(json.dumps(compare(read(arguments.ours), read(arguments.theirs))))
    else:
        json.dump(example(arguments.seed), sys.stdout)


if __name__ == "__main__":
    main()
