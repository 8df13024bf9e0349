//! What files of exporters have beside operators: weights in other files, last operators that
//! are set aside, forms of training.
//!
//! Expected values are by hand.

use std::fs;
use std::path::Path;

use taut::io::{FileError, ReadOptions, read_network, read_network_and_hash};
use taut::network::Network;

use crate::onnx::{POINTS, product, read_model, with_constants};
use crate::support::onnx::{FLOAT, Model, Node, external, floats, raw, tensor};
use crate::support::{assert_computes, read_error};

// --- Weights beside the file ----------------------------------------------------------

/// Four bytes of something else, and then the weights.
fn data() -> Vec<u8> {
    let weights = [1.0, 0.5, -3.0, -1.0, 2.0, 0.25_f32];
    [vec![7; 4], raw(&weights, f32::to_le_bytes)].concat()
}

fn read_in(folder: &Path, model: &Model) -> Result<Network, FileError> {
    let path = folder.join("model.onnx");
    fs::write(&path, model.encode()).expect("a file in the folder");
    read_network(&path)
}

#[test]
fn weights_lie_beside_the_file_or_below() {
    let folder = temp_dir::TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.child("parts")).expect("a folder");
    for location in ["model.onnx.data", "parts/weights.bin", "./parts/weights.bin"] {
        fs::write(folder.path().join(location), data()).expect("a file in the folder");
        let model = external(&[("location", location), ("offset", "4"), ("length", "24")]);
        let network = read_in(folder.path(), &model).unwrap_or_else(|error| panic!("{error}"));
        assert_computes(&network, &POINTS, product);
    }
}

#[test]
fn the_hash_covers_what_lies_beside_the_file() {
    let folder = temp_dir::TempDir::new().expect("a temporary folder");
    let path = folder.child("model.onnx");
    fs::write(&path, external(&[("location", "w"), ("offset", "4")]).encode()).expect("a file");
    let hash = |bytes: &[u8]| {
        fs::write(folder.child("w"), bytes).expect("a file");
        read_network_and_hash(&path, &ReadOptions::default()).expect("a network").1
    };
    let (first, mut other) = (hash(&data()), data());
    *other.last_mut().expect("a byte") ^= 1;
    assert_eq!(first.len(), 64);
    assert_ne!(hash(&other), first);
    assert_eq!(hash(&data()), first);
}

#[test]
fn weights_elsewhere_are_refused() {
    let outside = temp_dir::TempDir::new().expect("a temporary folder");
    let folder = outside.child("inside");
    fs::create_dir(&folder).expect("a folder");
    fs::write(outside.child("w"), data()).expect("a file");
    fs::write(folder.join("short"), [0; 27]).expect("a file");
    let absolute = outside.child("w").display().to_string();
    let cases = [
        (vec![("location", "../w")], "'../w', which leaves the folder of the network"),
        (vec![("location", absolute.as_str())], "which leaves the folder of the network"),
        (vec![], "'', which leaves the folder of the network"),
        (vec![("location", "absent")], "'absent', which is not there"),
        (vec![("location", ".")], "'.', which is no file"),
        (vec![("location", "short"), ("offset", "4")], "'short' of 27 bytes for 24 from byte 4 on"),
        (
            vec![("location", "short"), ("offset", "18446744073709551615")],
            "'short' of 27 bytes for 24 from byte 18446744073709551615 on",
        ),
        (vec![("location", "short"), ("offset", "-1")], "external data with offset '-1'"),
        (vec![("location", "short"), ("length", "20")], "external data of 20 bytes in 'short'"),
    ];
    for (entries, message) in cases {
        let error = read_in(&folder, &external(&entries)).map(|_| ()).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
    let bytes = external(&[("location", "w")]).encode();
    let error = read_error("onnx", &bytes).to_string();
    assert!(error.contains("'w' beside a network that is no file"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_folder() {
    let outside = temp_dir::TempDir::new().expect("a temporary folder");
    let folder = outside.child("inside");
    fs::create_dir(&folder).expect("a folder");
    fs::write(outside.child("w"), data()).expect("a file");
    std::os::unix::fs::symlink(outside.child("w"), folder.join("link")).expect("a link");
    let model = external(&[("location", "link"), ("offset", "4")]);
    let error = read_in(&folder, &model).map(|_| ()).expect_err("a link").to_string();
    assert!(error.contains("'link', which leads out of the folder of the network"), "{error}");
}

// --- Last operators -------------------------------------------------------------------

/// [`product`] and an operator behind it.
fn ending(op: &str) -> Model {
    with_constants().node("MatMul", &["x", "t"], "scores").with(Node::new(
        op,
        &["scores"],
        "y",
        "end",
    ))
}

#[test]
fn last_operators_are_set_aside() {
    for op in ["Sigmoid", "Tanh", "LogSoftmax", "Softmax"] {
        let network = read_model(&ending(op));
        let [last] = network.set_aside() else { panic!("{:?}", network.set_aside()) };
        assert_eq!((last.op.as_str(), last.node.as_str(), last.output.as_str()), (op, "end", "y"));
        assert_computes(&network, &POINTS, product);
    }
    let node = Node::new("ArgMax", &["scores"], "y", "end").integer("axis", 1);
    let network = read_model(&with_constants().node("MatMul", &["x", "t"], "scores").with(node));
    assert_eq!((network.set_aside().len(), network.outputs()), (1, 3));
    // Also where the shape changes behind it, and where the scores are an output too.
    let behind = ending("Softmax").node("Flatten", &["y"], "z").output("z", FLOAT);
    assert_eq!(read_model(&behind).set_aside().len(), 1);
    let both = ending("Softmax").output("scores", FLOAT);
    assert_eq!(read_model(&both).outputs(), 6);
}

#[test]
fn operators_in_the_middle_are_not_set_aside() {
    let middle = ending("Softmax").node("Relu", &["y"], "z").output("z", FLOAT);
    let error = read_error("onnx", &middle.encode()).to_string();
    assert!(error.starts_with("node 'end' (Softmax): it is smooth"), "{error}");
    // Of one number, Softmax makes 1.
    let alone = Node::new("Softmax", &["x"], "y", "end").integer("axis", 0);
    let error = read_error("onnx", &Model::from_x_to_y(&[1, 2]).with(alone).encode()).to_string();
    assert!(error.contains("of length 1"), "{error}");
}

// --- Forms of training ------------------------------------------------------------------

#[test]
fn forms_of_training_are_refused() {
    let flag = |value: u8| tensor("flag", 9, &[]).bytes(9, [value]);
    let dropout = |value: u8| {
        Model::from_x_to_y(&[1, 2]).constant(flag(value)).with(Node::new(
            "Dropout",
            &["x", "", "flag"],
            "y",
            "drop",
        ))
    };
    assert_computes(&read_model(&dropout(0)), &POINTS, |point| point);
    let error = read_error("onnx", &dropout(1).encode()).to_string();
    assert!(error.starts_with("node 'drop' (Dropout): training_mode = true"), "{error}");
    let norm = |version: i64, node: Node| {
        let model = Model::of_operator_set(version).input("x", FLOAT, &[1, 2]).output("y", FLOAT);
        let ones = |name: &str| floats(name, &[2], &[1.0, 1.0]);
        let model =
            ["s", "b", "m", "v"].iter().fold(model, |model, name| model.constant(ones(name)));
        read_error("onnx", &model.with(node).encode()).to_string()
    };
    let node = || Node::new("BatchNormalization", &["x", "s", "b", "m", "v"], "y", "norm");
    let expected = "expected the form of inference";
    let outputs = ["o1", "o2", "o3", "o4"].iter().fold(node(), |node, name| node.and_output(name));
    for error in [
        norm(15, node().integer("training_mode", 1)),
        norm(9, outputs),
        norm(6, node().integer("is_test", 0)),
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

// --- Several inputs and outputs -----------------------------------------------------------

/// Three inputs, one of them unread, and an output that is constant.
#[test]
fn inputs_and_outputs_stand_in_the_order_of_the_file() {
    let model = Model::default()
        .input("a", FLOAT, &[1, 2])
        .input("unread", FLOAT, &[1, 1])
        .input("b", FLOAT, &[1, 1])
        .output("sum", FLOAT)
        .output("five", FLOAT)
        .constant(floats("c", &[1, 2], &[5.0, 0.5]))
        .node("Add", &["a", "b"], "sum")
        .node("Identity", &["c"], "five");
    let network = read_model(&model);
    assert_eq!(network.metadata().input_names, ["a[0]", "a[1]", "unread", "b"]);
    assert_eq!(network.metadata().output_names, ["sum[0]", "sum[1]", "five[0]", "five[1]"]);
    let points = [[1.0, 2.0, 3.0, 4.0], [0.5, -0.25, 1e6, -8.0]];
    assert_computes(&network, &points, |[a, b, _, d]| [a + d, b + d, 5.0, 0.5]);
}

#[test]
fn a_constant_output_is_a_network() {
    let model = with_constants().node("Relu", &["b"], "y");
    // BIAS is (0.5, −1, 2).
    assert_computes(&read_model(&model), &POINTS, |_| [0.5, 0.0, 2.0]);
}

/// Found by damaging files: the magnitude of the least whole number has no `i64`.
#[test]
fn pads_beyond_all_sizes_are_refused() {
    let node = Node::new("Pad", &["x"], "y", "pad").integers("pads", &[0, i64::MIN, 0, 0]);
    let error = read_error("onnx", &Model::from_x_to_y(&[1, 2]).with(node).encode()).to_string();
    assert!(error.contains("two whole numbers an axis"), "{error}");
}
