#!/usr/bin/env python3
"""Replays counterexamples in onnxruntime and holds them against the property, with tolerance 0.

    score.py NETWORK PROPERTY RESULTS     a file that run_instance.sh has written
    score.py --journal DIR/runs.jsonl     every `sat` of Taut in the records of `taut bench`

Packed files (.gz) are read as they are. Inputs are numbers of the network's type, the outputs
are those of onnxruntime on one processor, never those of the file, and conditions are told by
fractions. Exit status 1 where a counterexample is none.
"""

import argparse
import gzip
import itertools
import json
import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnxruntime

RELATIONS = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def content(path):
    """The bytes of a file, unpacked."""
    data = Path(path).read_bytes()
    return gzip.decompress(data) if str(path).endswith(".gz") else data


def lists(text):
    """The S-expressions of a text, as nested lists of words; `X[0, 1]` is one word."""
    text = re.sub(r";[^\n]*", "", text)
    stack = [[]]
    for word in re.findall(r"[()]|[^\s()\[]+(?:\s*\[[^\]]*\])?|\[[^\]]*\]", text):
        if word == "(":
            stack.append([])
        elif word == ")":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(re.sub(r"\s", "", word))
    return stack[0]


class Property:
    """Names of inputs and outputs in the order of the file, and what is asserted."""

    def __init__(self, text):
        self.inputs, self.outputs, self.asserts = [], [], []
        for command in lists(text):
            if command[0] == "declare-const":
                side = self.inputs if command[1].startswith("X") else self.outputs
                side.append(command[1])
            elif command[0] == "declare-network":
                for what, name, *rest in (c for c in command[2:] if isinstance(c, list)):
                    side = {"declare-input": self.inputs, "declare-output": self.outputs}[what]
                    # A type and its shape are one word too: float32[1,2].
                    shape = [int(size) for size in re.findall(r"\d+", rest[-1].partition("[")[2])]
                    axes = itertools.product(*map(range, shape))
                    indices = (",".join(map(str, index)) for index in axes)
                    side.extend(f"{name}[{index}]" if shape else name for index in indices)
            elif command[0] == "assert":
                self.asserts.append(command[1])

    def broken(self, values):
        """The first assertion that does not hold."""
        return next((a for a in self.asserts if not holds(a, values)), None)


def holds(formula, values):
    head, *rest = formula
    if head in ("and", "or"):
        return (all if head == "and" else any)(holds(part, values) for part in rest)
    return RELATIONS[head](*(term(part, values) for part in rest))


def term(part, values):
    if isinstance(part, str):
        return values[part] if part in values else Fraction(part)
    first, *rest = (term(inner, values) for inner in part[1:])
    if part[0] == "-" and not rest:
        return -first
    for other in rest:
        first = {"+": first + other, "-": first - other, "*": first * other}[part[0]]
    return first


def replay(network, inputs):
    """The outputs of onnxruntime, in order; inputs in the order of the file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        content(network), options, providers=["CPUExecutionProvider"]
    )
    inputs, feed = list(inputs), {}
    for declared in session.get_inputs():
        kind = TYPES[declared.type]
        # A dimension without a number is that of the batch.
        shape = [size if isinstance(size, int) and size > 0 else 1 for size in declared.shape]
        count = int(np.prod(shape, dtype=int))
        own, inputs = np.array(inputs[:count]), inputs[count:]
        if len(own) != count or np.any(own.astype(kind).astype(float) != own):
            raise ValueError(f"input {declared.name}: expected {count} numbers of {declared.type}")
        feed[declared.name] = own.astype(kind).reshape(shape)
    if inputs:
        raise ValueError(f"{len(inputs)} numbers too many for the inputs")
    return [float(value) for output in session.run(None, feed) for value in np.ravel(output)]


def check(network, property_file, inputs):
    """What is wrong with a counterexample; None where it is one."""
    asked = Property(content(property_file).decode())
    try:
        outputs = replay(network, inputs)
    except ValueError as error:
        return str(error)
    if (len(inputs), len(outputs)) != (len(asked.inputs), len(asked.outputs)):
        return f"{len(inputs)} inputs, {len(outputs)} outputs; the property has others"
    names = asked.inputs + asked.outputs
    values = dict(zip(names, map(Fraction, itertools.chain(inputs, outputs))))
    broken = asked.broken(values)
    return None if broken is None else f"does not hold in onnxruntime: {broken}"[:300]


def of_results(text):
    """Verdict and inputs of a results file; of version 2.0, all numbers behind their headers."""
    verdict, _, rest = text.partition("\n")
    if "(" in rest:
        pairs = (pair for pair in lists(rest)[0] if pair[0].startswith("X"))
        return verdict.strip(), [float(value) for _, value in pairs]
    return verdict.strip(), [float(line) for line in rest.split("\n") if line and " " not in line]


def of_journal(path):
    """Network, property and inputs of each `sat` of Taut."""
    for line in Path(path).read_text().splitlines():
        record = json.loads(line)
        if record["outcome"] == "sat" and record["answer"]:
            yield *record["command"][2:4], record["answer"]["counterexample"]["input"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="NETWORK PROPERTY RESULTS")
    parser.add_argument("--journal")
    arguments = parser.parse_args()
    if arguments.journal and not arguments.files:
        cases = list(of_journal(arguments.journal))
    elif len(arguments.files) == 3 and not arguments.journal:
        network, property_file, results = arguments.files
        verdict, inputs = of_results(content(results).decode())
        if verdict != "sat":
            print(f"{verdict}: nothing to replay")
            return 0
        count = len(Property(content(property_file).decode()).inputs)
        cases = [(network, property_file, inputs[:count])]
    else:
        parser.error("expected NETWORK PROPERTY RESULTS, or --journal FILE")
    wrong = 0
    for network, property_file, inputs in cases:
        problem = check(network, property_file, inputs)
        wrong += problem is not None
        print(f"{network} {property_file}: {problem or 'a counterexample'}")
    print(f"{len(cases) - wrong} of {len(cases)} are counterexamples")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
