//! Reading, printing and reading again gives the same query.

use taut::io::vnnlib::{Query, print, read};

use super::flat;

pub(super) fn assert_round_trip(query: &Query) {
    let text = print(query);
    let again = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(again.version, query.version);
    assert_eq!(again.networks, query.networks, "{text}");
    assert_eq!(again.assertions, query.assertions, "{text}");
    assert_eq!(print(&again), text);
}

#[test]
fn printed_queries_look_as_people_write_them() {
    let query = flat(
        "(assert (or (and (<= 0.10 X_0) (> 2 X_0)) (= 1 Y_1)))
         (assert (>= Y_0 Y_1)) (assert (<= (+ X_0 (* -2 Y_0)) 1e-3)) (assert (<= X_0 X_0))
         (assert (!= (- X_0 (* 2 X_1)) 0))",
    );
    let expected = "(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(declare-const Y_1 Real)
(assert (or (and (>= X_0 0.1) (< X_0 2.0)) (== Y_1 1.0)))
(assert (>= Y_0 Y_1))
(assert (<= (+ X_0 (* -2.0 Y_0)) 0.001))
(assert (<= 0.0 0.0))
(assert (!= (+ X_0 (* -2.0 X_1)) 0.0))
";
    assert_eq!(print(&query), expected);
    assert_round_trip(&query);
}

#[test]
fn networks_are_printed() {
    let text = "(vnnlib-version <2.0>)
(declare-network f
    (declare-input X float32 [1,2] \"in\")
    (declare-hidden H float32 [] \"häuser\")
    (declare-output Y float32 [3] \"out\")
)
(declare-network g
    (isomorphic-to f)
    (declare-input A float32 [1,2])
    (declare-output B float32 [3])
)
(assert (<= X[0,1] B[2]))
(assert (and (>= H 0.0) (== Y[0] 123456789012345678901234567890.5)))
";
    let query = read(text.as_bytes()).expect("a query");
    assert_eq!(print(&query), text);
    assert_round_trip(&query);
}
