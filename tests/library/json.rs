//! Taut's own network format: the documented example, and what is refused.

use taut::network::{Precision, Scaling};
use taut::num::IntervalBox;

use crate::support::{assert_computes, format, read, read_error};

/// The example in the documentation of the format.
fn example() -> String {
    let source = include_str!("../../src/io/json.rs");
    let (_, rest) = source.split_once("//! ```json\n").expect("an example");
    let (block, _) = rest.split_once("//! ```\n").expect("the end of the example");
    block.lines().map(|line| line.strip_prefix("//!").unwrap_or(line).to_string() + "\n").collect()
}

/// The example with one piece of text replaced.
fn changed(from: &str, to: &str) -> String {
    let example = example();
    assert_eq!(example.matches(from).count(), 1, "{from}");
    example.replace(from, to)
}

fn error(text: &str) -> String {
    read_error("json", text.as_bytes()).to_string()
}

/// `relu(W x + b)` with `W` = ((1, −1), (0.5, 2)) and `b` = (0, 1), out × in.
fn example_by_hand([x, y]: [f64; 2]) -> [f64; 2] {
    [(x - y).max(0.0), (0.5 * x + 2.0 * y + 1.0).max(0.0)]
}

const POINTS: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, -1.0], [-0.5, 0.25], [0.3, -0.7]];

#[test]
fn the_documented_example_is_a_network() {
    let network = read("json", example().as_bytes());
    assert_eq!(network.input_shape(), [1, 2]);
    assert_eq!(network.output_shape(), [1, 2]);
    assert_computes(&network, &POINTS, example_by_hand);
    // Once with the numbers worked out: (2, max(−0.5, 0)) and (0, 1.25).
    assert_eq!(network.evaluate_point(&[1.0, -1.0]), [2.0, 0.0]);
    assert_eq!(network.evaluate_point(&[-0.5, 0.25]), [0.0, 1.25]);
}

#[test]
fn the_documented_example_has_metadata() {
    let network = read("json", example().as_bytes());
    let metadata = network.metadata();
    let input_box = IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).unwrap();
    assert_eq!(metadata.input_box, Some(input_box));
    assert_eq!(metadata.input_names, ["pressure", "heat"]);
    assert_eq!(metadata.output_names, ["yield", "cost"]);
    let scaling = Scaling {
        output_mean: vec![0.5, 0.0],
        output_deviation: vec![2.0, 1.0],
        ..Scaling::default()
    };
    assert_eq!(metadata.scaling, Some(scaling));
    assert_eq!(metadata.origin.as_deref(), Some("by hand"));
    assert_eq!(metadata.precision, Precision::F64);
}

#[test]
fn a_copy_of_the_documented_example_is_the_same() {
    let network = read("json", example().as_bytes());
    let copy = read("json", &format("json").write(&network).unwrap());
    assert_eq!(copy.name(), "test");
    assert_eq!(copy.metadata(), network.metadata());
    assert_eq!(copy.lower().unwrap(), network.lower().unwrap());
}

/// `y = max(x0 + 0.5 x1, 0)` with no key that can be left out; `{more}` stands
/// for more keys.
const SMALL: &str = r#"{"format": "taut-network", "version": 1,
"input": {"name": "x", "shape": [2]},
"layers": [{"name": "a", "op": "MatMul", "operands": ["x", {"shape": [2, 1], "values": [1, 0.5]}],
            "output": "a"},
           {"name": "b", "op": "Relu", "operands": ["a"], "output": "y"}],
"output": "y"{more}}"#;

fn small(more: &str) -> String {
    SMALL.replace("{more}", more)
}

#[test]
fn all_keys_from_the_box_on_are_optional() {
    let network = read("json", small("").as_bytes());
    assert_computes(&network, &POINTS, |[x, y]| [(x + 0.5 * y).max(0.0)]);
    assert_eq!(network.name(), "test", "the name of the file");
    assert_eq!(network.metadata(), &taut::network::Metadata::default());
    let named = read("json", small(r#", "name": "valve", "precision": "f32""#).as_bytes());
    assert_eq!(named.name(), "valve");
    assert_eq!(named.metadata().precision, Precision::F32);
}

#[test]
fn constants_of_whole_numbers_and_left_out_operands_are_read() {
    let text = r#"{"format": "taut-network", "version": 1,
        "input": {"name": "x", "shape": [1, 2]},
        "layers": [
            {"name": "r", "op": "Reshape", "output": "r",
             "operands": ["x", {"shape": [2], "integers": [2, -1]}]},
            {"name": "c", "op": "Clip", "output": "y",
             "operands": ["r", "", {"shape": [], "values": [0.25]}]}],
        "output": "y"}"#;
    let network = read("json", text.as_bytes());
    assert_eq!(network.output_shape(), [2, 1]);
    assert_computes(&network, &POINTS, |point| point.map(|x| x.min(0.25)));
}

#[test]
fn unknown_keys_are_refused_by_name() {
    let cases = [
        (r#""version": 1"#, r#""version": 1, "colour": 1"#, "colour"),
        (r#""shape": [1, 2]}"#, r#""shape": [1, 2], "unit": "Pa"}"#, "unit"),
        (r#""op": "Relu""#, r#""op": "Relu", "slope": 0.1"#, "slope"),
        (r#""upper": [1, 1]"#, r#""upper": [1, 1], "middle": [0, 0]"#, "middle"),
        (r#""output_mean": [0.5, 0]"#, r#""output_mean": [0.5, 0], "median": [0]"#, "median"),
    ];
    for (from, to, key) in cases {
        let error = error(&changed(from, to));
        assert!(error.starts_with(&format!("unknown field `{key}`, expected ")), "{error}");
        assert!(error.contains(" at line "), "{error}");
    }
}

#[test]
fn unknown_keys_of_constants_are_refused() {
    let values = r#""values": [0, 1]"#;
    for more in [r#""integers": [0, 1]"#, r#""type": "f16""#] {
        let text = changed(values, &format!("{values}, {more}"));
        let outcome = format("json").read(text.as_bytes(), "test");
        assert!(outcome.is_err(), "{more} is ignored");
    }
}

#[test]
fn another_version_or_format_is_refused() {
    let expected = "expected 'taut-network' version 1";
    let version = error(&changed(r#""version": 1"#, r#""version": 2"#));
    assert_eq!(version, format!("the file: found format 'taut-network' version 2; {expected}"));
    let format = error(&changed("taut-network", "keras"));
    assert_eq!(format, format!("the file: found format 'keras' version 1; {expected}"));
}

#[test]
fn a_future_version_is_named_whatever_else_it_holds() {
    let text = r#"{"format": "taut-network", "version": 2, "graph": {}}"#;
    let expected = "the file: found format 'taut-network' version 2; \
                    expected 'taut-network' version 1";
    assert_eq!(error(text), expected);
}

#[test]
fn constants_with_more_or_fewer_values_than_their_shape_are_refused() {
    let cases = [
        ("[1, -1, 0.5, 2]", "[1, -1, 0.5]", 1, "3 values for shape [2, 2]"),
        ("[1, -1, 0.5, 2]", "[1, -1, 0.5, 2, 3]", 1, "5 values for shape [2, 2]"),
        ("[0, 1]", "[]", 2, "0 values for shape [2]"),
    ];
    for (from, to, operand, found) in cases {
        let expected = format!(
            "operand {operand} of layer 'dense': found {found}; expected as many values as the \
             shape has elements"
        );
        assert_eq!(error(&changed(from, to)), expected);
    }
    let huge = error(&changed(r#""shape": [2, 2]"#, r#""shape": [4294967296, 4294967296]"#));
    assert!(huge.contains("found 4 values for shape [4294967296, 4294967296]"), "{huge}");
}

#[test]
fn metadata_that_do_not_fit_are_refused() {
    let cases = [
        (
            r#"["pressure", "heat"]"#,
            r#"["pressure"]"#,
            "number of input names: 1; expected none or 2, one an input",
        ),
        (
            r#"["yield", "cost"]"#,
            r#"["yield", "cost", "waste"]"#,
            "number of output names: 3; expected none or 2, one an output",
        ),
        (
            r#"{"lower": [-1, -1], "upper": [1, 1]}"#,
            r#"{"lower": [-1], "upper": [1]}"#,
            "coordinates of the input box: 1; inputs of the network: 2",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(error(&changed(from, to)), expected);
    }
    let empty = error(&changed(r#""upper": [1, 1]"#, r#""upper": [1, -2]"#));
    assert!(empty.contains("the box is empty in coordinate 1: lower -1 > upper -2"), "{empty}");
}

#[test]
fn a_name_that_is_used_twice_is_refused() {
    let twice = error(&changed(r#""output": "a""#, r#""output": "x""#));
    assert_eq!(twice, "the value 'x' is provided twice; expected once");
}

#[test]
fn a_value_may_have_the_name_that_the_reader_gives_to_a_constant() {
    // The constant of the layer with the output `y` is operand 1.
    let text = r#"{"format": "taut-network", "version": 1,
        "input": {"name": "y.operand1", "shape": [1, 2]},
        "layers": [{"name": "sum", "op": "Add", "output": "y",
                    "operands": ["y.operand1", {"shape": [], "values": [0.5]}]}],
        "output": "y"}"#;
    let network = read("json", text.as_bytes());
    assert_computes(&network, &POINTS, |point| point.map(|x| x + 0.5));
}
