//! Activations: LeakyRelu and both forms of Clip.

use crate::onnx::{POINTS, check};
use crate::support::onnx::{FLOAT, Model, Node, floats};

pub fn leaky(slope: Option<f32>) -> Model {
    let node = Node::new("LeakyRelu", &["x"], "y", "leaky");
    Model::from_x_to_y(&[1, 2]).with(match slope {
        None => node,
        Some(slope) => node.float("alpha", slope),
    })
}

#[test]
fn leaky_relu_with_its_own_slope() {
    for slope in [0.2_f32, 0.25, 0.0, 1.0, 3.0, -0.5] {
        let line = |x: f64| if x < 0.0 { f64::from(slope) * x } else { x };
        check(&leaky(Some(slope)), &POINTS, |x| x.map(line));
    }
}

#[test]
fn leaky_relu_has_the_default_slope_of_the_standard() {
    // The standard's default is a number of single precision, as every float
    // attribute: 0.00999999977….
    let line = |x: f64| if x < 0.0 { f64::from(0.01_f32) * x } else { x };
    check(&leaky(None), &POINTS, |x| x.map(line));
}

/// Clip with limits as attributes, operator set 6.
pub fn clip_by_attributes(min: Option<f32>, max: Option<f32>) -> Model {
    let limits = [("min", min), ("max", max)];
    let limits = limits.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let node = Node::new("Clip", &["x"], "y", "clip");
    let node = limits.fold(node, |node, (name, value)| node.float(name, value));
    Model::of_operator_set(6).input("x", FLOAT, &[1, 2]).output("y", FLOAT).with(node)
}

/// Clip with limits as operands, operator set 11.
pub fn clip_by_operands(min: Option<f32>, max: Option<f32>) -> Model {
    let mut model = Model::of_operator_set(11).input("x", FLOAT, &[1, 2]).output("y", FLOAT);
    let mut operands = vec!["x"];
    for (name, value) in [("min", min), ("max", max)] {
        operands.push(if value.is_some() { name } else { "" });
        if let Some(value) = value {
            model = model.constant(floats(name, &[], &[value]));
        }
    }
    while operands.last() == Some(&"") {
        operands.pop();
    }
    model.with(Node::new("Clip", &operands, "y", "clip"))
}

fn assert_clips(min: Option<f32>, max: Option<f32>, points: &[[f64; 2]]) {
    for model in [clip_by_attributes(min, max), clip_by_operands(min, max)] {
        check(&model, points, |x| {
            x.map(|x| {
                let raised = min.map_or(x, |min| x.max(min.into()));
                max.map_or(raised, |max| raised.min(max.into()))
            })
        });
    }
}

#[test]
fn clip_in_both_forms_with_both_limits_one_and_none() {
    assert_clips(None, None, &POINTS);
    assert_clips(Some(-1.0), None, &POINTS);
    assert_clips(None, Some(0.5), &POINTS);
    assert_clips(Some(-1.0), Some(1.0), &POINTS);
    assert_clips(Some(0.0), Some(6.0), &POINTS);
    assert_clips(Some(-3.0), Some(-0.5), &POINTS);
}

#[test]
fn clip_with_limits_whose_difference_rounds() {
    // 0.1 in single precision ends at 2^-27 and 1e10 begins at 2^33: 61 bits.
    let points = [[0.3, -0.7], [5e9, -5e9], [2e10, 1e10], [-0.1, 0.0]];
    assert_clips(Some(-0.1), Some(1e10), &points);
}

#[test]
fn clip_with_the_largest_numbers_in_place_of_no_limit() {
    // Converters write the defaults of operator set 6 out: ±3.4028235e38.
    assert_clips(Some(0.0), Some(f32::MAX), &POINTS);
    assert_clips(Some(f32::MIN), Some(6.0), &POINTS);
    assert_clips(Some(f32::MIN), Some(f32::MAX), &POINTS);
    assert_clips(Some(f32::MIN), None, &POINTS);
    assert_clips(None, Some(f32::MAX), &POINTS);
}

#[test]
fn clip_with_infinite_limits_has_none() {
    for (min, max) in [(f32::NEG_INFINITY, 1.0), (-1.0, f32::INFINITY)] {
        check(&clip_by_operands(Some(min), Some(max)), &POINTS, |x| {
            x.map(|x| x.clamp(min.into(), max.into()))
        });
    }
}
