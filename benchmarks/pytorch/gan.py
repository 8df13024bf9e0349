"""Steps of a game of two networks in PyTorch, as a reference for `taut gan`.

    python gan.py steps [--seed 0] > ../../tests/library/gan/steps.json

Writes weights, samples, latent points and noise, and what 20 steps of each kind make of them in
double precision: the losses before each step and the weights after the last. The kinds: the
non-saturating game with R1, the hinge game without, and cooperative steps. The test
`tests/library/gan/steps.rs` takes the same steps.
"""

import argparse
import copy
import json

import torch
from torch import nn
from torch.nn.functional import relu, softplus

LATENT, WIDTH, HIDDEN, BATCH, STEPS = 2, 2, 6, 4, 20
RATES = {"generator": 2e-2, "discriminator": 1e-2}
ADAM = {"betas": (0.5, 0.9), "eps": 1e-8}
R1 = 0.7
LANGEVIN = {"steps": 3, "step": 0.3, "noise": 0.8, "deviation": 1.5}


def dense(widths):
    layers = []
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if number + 2 < len(widths):
            layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers).double()


def parameters_of(model):
    """Weights, row by row, then biases, layer by layer."""
    return [number for layer in model if isinstance(layer, nn.Linear)
            for number in layer.weight.flatten().tolist() + layer.bias.tolist()]


def rounded(tensor):
    """Few digits, so that the file is short; these very numbers are computed with."""
    return (tensor * 1e4).round() / 1e4


def round_weights(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(rounded(parameter))


def optimizers(generator, discriminator):
    models = {"generator": generator, "discriminator": discriminator}
    return [torch.optim.Adam(models[name].parameters(), lr=rate, **ADAM)
            for name, rate in RATES.items()]


def adversarial(loss, r1, generator, discriminator, draws):
    of_generator, of_discriminator = optimizers(generator, discriminator)
    real_loss, made_loss, maker_loss = {
        "non-saturating": (lambda s: softplus(-s), softplus, lambda s: softplus(-s)),
        "hinge": (lambda s: relu(1 - s), lambda s: relu(1 + s), lambda s: -s),
    }[loss]
    losses = []
    for real, latent, again in zip(draws["real"], draws["latent"], draws["again"]):
        made = generator(latent).detach()
        real = real.clone().requires_grad_(True)
        scores = discriminator(real)
        total = real_loss(scores).mean() + made_loss(discriminator(made)).mean()
        if r1 > 0:
            (slope,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
            total = total + 0.5 * r1 * slope.square().sum(1).mean()
        of_discriminator.zero_grad()
        total.backward()
        of_discriminator.step()
        own = maker_loss(discriminator(generator(again))).mean()
        of_generator.zero_grad()
        own.backward()
        of_generator.step()
        losses.append([own.item(), total.item()])
    return losses


def cooperative(generator, discriminator, draws):
    of_generator, of_discriminator = optimizers(generator, discriminator)
    size, deviation = LANGEVIN["step"], LANGEVIN["deviation"]
    losses = []
    for real, latent, noise in zip(draws["real"], draws["latent"], draws["noise"]):
        made = generator(latent)
        revised = made.detach()
        for kick in noise:
            revised.requires_grad_(True)
            energy = discriminator(revised).sum() - revised.square().sum() / (2 * deviation**2)
            (slope,) = torch.autograd.grad(energy, revised)
            revised = (revised + size**2 / 2 * slope + LANGEVIN["noise"] * size * kick).detach()
        difference = discriminator(revised).mean() - discriminator(real).mean()
        of_discriminator.zero_grad()
        difference.backward()
        teaching = (revised - made).square().sum(1).mean()
        of_generator.zero_grad()
        teaching.backward()
        of_discriminator.step()
        of_generator.step()
        losses.append([teaching.item(), difference.item()])
    return losses


def steps(seed):
    torch.manual_seed(seed)
    generator = dense([LATENT, HIDDEN, HIDDEN, WIDTH])
    discriminator = dense([WIDTH, HIDDEN, HIDDEN, 1])
    round_weights(generator)
    round_weights(discriminator)
    normal = lambda *shape: rounded(torch.randn(*shape, dtype=torch.float64))
    uniform = lambda *shape: rounded(2 * torch.rand(*shape, dtype=torch.float64) - 1)
    draws = {
        "real": normal(STEPS, BATCH, WIDTH),
        "latent": uniform(STEPS, BATCH, LATENT),
        "again": uniform(STEPS, BATCH, LATENT),
        "noise": normal(STEPS, LANGEVIN["steps"], BATCH, WIDTH),
    }
    kinds = {
        "non-saturating": lambda *game: adversarial("non-saturating", R1, *game),
        "hinge": lambda *game: adversarial("hinge", 0.0, *game),
        "cooperative": cooperative,
    }
    record = {
        "torch": torch.__version__.split("+")[0],
        "rates": [RATES["generator"], RATES["discriminator"]],
        "betas": ADAM["betas"],
        "r1": R1,
        "langevin": LANGEVIN,
        "hidden": [HIDDEN, HIDDEN],
        "generator": parameters_of(generator),
        "discriminator": parameters_of(discriminator),
        "draws": {name: tensor.flatten(1).tolist() for name, tensor in draws.items()},
        "kinds": {},
    }
    for name, play in kinds.items():
        players = copy.deepcopy(generator), copy.deepcopy(discriminator)
        losses = play(*players, draws)
        record["kinds"][name] = {
            "losses": losses,
            "generator": parameters_of(players[0]),
            "discriminator": parameters_of(players[1]),
        }
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    stepping = commands.add_parser("steps", help="20 steps of each kind")
    stepping.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(steps(arguments.seed)))


if __name__ == "__main__":
    main()
