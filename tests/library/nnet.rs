//! NNet files: the documented layout, the traps of published files, and what is refused.

use taut::io::{ReadOptions, read_network_and_hash};
use taut::network::{Network, Scaling, Units};
use taut::num::IntervalBox;

use crate::support::{assert_computes, format, read, read_error};

/// Two inputs, three neurons, one output. As in published files: comments, a wrong size of the
/// largest layer, exponents, longer lists than there are inputs, whose last mean and range are
/// those of the output, and lines without a comma at the end.
const NET: &str = "// A comment
// another, 1,2
2,2,1,50,
2,3,1,
0
-1,0,7,8,
1.0e+00,10,7,8
0,5,99,2.5,
1,10,99,4,
1,-1,
0.5,2,
-1,0.25,
0,
-1,
0.5,

1,-2,3,
0.25,
";

/// The layers of [`NET`].
fn layers([x, y]: [f64; 2]) -> [f64; 1] {
    let first = (x - y).max(0.0);
    let second = (0.5 * x + 2.0 * y - 1.0).max(0.0);
    let third = (0.25 * y - x + 0.5).max(0.0);
    [first - 2.0 * second + 3.0 * third + 0.25]
}

/// With its normalisation: inputs (x − 0) / 1 and (y − 5) / 10, outputs 4 y + 2.5.
fn raw([x, y]: [f64; 2]) -> [f64; 1] {
    layers([x, (y - 5.0) / 10.0]).map(|value| 4.0 * value + 2.5)
}

const POINTS: [[f64; 2]; 4] = [[0.0, 5.0], [1.0, 0.0], [-0.5, 10.0], [0.3, 7.0]];

/// [`NET`] in a file, read in those units.
fn in_units(units: Units) -> Network {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("net.nnet");
    std::fs::write(&path, NET).expect("a file");
    let options = ReadOptions { nnet_units: units, ..ReadOptions::default() };
    read_network_and_hash(&path, &options).expect("a network").0
}

#[test]
fn the_normalisation_is_a_part_of_the_network_or_not() {
    let network = in_units(Units::Raw);
    assert_computes(&network, &POINTS, raw);
    // By hand: inputs (0, 0); neurons 0, −1 and 0.5; 1.5 + 0.25 = 1.75; 4 · 1.75 + 2.5 = 9.5.
    assert_eq!(network.evaluate_point(&[0.0, 5.0]), [9.5]);
    let domain = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 10.0]).expect("a box");
    assert_eq!(network.metadata().input_box, Some(domain));
    assert_eq!(network.units(), Some(Units::Raw));

    let network = in_units(Units::Normalised);
    assert_computes(&network, &POINTS, layers);
    // By hand: neurons 0, 9 and 1.75; −18 + 5.25 + 0.25 = −12.5.
    assert_eq!(network.evaluate_point(&[0.0, 5.0]), [-12.5]);
    // (0 − 5) / 10 and (10 − 5) / 10.
    let domain = IntervalBox::new(vec![-1.0, -0.5], vec![1.0, 0.5]).expect("a box");
    assert_eq!(network.metadata().input_box, Some(domain));
    assert_eq!(network.metadata().origin.as_deref(), Some("NNet file, read in normalised units"));
    assert_eq!(network.units(), Some(Units::Normalised));
    let scaling = Scaling {
        input_mean: vec![0.0, 5.0],
        input_deviation: vec![1.0, 10.0],
        output_mean: vec![2.5],
        output_deviation: vec![4.0],
    };
    assert_eq!(network.metadata().scaling, Some(scaling));
}

#[test]
fn lines_may_end_and_begin_in_other_ways() {
    let expected = read("nnet", NET.as_bytes()).lower().unwrap();
    let carriage = NET.replace('\n', "\r\n");
    let marked = format!("\u{feff}{NET}");
    let spaced = NET.replace(',', " , ");
    let without_comments = NET.split_once("another, 1,2\n").expect("comments").1;
    for text in [carriage.as_str(), &marked, &spaced, without_comments] {
        assert_eq!(read("nnet", text.as_bytes()).lower().unwrap(), expected, "{text:?}");
    }
    // Comments may be in Latin-1.
    let foreign = NET.replace("// A comment", "// \u{1}").replace('\u{1}', "?").into_bytes();
    let foreign: Vec<u8> =
        foreign.iter().map(|&byte| if byte == b'?' { 0xe9 } else { byte }).collect();
    assert_eq!(read("nnet", &foreign).lower().unwrap(), expected);
}

#[test]
fn a_copy_is_the_same() {
    for units in Units::ALL {
        let network = in_units(units);
        let text = format("nnet").write(&network).expect("dense layers");
        // Raw units are the default, and what was normalised states none.
        let copy = read("nnet", &text);
        assert_eq!(copy.lower().unwrap(), network.lower().unwrap(), "{}", units.name());
        assert_eq!(copy.metadata().input_box, network.metadata().input_box);
    }
    // Written means and ranges: those of the inputs, then that of the outputs.
    let text = String::from_utf8(format("nnet").write(&in_units(Units::Raw)).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1..8], ["2,2,1,3,", "2,3,1,", "0,", "-1,0,", "1,10,", "0,5,2.5,", "1,10,4,"]);
    assert_eq!(lines.len(), 8 + 3 + 3 + 1 + 1);
}

#[test]
fn networks_of_other_formats_are_written() {
    let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref()).expect("a network");
    let copy = read("nnet", &format("nnet").write(&network).expect("dense layers"));
    assert_eq!(copy.lower().unwrap(), network.lower().unwrap());
    assert_eq!(copy.metadata().input_box, network.metadata().input_box);
}

#[test]
fn networks_that_have_no_place_in_a_file() {
    let network = |layers: &str, more: &str| {
        format!(
            r#"{{"format": "taut-network", "version": 1, "input": {{"name": "x", "shape": [1, 2]}},
            "layers": [{layers}], "output": "y"{more}}}"#
        )
    };
    let dense = |from: &str, to: &str| {
        let constant = r#"{"shape": [2, 2], "values": [1, 2, 3, 4]}"#;
        format!(
            r#"{{"name": "{to}", "op": "MatMul", "operands": ["{from}", {constant}], "output": "{to}"}}"#
        )
    };
    let node = |op: &str, operands: &str, to: &str| {
        format!(r#"{{"name": "{to}", "op": "{op}", "operands": [{operands}], "output": "{to}"}}"#)
    };
    let with_box = r#", "box": {"lower": [0, 0], "upper": [1, 1]}"#;
    let expected = "expected dense layers, one after the other, with ReLU between them";
    let cases = [
        (
            dense("x", "y"),
            "",
            "the network: found no box of inputs; expected one: NNet files \
          state least and largest inputs"
                .to_string(),
        ),
        (
            [dense("x", "a"), dense("a", "y")].join(","),
            with_box,
            format!("layer 'y': found a dense layer behind one without ReLU; {expected}"),
        ),
        (
            [dense("x", "a"), node("Relu", r#""a""#, "y")].join(","),
            with_box,
            format!("layer 'y': found a ReLU behind the last dense layer; {expected}"),
        ),
        (
            [dense("x", "a"), node("Add", r#""a", "x""#, "y")].join(","),
            with_box,
            format!(
                "layer 'y': found an operand from another layer than the one before it; {expected}"
            ),
        ),
        (
            [dense("x", "a"), node("LeakyRelu", r#""a""#, "b"), dense("b", "y")].join(","),
            with_box,
            format!("layer 'b': found an operator LeakyRelu; {expected}"),
        ),
        (
            node("Relu", r#""x""#, "y"),
            with_box,
            format!("layer 'y': found an operator Relu; {expected}"),
        ),
        (
            [dense("x", "a"), node("Mul", r#""a", {"shape": [2], "values": [1, 2]}"#, "y")]
                .join(","),
            with_box,
            "the network: found outputs with different ranges [1.0, 2.0]; expected one for all \
             outputs"
                .to_string(),
        ),
    ];
    for (layers, more, message) in cases {
        let network = read("json", network(&layers, more).as_bytes());
        let error = format("nnet").write(&network).expect_err("no place");
        assert_eq!(error.to_string(), message);
    }
}

/// [`NET`] with one piece of text replaced, and what is wrong with it.
#[test]
fn files_that_are_wrong() {
    let numbers = "expected finite numbers, separated by commas:";
    let cases = [
        (
            "2,2,1,50,",
            "2,2,",
            "line 3: found 2 numbers; expected four: layers, inputs, outputs, \
          largest layer"
                .to_string(),
        ),
        ("2,2,1,50,", "2,2,x,50,", "line 3: found 'x'; expected a whole number".to_string()),
        (
            "2,2,1,50,",
            "3,2,1,50,",
            "line 4: found 3 sizes; expected 4, of the inputs and of each \
          layer"
                .to_string(),
        ),
        (
            "2,2,1,50,",
            "18446744073709551615,2,1,50,",
            "line 4: found 3 sizes; expected \
          18446744073709551615, of the inputs and of each layer"
                .to_string(),
        ),
        (
            "2,2,1,50,",
            "2,3,1,50,",
            "line 4: found sizes from 2 to 1; expected 3 inputs and 1 \
          outputs, as stated before"
                .to_string(),
        ),
        ("2,3,1,", "2,0,1,", "line 4: found a size of 0; expected sizes from 1".to_string()),
        (
            "2,3,1,",
            "2,1000000000,1,",
            format!(
                "line 4: found layers with 4000000001 weights and \
          biases in a file of {} bytes; expected two bytes or more for each",
                NET.len() + 9
            ),
        ),
        (
            "2,3,1,",
            "2,18446744073709551615,1,",
            format!(
                "line 4: found layers with too many \
          weights and biases in a file of {} bytes; expected two bytes or more for each",
                NET.len() + 19
            ),
        ),
        ("-1,0,7,8,", "-1", "line 6: found 1 number; expected 2 least inputs".to_string()),
        (
            "1.0e+00,10",
            "-2,10",
            "line 7: found -2 as largest input 0; expected at least -1, the \
          least"
                .to_string(),
        ),
        (
            "0,5,99,2.5,",
            "0,5,",
            "line 8: found 2 numbers; expected 3 means, of the inputs and of \
          the outputs"
                .to_string(),
        ),
        (
            "1,10,99,4,",
            "1,0,99,4,",
            "line 9: found the range 0; expected positive \
          ranges"
                .to_string(),
        ),
        (
            "1,10,99,4,",
            "1,10,99,-4,",
            "line 9: found the range -4; expected positive \
          ranges"
                .to_string(),
        ),
        (
            "0.5,2,",
            "0.5,nan,",
            format!(
                "line 11: found 'nan'; {numbers} 2 (weights of neuron 2 \
          of layer 1)"
            ),
        ),
        (
            "0.5,2,",
            "0.5,-inf,",
            format!(
                "line 11: found '-inf'; {numbers} 2 (weights of neuron 2 \
          of layer 1)"
            ),
        ),
        (
            "0.5,2,",
            "0.5,1e999,",
            format!(
                "line 11: found '1e999'; {numbers} 2 (weights of neuron \
          2 of layer 1)"
            ),
        ),
        (
            "0.5,2,",
            "0.5,,2,",
            format!(
                "line 11: found ''; {numbers} 2 (weights of neuron 2 of \
          layer 1)"
            ),
        ),
        (
            "0.5,2,",
            "0.5,2,3,",
            "line 11: found 3 numbers; expected 2 (weights of neuron 2 of \
          layer 1)"
                .to_string(),
        ),
        (
            "1,-2,3,",
            "1,-2,",
            "line 17: found 2 numbers; expected 3 (weights of neuron 1 of layer \
          2)"
            .to_string(),
        ),
        (
            "\n0.25,\n",
            "\n",
            "the end of the file: found no line; expected 1 (bias of neuron 1 of \
          layer 2)"
                .to_string(),
        ),
        (
            "\n0.25,\n",
            "\n0.25,\n\n7,\n",
            "line 20: found '7,'; expected the end of the file \
          behind the last bias"
                .to_string(),
        ),
    ];
    for (from, to, message) in cases {
        assert_eq!(NET.matches(from).count(), 1, "{from}");
        let error = read_error("nnet", NET.replace(from, to).as_bytes()).to_string();
        assert_eq!(error, message, "{to}");
    }
    let nothing = "the end of the file: found no line; expected four numbers: layers, inputs, \
                   outputs, largest layer";
    for text in ["", "\n\n", "// only a comment"] {
        assert_eq!(read_error("nnet", text.as_bytes()).to_string(), nothing);
    }
}

/// Without a last piece there is a line or a number too few, but for the comma and the line
/// break at the very end, and for the last digits.
#[test]
fn files_that_are_cut_off() {
    let most = NET.trim_end().trim_end_matches(".25,").len();
    for length in 0..most {
        assert!(format("nnet").read(&NET.as_bytes()[..length], "test").is_err(), "{length} bytes");
    }
    assert!(format("nnet").read(NET.trim_end().as_bytes(), "test").is_ok());
}
