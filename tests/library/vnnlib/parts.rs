//! The parts of a query: boxes, and what else has to hold there. All values by hand.

use taut::io::vnnlib::{InputBounds, Parts, Query};

use super::{flat, formula};

fn bounds(of: &InputBounds) -> String {
    let (lower, upper) = (&of.lower, &of.upper);
    let sign = |is_strict| if is_strict { "<" } else { "<=" };
    let (left, right) = (sign(lower.is_strict), sign(upper.is_strict));
    format!("{} {left} x {right} {}", lower.value, upper.value)
}

/// Each part: bounds of X_0, of X_1, and its formulas.
fn parts(query: &Query) -> Vec<Vec<String>> {
    let parts = Parts::of(query).expect("bounded inputs");
    let text = |part| {
        let bounds = parts.bounds(part).iter().map(bounds).collect::<Vec<String>>();
        let formulas = parts.formulas(part).map(|of| formula(query, of));
        bounds.into_iter().chain(formulas).collect()
    };
    parts.parts().iter().map(text).collect()
}

/// Bounds of both inputs.
const UNIT: &str = "(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))";

#[test]
fn bounds_that_always_hold_make_one_box() {
    let more = "(assert (<= X_0 0.5)) (assert (<= X_0 0.75)) (assert (or (and (> X_1 0.25))))
        (assert (<= (* -2 X_1) -0.1)) (assert (= X_0 0.5)) (assert (<= (+ X_0 X_1) 3))
        (assert (!= X_0 0)) (assert (<= Y_0 1)) (assert (or (<= Y_1 2) (<= Y_1 Y_0)))
        (assert (<= 0 1)) (assert (<= (* 3 X_1) 1))";
    let expected = [
        "0.5 <= x <= 0.5",
        "0.25 < x <= 1",
        "1 X_0 1 X_1 <= 3",
        "1 X_0 != 0",
        "1 Y_0 <= 1",
        "(1 Y_1 <= 2 | -1 Y_0 1 Y_1 <= 0)",
        // A third is no decimal.
        "3 X_1 <= 1",
    ];
    assert_eq!(parts(&flat(&format!("{UNIT}{more}"))), [expected]);
}

#[test]
fn a_disjunction_over_inputs_makes_a_part_of_each_branch() {
    // As property 6 of ACAS Xu: boxes in one disjunction, outputs in another one.
    let query = flat(
        "(assert (>= X_0 0)) (assert (<= X_0 1))
         (assert (or (and (<= X_1 2) (>= X_1 1) (>= X_0 0.5)) (and (<= X_1 -1) (>= X_1 -2))))
         (assert (or (and (<= Y_0 Y_1)) (and (<= Y_1 3))))",
    );
    let outputs = "((1 Y_0 -1 Y_1 <= 0) | (1 Y_1 <= 3))";
    let expected =
        [["0.5 <= x <= 1", "1 <= x <= 2", outputs], ["0 <= x <= 1", "-2 <= x <= -1", outputs]];
    assert_eq!(parts(&query), expected);
    // As nn4sys: each branch has its box and its outputs.
    let query = flat(
        "(assert (or (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1) (<= Y_0 5))
                     (and (>= X_0 1) (<= X_0 2) (>= X_1 1) (<= X_1 2) (>= Y_0 9))))",
    );
    let expected = [
        ["0 <= x <= 1", "0 <= x <= 1", "1 Y_0 <= 5"],
        ["1 <= x <= 2", "1 <= x <= 2", "-1 Y_0 <= -9"],
    ];
    assert_eq!(parts(&query), expected);
    // A branch without inputs is a part with the box of all.
    let query = flat(&format!("{UNIT}(assert (or (<= X_0 0.5) (<= Y_0 1)))"));
    assert_eq!(parts(&query)[0], ["0 <= x <= 0.5", "0 <= x <= 1"]);
    assert_eq!(parts(&query)[1], ["0 <= x <= 1", "0 <= x <= 1", "1 Y_0 <= 1"]);
    // In each other.
    let query = flat(&format!(
        "{UNIT}(assert (or (and (<= X_0 0.5) (or (<= X_1 0.2) (>= X_1 0.7))) (>= X_0 0.9)))"
    ));
    let expected = [
        ["0.9 <= x <= 1", "0 <= x <= 1"],
        ["0 <= x <= 0.5", "0 <= x <= 0.2"],
        ["0 <= x <= 0.5", "0.7 <= x <= 1"],
    ];
    assert_eq!(parts(&query), expected);
}

#[test]
fn empty_boxes_are_left_out_and_told() {
    let query = flat(&format!("{UNIT}(assert (or (>= X_0 2) (<= X_0 0.5) (and (< X_1 0))))"));
    let divided = Parts::of(&query).expect("parts");
    assert_eq!(divided.parts().len(), 1);
    let told: Vec<String> = divided.empty().iter().map(ToString::to_string).collect();
    let expected = [
        "line 5, column 71: no point: X_0 is at least 2 and at most 1",
        "line 5, column 100: no point: X_1 is at least 0 and below 0",
    ];
    assert_eq!(told, expected);
    for (assertion, expected) in [
        ("(assert (<= X_0 -1))", "line 5, column 67: no point: X_0 is at least 0 and at most -1"),
        ("(assert (< X_0 0))", "line 5, column 67: no point: X_0 is at least 0 and below 0"),
        (
            "(assert (<= 1 0))",
            "line 5, column 67: no point: a condition without variables does not hold",
        ),
    ] {
        let query = flat(&format!("{UNIT}{assertion}"));
        let divided = Parts::of(&query).expect("no parts");
        assert_eq!(divided.parts().len(), 0);
        assert_eq!(divided.empty()[0].to_string(), expected);
    }
}

#[test]
fn an_input_without_a_bound_is_named_with_its_branch() {
    for (text, expected) in [
        (
            "(assert (<= X_0 1)) (assert (>= X_0 0)) (assert (<= X_1 1))",
            "input X_1 has no lower bound; expected bounds of every input",
        ),
        (
            "(assert (<= X_0 1)) (assert (>= X_0 0)) (assert (<= -1 X_1))
             (assert (or (<= X_1 1)
                         (>= X_1 0)))",
            "input X_1 has no upper bound in the branch at line 7, column 26; \
             expected bounds of every input",
        ),
    ] {
        let query = flat(text);
        let error = Parts::of(&query).expect_err("no box").to_string();
        assert_eq!(error, expected);
    }
    let two = "(vnnlib-version <2.0>)
        (declare-network f (declare-input X real [1]) (declare-output Y real [1]))
        (declare-network g (declare-input A real [1]) (declare-output B real [1]))
        (assert (<= X[0] 1.0))";
    let query = taut::io::vnnlib::read(two.as_bytes()).expect("a query");
    let error = Parts::of(&query).expect_err("two networks").to_string();
    assert_eq!(error, "the query declares 2 networks; expected one");
}

/// A list of all inputs would take some hundred gigabytes.
#[test]
fn inputs_are_not_believed_to_be_as_many_as_declared() {
    let text = "(vnnlib-version <2.0>)
        (declare-network f (declare-input X real [60000,70000]) (declare-output Y real [1]))
        (assert (and (>= X[0,0] 0.0) (<= X[0,0] 1.0) (>= Y[0] 1.0)))";
    let either = "(assert (or (<= X[0,1] 1.0) (and (>= X[0,1] 0.0) (<= X[0,1] 1.0))))";
    for (more, expected) in [
        ("", "input X[0,1] has no lower bound; expected bounds of every input"),
        (
            either,
            "input X[0,1] has no lower bound in the branch at line 4, column 13; \
                  expected bounds of every input",
        ),
        ("(assert (or (<= X[0,0] -1.0) (>= X[0,0] 2.0)))", ""),
    ] {
        let query = taut::io::vnnlib::read(format!("{text}\n{more}").as_bytes()).expect("a query");
        match Parts::of(&query) {
            Ok(parts) => assert_eq!((expected, parts.parts().len()), ("", 0)),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }
}

#[test]
fn many_disjunctions_are_not_multiplied_out() {
    // 12 of 10 branches over outputs: one part with 12 formulas.
    let branches: String = (0..10).map(|i| format!("(<= Y_0 {i})")).collect();
    let text = format!("{UNIT}{}", format!("(assert (or {branches}))").repeat(12));
    let query = flat(&text);
    let divided = Parts::of(&query).expect("parts");
    assert_eq!(divided.parts().len(), 1);
    assert_eq!(divided.formulas(&divided.parts()[0]).count(), 12);
    // Over inputs, all of them true somewhere: 10¹² boxes would be too many.
    let branches: String = (0..10).map(|i| format!("(<= X_0 0.{i})")).collect();
    let text = format!("{UNIT}{}", format!("(assert (or {branches}))").repeat(12));
    let query = flat(&text);
    let divided = Parts::of(&query).expect("parts");
    assert!(divided.parts().len() <= taut::io::vnnlib::MOST_PARTS);
    // By hand: 10, 100, 1000, 10 000 boxes by the first four; one more time 9 for some.
    assert!(divided.parts().len() >= 10_000, "{}", divided.parts().len());
    assert!(divided.parts().iter().all(|part| divided.formulas(part).count() >= 7));
}

#[test]
fn bounds_are_rounded_to_either_side() {
    let query = flat(
        "(assert (>= X_0 0.1)) (assert (<= X_0 0.3)) (assert (> X_1 0.5)) (assert (< X_1 0.75))",
    );
    let divided = Parts::of(&query).expect("parts");
    let bounds = divided.bounds(&divided.parts()[0]);
    // The f64 0.1 lies above one tenth, the f64 0.3 below three tenths.
    let outward = bounds[0].outward();
    assert_eq!((outward.lower(), outward.upper()), (0.1f64.next_down(), 0.3f64.next_up()));
    let inward = bounds[0].inward().expect("numbers between");
    assert_eq!((inward.lower(), inward.upper()), (0.1, 0.3));
    // As f32, both lie above.
    assert_eq!(bounds[0].inward_single(), Some([0.1f32, 0.3f32.next_down()]));
    let inward = bounds[1].inward().expect("numbers between");
    assert_eq!((inward.lower(), inward.upper()), (0.5f64.next_up(), 0.75f64.next_down()));
    let query = flat("(assert (= X_0 0.1)) (assert (= X_1 0.5))");
    let divided = Parts::of(&query).expect("parts");
    let bounds = divided.bounds(&divided.parts()[0]);
    assert_eq!(bounds[0].inward(), None);
    assert_eq!(bounds[0].inward_single(), None);
    assert_eq!(bounds[1].inward_single(), Some([0.5, 0.5]));
}
