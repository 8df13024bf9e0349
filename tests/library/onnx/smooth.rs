//! Networks with smooth layers: held and evaluated, without a canonical form.

use ndarray::arr2;

use super::{read_model, with_constants};
use crate::support::onnx::{Model, Node};
use crate::support::{format, read, read_error};

/// `tanh(ln 2) = 3/5` and `1 / (1 + e^−ln 3) = 3/4`, by hand.
#[test]
fn values_by_hand_and_round_trips() {
    for (op, x, y) in [("Tanh", 2f64.ln(), 0.6), ("Sigmoid", 3f64.ln(), 0.75)] {
        let model = with_constants().node(op, &["x"], "s").node("Relu", &["s"], "y");
        let network = read_model(&model);
        assert!(network.set_aside().is_empty());
        let points = arr2(&[[x, 0.0], [-x, x]]);
        let other = if op == "Tanh" { -y } else { 1.0 - y };
        let zero = if op == "Tanh" { 0.0 } else { 0.5 };
        let expected = arr2(&[[y, zero], [f64::max(other, 0.0), y]]);
        let found = network.evaluate(points.view());
        assert!((&found - &expected).iter().all(|e| e.abs() < 1e-15), "{op}: {found:?}");
        for name in ["onnx", "json"] {
            let copy = read(name, &format(name).write(&network).unwrap());
            assert_eq!(copy.evaluate(points.view()), found, "{op} in {name}");
        }
        for name in ["nnet", "npz"] {
            let error = format(name).write(&network).unwrap_err().to_string();
            assert!(error.contains(op), "{op} in {name}: {error}");
        }
        let error = network.lower().unwrap_err();
        assert_eq!(network.check_piecewise_linear(), Err(error.clone()));
        assert!(error.to_string().contains(&format!("({op}): it is smooth")), "{error}");
    }
}

#[test]
fn piecewise_linear_networks_have_a_canonical_form() {
    let model = with_constants().node("Relu", &["x"], "y");
    assert_eq!(read_model(&model).check_piecewise_linear(), Ok(()));
}

/// A file for two rows that do not interact is that of one row.
#[test]
fn rows_of_a_batch_are_told_apart() {
    let model = Model::from_x_to_y(&[2, 3]).node("Tanh", &["x"], "s").node("Relu", &["s"], "y");
    assert_eq!(read_model(&model).inputs(), 3);
}

#[test]
fn at_the_end_it_is_set_aside_and_of_constants_it_is_refused() {
    let ends =
        with_constants().node("MatMul", &["x", "t"], "scores").node("Tanh", &["scores"], "y");
    assert!(read_model(&ends).check_piecewise_linear().is_ok());
    let constant = with_constants()
        .with(Node::new("Tanh", &["b"], "c", "constant"))
        .node("MatMul", &["x", "t"], "scores")
        .node("Add", &["scores", "c"], "y");
    let error = read_error("onnx", &constant.encode()).to_string();
    assert!(error.starts_with("node 'constant' (Tanh): it is smooth"), "{error}");
}
