//! Network files as a whole: their bytes, their graph, what they say about it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::bad_input::{
    SUPPORTED, assert_file_refused, assert_model_refused, dense, with_constants,
};
use crate::support::onnx::{Dimension, FLOAT, INT64, Message, Model, Node, floats, value_info};

// --- ONNX files --------------------------------------------------------------------

#[test]
fn onnx_files_that_are_no_protocol_buffer() {
    let mut random = [0; 300];
    ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut random);
    let valid = dense().encode();
    let two_gigabytes = Message::default().length(7, (1 << 31) - 1).encode();
    let cases = [
        (&random[..], "invalid wire type value: 6"),
        (&valid[..valid.len() / 2], "ModelProto.graph: buffer underflow"),
        (&valid[..valid.len() - 1], "ModelProto.graph: buffer underflow"),
        (&two_gigabytes, "ModelProto.graph: buffer underflow"),
    ];
    for (bytes, why) in cases {
        let message = format!(
            "the file: found {} bytes that are not a protocol buffer (failed to decode Protobuf \
             message: {why}); expected an ONNX model",
            bytes.len()
        );
        assert_file_refused("net.onnx", bytes, &message);
    }
    assert_file_refused("net.onnx", b"", "the file: found nothing; expected an ONNX model");
    let version = Message::default().integer(1, 7).encode();
    assert_file_refused("net.onnx", &version, "the file: found no graph; expected an ONNX model");
}

#[test]
fn graphs_that_are_wrong() {
    let relu = |from: &str, to: &str| Node::new("Relu", &[from], to, &format!("{from} to {to}"));
    let cases = [
        (
            with_constants().with(relu("a", "y")).with(relu("y", "a")),
            "the graph has a cycle through node 'a to y'; expected none",
        ),
        (
            with_constants().with(relu("y", "y")),
            "the graph has a cycle through node 'y to y'; expected none",
        ),
        (
            // The output only waits for the cycle between g and h.
            with_constants().with(relu("h", "y")).with(relu("g", "h")).with(relu("h", "g")),
            "the graph has a cycle through node 'g to h'; expected none",
        ),
        (dense().with(relu("x", "y")), "the value 'y' is provided twice; expected once"),
        (dense().with(relu("y", "x")), "the value 'x' is provided twice; expected once"),
        (
            dense().constant(floats("w", &[1], &[1.0])),
            "constant 'w': found two of that name; expected one",
        ),
        (
            with_constants().with(relu("a", "y")),
            "node 'a to y' reads 'a', which no node, constant or input provides",
        ),
        (with_constants().with(relu("x", "z")), "the output 'y' is not computed by any node"),
    ];
    for (model, message) in cases {
        assert_model_refused(model, message);
    }
}

#[test]
fn inputs_and_outputs_that_are_wrong() {
    let of_dimension = |dimension| {
        let info = value_info("x", FLOAT, &[Dimension::Number(1), dimension]);
        Model::default().described_input(info).output("y", FLOAT).node("Relu", &["x"], "y")
    };
    let positive = "expected a positive number (only the batch may be symbolic)";
    let cases = [
        (dense().input("x", FLOAT, &[1]), "the value 'x' is provided twice; expected once"),
        (dense().output("z", FLOAT), "the output 'z' is not computed by any node"),
        (Model::default(), "the graph: found no input; expected at least one input"),
        (
            Model::default().input("x", FLOAT, &[1]),
            "the graph: found no output; expected at least one output",
        ),
        (
            Model::default().input("x", INT64, &[1]).output("y", INT64),
            "input 'x': found elements of type int64; expected numbers: float, double, float16 or \
             bfloat16",
        ),
        (
            of_dimension(Dimension::Symbol("n")),
            &format!("input 'x': found dimension 1 is the symbol 'n'; {positive}"),
        ),
        (
            of_dimension(Dimension::Number(0)),
            &format!("input 'x': found dimension 1 is 0; {positive}"),
        ),
        (
            of_dimension(Dimension::Missing),
            &format!("input 'x': found dimension 1 is not given; {positive}"),
        ),
        (
            of_dimension(Dimension::Number(1 << 40)),
            "the input has shape [1, 1099511627776]; expected dimensions from 1 and at most \
             4194304 elements",
        ),
    ];
    for (model, message) in cases {
        assert_model_refused(model, message);
    }
}

#[test]
fn metadata_that_are_wrong() {
    let cases = [
        (
            "taut.input_box",
            r#"{"lower": [0], "upper": [1]}"#,
            "coordinates of the input box: 1; inputs of the network: 2",
        ),
        (
            "taut.input_names",
            r#"["a"]"#,
            "number of input names: 1; expected none or 2, one an input",
        ),
        (
            "taut.output_names",
            r#"["a", "b"]"#,
            "number of output names: 2; expected none or 1, one an output",
        ),
    ];
    for (key, value, message) in cases {
        assert_model_refused(dense().metadata(key, value), message);
    }
    let input_box = r#"{"lower": [numbers], "upper": [numbers]}"#;
    let cases = [
        (
            "taut.input_box",
            r#"{"lower": 0}"#,
            "invalid type: integer `0`, expected a sequence at line 1 column 11",
            input_box,
        ),
        (
            "taut.input_box",
            r#"{"lower": [0, 0], "upper": [1, -1]}"#,
            "the box is empty in coordinate 1: lower 0 > upper -1",
            input_box,
        ),
        (
            "taut.scaling",
            r#"{"mean": [1]}"#,
            "unknown field `mean`, expected one of `input_mean`, `input_deviation`, `output_mean`, \
             `output_deviation` at line 1 column 7",
            r#"{"input_mean": [numbers], "input_deviation": [numbers], …}"#,
        ),
    ];
    for (key, value, why, expected) in cases {
        let message = format!("metadata '{key}': found '{value}' ({why}); expected {expected}");
        assert_model_refused(dense().metadata(key, value), &message);
    }
}

// --- JSON files --------------------------------------------------------------------

/// A JSON network of one layer.
fn json(layer: &str) -> String {
    format!(
        r#"{{"format": "taut-network", "version": 1, "input": {{"name": "x", "shape": [1, 1]}},
"layers": [{{"name": "one", "output": "y", {layer}}}], "output": "y"}}"#
    )
}

#[test]
fn json_files_that_are_no_network() {
    let weights = |text: &str| {
        json(&format!(
            r#""op": "MatMul", "operands": ["x", {{"shape": [1, 1], "values": [{text}]}}]"#
        ))
    };
    let deep = "[".repeat(100_000);
    let cases = [
        (
            String::new(),
            "the file: found ''; expected an object that describes a network, {\"format\": …}",
        ),
        ("{}".to_string(), "missing field `format` at line 1 column 2"),
        (weights("1e999"), "number out of range at line 2 column 110"),
        (weights("NaN"), "expected value at line 2 column 106"),
        (
            json(&format!(r#""op": "Relu", "attributes": {{"a": {deep}"#)),
            "recursion limit exceeded at line 2 column 200",
        ),
        (
            json(r#""op": "Relu", "operands": ["x"], "attributes": {"a": [0.5]}"#),
            "expected a number, whole numbers or a text at line 2 column 101",
        ),
        (
            json(r#""op": "MatMul", "operands": ["x", 3]"#),
            "expected the name of a value, or a constant with shape and values (numbers) or \
             integers at line 2 column 78",
        ),
    ];
    for (text, message) in cases {
        assert_file_refused("net.json", text.as_bytes(), message);
    }
}

#[test]
fn a_json_file_of_nested_lists() {
    let message = "the file: found '[[[[[[[[[[[[[[[[[[[['; expected an object that describes a \
                   network, {\"format\": …}";
    assert_file_refused("net.json", "[".repeat(100_000).as_bytes(), message);
}

#[test]
fn json_networks_that_are_wrong() {
    let unknown = format!("node 'one': operator 'Erf' is not supported; {SUPPORTED}");
    let cases = [
        (r#""op": "Erf", "operands": ["x"]"#, unknown.as_str()),
        (
            r#""op": "MatMul", "operands": ["x", {"shape": [2, 1], "values": [1]}]"#,
            "operand 1 of layer 'one': found 1 values for shape [2, 1]; expected as many values as \
             the shape has elements",
        ),
        (
            r#""op": "Relu", "operands": ["z"]"#,
            "node 'one' reads 'z', which no node, constant or input provides",
        ),
    ];
    for (layer, message) in cases {
        assert_file_refused("net.json", json(layer).as_bytes(), message);
    }
}
