//! Questions about a network: arguments, boxes in CSV files, instance files.

use crate::bad_input::{assert_refused, dense, folder_with};
use crate::support::onnx::{DOUBLE, Model, doubles};

// --- Arguments ---------------------------------------------------------------------

const UNIT_BOX: &str = r#"{"lower": [-1, -1], "upper": [1, 1]}"#;

/// [`dense`] with a box.
fn boxed() -> Vec<u8> {
    dense().metadata("taut.input_box", UNIT_BOX).encode()
}

/// That `taut minimize net.onnx` with more arguments refuses.
fn assert_arguments_refused<const N: usize>(cases: &[([&str; N], &str)]) {
    let folder = folder_with(&[("net.onnx", &boxed())]);
    for (arguments, message) in cases {
        let arguments = [&["minimize", "net.onnx"], &arguments[..]].concat();
        assert_refused(folder.path(), &arguments, message);
    }
}

#[test]
fn networks_that_leave_the_question_open() {
    let pair = Model::from_x_to_y(&[1, 2]).node("Relu", &["x"], "y");
    let pair = pair.metadata("taut.input_box", UNIT_BOX).encode();
    let folder = folder_with(&[("boxless.onnx", &dense().encode()), ("pair.onnx", &pair)]);
    let cases = [
        (
            "boxless.onnx",
            "no box of inputs; expected one in the file, --lower and --upper, or --box",
        ),
        (
            "pair.onnx",
            "no objective is given and the network has 2 outputs; expected one such as \"y0 - y1\"",
        ),
    ];
    for (file, message) in cases {
        assert_refused(folder.path(), &["minimize", file], &format!("{file}: {message}"));
    }
}

#[test]
fn boxes_in_arguments_that_are_wrong() {
    assert_arguments_refused(&[
        (["--lower=2", "--upper=1"], "the box is empty in coordinate 0: lower 2 > upper 1"),
        (["--lower=0,3", "--upper=1,2"], "the box is empty in coordinate 1: lower 3 > upper 2"),
        (
            ["--lower=-inf", "--upper=1"],
            "the lower bound of coordinate 0 of the box is -inf; expected a finite number",
        ),
        (
            ["--lower=0", "--upper=nan"],
            "the upper bound of coordinate 0 of the box is NaN; expected a finite number",
        ),
        (
            ["--lower=0,0,0", "--upper=1"],
            "--lower: found 3 numbers, expected 1 or as many as the network has inputs, 2",
        ),
        (
            ["--lower=0", "--upper=1,1,1"],
            "--upper: found 3 numbers, expected 1 or as many as the network has inputs, 2",
        ),
        (["--lower=zero", "--upper=1"], "--lower: found 'zero', expected a number"),
        (["--lower=0,", "--upper=1"], "--lower: found '', expected a number"),
    ]);
}

#[test]
fn expressions_that_are_wrong() {
    let cases = [
        ("objective", "y1", 1, "y1: the network has 1 output, y0"),
        (
            "objective",
            "z",
            1,
            "unknown variable 'z'; the network has 2 inputs, x0 to x1, and 1 output, y0",
        ),
        ("constraint", "2 <= x0 <= 1", 1, "no number is at least 2 and at most 1"),
        ("objective", "y0 +", 5, "the text ends; expected a number or a variable"),
        (
            "objective",
            "y0 ? 2",
            4,
            "found '?', expected a number, a variable, + - * / ( ) [ ] <= >= or =",
        ),
        ("objective", "y0 <= 2", 4, "found '<=', expected an expression without a relation"),
        ("objective", "", 1, "the text ends; expected a number or a variable"),
        ("constraint", "x2 <= 1", 1, "x2: the network has 2 inputs, x0 to x1"),
        (
            "constraint",
            "heat <= 1",
            1,
            "unknown variable 'heat'; the network has 2 inputs, x0 to x1, and 1 output, y0",
        ),
        ("constraint", "x0 < 1", 4, "found '<', a strict relation; use <="),
        ("constraint", "x0", 3, "the text ends; expected <=, >= or ="),
        ("constraint", "1 <= 2", 1, "no variable is left; expected a constraint on x or y"),
        (
            "constraint",
            "x0 * x1 <= 2",
            4,
            "a product of two variables is not piecewise linear; one factor has to be a number",
        ),
    ];
    for (kind, text, column, what) in cases {
        let message = format!("net.onnx: {kind} '{text}', column {column}: {what}");
        assert_arguments_refused(&[([&format!("--{kind}={text}")], &message)]);
    }
}

#[test]
fn integer_inputs_that_are_wrong() {
    assert_arguments_refused(&[
        (["--integer=2"], "net.onnx: integer input 2: the network has 2 inputs, counted from 0"),
        (
            ["--integer=-1"],
            "--integer: found '-1', expected inputs by name or index, such as x0,3 or 0-3: unknown \
             variable '-1'; the network has 2 inputs, x0 to x1, and 1 output, y0",
        ),
        (["--integer=0,0"], "net.onnx: integer input 0: it is listed twice"),
    ]);
}

#[test]
fn options_out_of_range() {
    assert_arguments_refused(&[
        (["--time-limit=0"], "time limit is 0 s; expected more than 0 seconds"),
        (
            ["--time-limit=-1"],
            "time limit is -1 s; expected more than 0 and less than 1.8e19 seconds",
        ),
        (
            ["--time-limit=nan"],
            "time limit is NaN s; expected more than 0 and less than 1.8e19 seconds",
        ),
        (["--gap=-1"], "gap is -1; expected a finite number from 0"),
        (["--gap=nan"], "gap is NaN; expected a finite number from 0"),
        (["--absolute-gap=-1"], "absolute gap is -1; expected a finite number from 0"),
        (["--node-limit=0"], "node limit is 0; expected at least 1 node"),
        (["--threads=0"], "threads is 0; expected 1 to 1024 threads"),
        (["--threads=5000"], "threads is 5000; expected 1 to 1024 threads"),
        (["--seed=4294967295"], "seed is 4294967295; expected 0 to 2147483647"),
        (["--box=missing.csv"], "missing.csv: no such file"),
    ]);
}

/// One rule for all commands.
#[test]
fn threads_and_counts_out_of_range() {
    let folder = folder_with(&[("net.onnx", &dense().encode())]);
    let commands: [&[&str]; 10] = [
        &["minimize", "net.onnx"],
        &["maximize", "net.onnx", "--solver=enumerate"],
        &["bounds", "net.onnx"],
        &["analyze", "net.onnx"],
        &["regions", "net.onnx"],
        &["scale", "net.onnx"],
        &["compare", "net.onnx"],
        &["export", "net.onnx", "-o", "net.mps"],
        &["convert", "net.onnx", "net.json"],
        &["convert", "net.onnx", "net.json", "--prune"],
    ];
    for command in commands {
        for threads in ["0", "1025", "100000"] {
            let threads_of = format!("--threads={threads}");
            let arguments = [command, &["--lower=0", "--upper=1", &threads_of]].concat();
            let message = format!("threads is {threads}; expected 1 to 1024 threads");
            assert_refused(folder.path(), &arguments, &message);
        }
    }
    let message = "threads is 0; expected 1 to 1024 threads";
    assert_refused(folder.path(), &["train", "--function=peaks", "--threads=0"], message);
    let most = usize::MAX;
    for (command, option, expected) in [
        ("analyze", "samples", "0 to 1048576 points"),
        ("analyze", "chords", "0 to 1048576 segments"),
        ("regions", "samples", "0 to 1048576 points"),
        ("compare", "seeds", "1 to 1048576 seeds"),
    ] {
        let found = if option == "seeds" { u32::MAX as usize } else { most };
        let given = format!("--{option}={found}");
        let arguments = [command, "net.onnx", "--lower=0", "--upper=1", &given];
        let message = format!("{option} is {found}; expected {expected}");
        assert_refused(folder.path(), &arguments, &message);
    }
}

/// 2^20 points of 199 inputs and an output are more than 2^27 numbers.
#[test]
fn points_that_no_memory_holds() {
    let weights = doubles("w", &[199, 1], &[1.0; 199]);
    let model = Model::default()
        .input("x", DOUBLE, &[1, 199])
        .output("y", DOUBLE)
        .constant(weights)
        .node("MatMul", &["x", "w"], "y");
    let folder = folder_with(&[("net.onnx", &model.encode())]);
    let arguments = ["analyze", "net.onnx", "--lower=0", "--upper=1", "--samples=1048576"];
    let message = "samples is 1048576; expected at most 671088 points for 200 inputs and outputs";
    assert_refused(folder.path(), &arguments, message);
}

#[test]
fn bounds_that_overflow() {
    let model = Model::default()
        .input("x", DOUBLE, &[1, 1])
        .output("y", DOUBLE)
        .constant(doubles("w", &[1, 1], &[1e200]))
        .node("MatMul", &["x", "w"], "h")
        .node("MatMul", &["h", "w"], "y");
    let folder = folder_with(&[("net.onnx", &model.encode())]);
    assert_refused(
        folder.path(),
        &["minimize", "net.onnx", "--lower=-1", "--upper=1"],
        "the bounds of node 2 overflow (the lower bound of coordinate 0 of the box is -inf; \
         expected a finite number); expected weights and a box whose products stay below 1.8e308",
    );
}

// --- Boxes in CSV files ------------------------------------------------------------

/// That a box for a network of two inputs is refused.
fn assert_box_refused(csv: &str, message: &str) {
    let folder = folder_with(&[("net.onnx", &dense().encode()), ("box.csv", csv.as_bytes())]);
    assert_refused(folder.path(), &["minimize", "net.onnx", "--box=box.csv"], message);
}

#[test]
fn lines_of_a_box_that_are_wrong() {
    let cases = [
        ("lower,upper\n-1,1\n-1;1\n", "line 3: found '-1;1'"),
        ("-1,1\n-1,1,1\n", "line 2: found '-1,1,1'"),
        ("-1,1\n-1\n", "line 2: found '-1'"),
        ("-1,1\n-1,one\n", "line 2: found '-1,one'"),
    ];
    for (csv, message) in cases {
        let message = format!("box.csv: {message}; expected two numbers, lower and upper");
        assert_box_refused(csv, &message);
    }
}

#[test]
fn lines_of_a_box_are_counted_as_in_the_file() {
    let message = "box.csv: line 4: found '-1;1'; expected two numbers, lower and upper";
    assert_box_refused("# a comment and an empty line\n\n-1,1\n-1;1\n", message);
}

#[test]
fn a_first_line_with_a_number_is_no_header() {
    // A letter for a digit, and the line would vanish.
    let message = "box.csv: line 1: found '-1,1O'; expected two numbers, lower and upper";
    assert_box_refused("-1,1O\n-1,1\n-1,1\n", message);
}

#[test]
fn boxes_in_files_that_are_wrong() {
    let cases = [
        ("-1,1\n", "box.csv: found 1 interval; expected one per input of the network, 2"),
        (
            "-1,1\n-1,1\n-1,1\n",
            "box.csv: found 3 intervals; expected one per input of the network, 2",
        ),
        ("", "box.csv: found 0 intervals; expected one per input of the network, 2"),
        ("-1,1\n2,1\n", "box.csv: the box is empty in coordinate 1: lower 2 > upper 1"),
        (
            "-1,1\n-inf,1\n",
            "box.csv: the lower bound of coordinate 1 of the box is -inf; expected a finite number",
        ),
        (
            "-1,1\n-1,nan\n",
            "box.csv: the upper bound of coordinate 1 of the box is NaN; expected a finite number",
        ),
    ];
    for (csv, message) in cases {
        assert_box_refused(csv, message);
    }
}

// --- Instance files ----------------------------------------------------------------

/// That an instance of the network of two inputs is refused.
fn assert_instance_refused(toml: &str, message: &str) {
    let folder = folder_with(&[("net.onnx", &dense().encode()), ("ask.toml", toml.as_bytes())]);
    assert_refused(folder.path(), &["minimize", "ask.toml"], message);
}

#[test]
fn instances_that_are_no_instance() {
    let cases = [
        ("", "line 1, column 1\n  |\n1 | \n  | ^\nmissing field `network`"),
        (
            "title = 'no network'",
            "line 1, column 1\n  |\n1 | title = 'no network'\n  | ^\nmissing field `network`",
        ),
        (
            "network = 'net.onnx'\ncolour = 'red'",
            "line 2, column 1\n  |\n2 | colour = 'red'\n  | ^^^^^^\nunknown field `colour`, \
             expected one of `title`, `network`, `lower`, `upper`, `sense`, `objective`, \
             `constraints`, `integer`, `inputs`, `outputs`, `scaling`, `reference`",
        ),
        (
            "network = 'net.onnx'\nlower = 0",
            "line 2, column 9\n  |\n2 | lower = 0\n  |         ^\ninvalid type: integer `0`, \
             expected a sequence",
        ),
        (
            "network = 'net.onnx'\nsense = 'least'",
            "line 2, column 9\n  |\n2 | sense = 'least'\n  |         ^^^^^^^\nunknown variant \
             `least`, expected `minimize` or `maximize`",
        ),
        (
            "network = ",
            "line 1, column 11\n  |\n1 | network = \n  |           ^\nstring values must be \
             quoted, expected literal string",
        ),
    ];
    for (toml, found) in cases {
        assert_instance_refused(toml, &format!("ask.toml: TOML parse error at {found}"));
    }
}

#[test]
fn instances_that_do_not_fit() {
    let cases = [
        ("", "no box of inputs; expected one in the file, --lower and --upper, or --box"),
        (
            "lower = [0, 0]",
            "the box: found only one of 'lower' and 'upper'; expected both, or neither",
        ),
        ("lower = [0]\nupper = [1]", "coordinates of the box: 1; inputs of the network: 2"),
        (
            "lower = [0, 0]\nupper = [1]",
            "the box has 2 lower and 1 upper bounds; expected as many of one as of the other",
        ),
        ("lower = [0, 0]\nupper = [1, -1]", "the box is empty in coordinate 1: lower 0 > upper -1"),
        (
            "lower = [0, 0]\nupper = [1, inf]",
            "the upper bound of coordinate 1 of the box is inf; expected a finite number",
        ),
        (
            "lower = [0, 0]\nupper = [1, 1]\nobjective = 'y7'",
            "objective 'y7', column 1: y7: the network has 1 output, y0",
        ),
        (
            "lower = [0, 0]\nupper = [1, 1]\nconstraints = ['x0 <']",
            "constraint 'x0 <', column 4: found '<', a strict relation; use <=",
        ),
        (
            "lower = [0, 0]\nupper = [1, 1]\ninteger = [2]",
            "integer input 2: the network has 2 inputs, counted from 0",
        ),
    ];
    for (toml, message) in cases {
        let toml = format!("network = 'net.onnx'\n{toml}");
        assert_instance_refused(&toml, &format!("ask.toml: {message}"));
    }
    assert_instance_refused("network = 'missing.onnx'", "ask.toml: missing.onnx: no such file");
}
