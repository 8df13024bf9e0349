//! Version 2.0: networks, tensors, indices. What the reference parser (`vnnlib` 1.0.2 of PyPI)
//! says of the same texts was looked up by hand; where Taut differs, a comment says so.

use taut::io::vnnlib::{ElementType, NetworkRelation, Query, read};

use super::{assertions, error};

const NETWORK: &str =
    "(declare-network f (declare-input X real [2]) (declare-output Y real [1,3]))\n";

fn text(networks: &str, assertions: &str) -> String {
    format!("(vnnlib-version <2.0>)\n{networks}{assertions}")
}

fn query(networks: &str, assertions: &str) -> Query {
    read(text(networks, assertions).as_bytes())
        .unwrap_or_else(|error| panic!("{networks}{assertions}: {error}"))
}

#[test]
fn elements_are_numbered_row_by_row() {
    let networks = "(declare-network f
        (declare-input A float32 [2,3]) (declare-input B float32 [])
        (declare-hidden H float32 [2] \"relu_1\")
        (declare-output Y float32 [1,2,2]))
    (declare-network g (isomorphic-to f)
        (declare-input C float32 [2,3]) (declare-input D float32 [])
        (declare-output Z float32 [1,2,2]))";
    let query = query(networks, "(assert (<= (+ A[1,0] B H[ 1 ] Y [0, 1, 0] D) Z[0,1,1]))");
    // By hand: A has 0 to 5, B 6, H 7 and 8, Y 9 to 12, C 13 to 18, D 19, Z 20 to 23.
    let super::Formula::Atom(atom) = &query.assertions[0] else { panic!("an atom") };
    let variables: Vec<usize> = atom.terms.iter().map(|(variable, _)| variable.0).collect();
    assert_eq!(variables, [3, 6, 8, 11, 19, 23]);
    let expected = "1 A[1,0] 1 B 1 H[1] 1 Y[0,1,0] 1 D -1 Z[0,1,1] <= 0";
    assert_eq!(assertions(&query), [expected]);
    let [f, g] = &query.networks[..] else { panic!("two networks") };
    assert_eq!((f.name.as_str(), f.relation), ("f", NetworkRelation::None));
    assert_eq!(g.relation, NetworkRelation::IsomorphicTo(0));
    assert_eq!(f.hidden[0].onnx_name.as_deref(), Some("relu_1"));
    assert_eq!(f.inputs[1].element_type, ElementType::Float32);
    assert_eq!((f.inputs[1].shape.len(), f.inputs[1].count()), (0, 1));
}

#[test]
fn what_the_reference_parser_refuses_and_public_files_have_is_read() {
    // Exponents, bare points, `=`, whole numbers, a blank behind a parenthesis.
    let query = query(NETWORK, "( assert (and (<= X[0] 1e-05) (= X[1] .5) (>= Y[0,0] 1)))");
    assert_eq!(assertions(&query), ["(1 X[0] <= 0.00001 & 1 X[1] == 0.5 & -1 Y[0,0] <= -1)"]);
    assert_eq!(query.warnings, []);
    // Hyphens in names, and names of the ONNX file, as in figures of the standard.
    let named = "(declare-network f-copy (declare-input x-1 real [2] \"in\")
        (declare-output Y real [1] \"out\"))";
    let query = self::query(named, "(assert (<= x-1[0] 1.0))");
    assert_eq!(query.networks[0].inputs[0].onnx_name.as_deref(), Some("in"));
}

#[test]
fn other_versions_are_read_with_a_warning_or_refused() {
    let rest = format!("{NETWORK}(assert (<= X[0] 1.0))");
    for (version, warning) in [
        ("; 1\n(vnnlib-version <2.0>)", None),
        ("(vnnlib-version <2.1>)", Some("line 1, column 17: version 2.1, read as 2.0")),
        ("(vnnlib-version 2.0)", Some("line 1, column 17: the version 2.0 without < and >")),
    ] {
        let query = read((version.to_string() + &rest).as_bytes()).expect("a query");
        let warnings: Vec<String> = query.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, Vec::from_iter(warning), "{version}");
    }
    for (version, expected) in [
        (
            "(vnnlib-version <3.0>)",
            "line 1, column 17: version 3.0 is not supported; \
             expected a version 2; files of VNN-LIB 1.0 state none",
        ),
        ("(vnnlib-version <2>)", "line 1, column 18: found '2'; expected a version such as <2.0>"),
        ("(vnnlib-version <2.0)", "line 1, column 21: found ')'; expected '>' behind the version"),
        (
            "",
            "line 1, column 2: found declare-network without a version; \
             expected (vnnlib-version <2.0>) in front of it, or declare-const of VNN-LIB 1.0",
        ),
    ] {
        assert_eq!(error(&(version.to_string() + &rest)), expected);
    }
}

#[test]
fn declarations_are_checked() {
    for (networks, expected) in [
        (
            "(declare-network f (declare-output Y real [1]))",
            "2, column 47: found a network without declare-input; expected inputs and outputs",
        ),
        (
            "(declare-network f (declare-input X real [1]))",
            "2, column 46: found a network without declare-output; expected inputs and outputs",
        ),
        (
            "(declare-network f (declare-output Y real [1]) (declare-input X real [1]))",
            "2, column 49: found 'declare-input' behind what comes later; expected declare-input, then declare-hidden, then declare-output",
        ),
        (
            "(declare-network f (declare-input X int8 [1]))",
            "2, column 37: the type 'int8' is not supported; expected one of the types real, float16, float32, float64",
        ),
        (
            "(declare-network f (declare-input X foo [1]))",
            "2, column 37: the type 'foo' is not supported; expected one of the types real, float16, float32, float64",
        ),
        (
            "(declare-network f (declare-input X real [0]))",
            "2, column 43: found '0'; expected a dimension of 1 or more",
        ),
        (
            "(declare-network f (declare-input X real [-1]))",
            "2, column 43: found '-1'; expected a whole number, 0 or larger",
        ),
        (
            "(declare-network f (declare-input X real [65536,65536]))",
            "2, column 49: found more elements; expected at most 4294967295 in all tensors",
        ),
        (
            "(declare-network f (declare-input X real [1 4]))",
            "2, column 45: found '4'; expected ',' or ']'",
        ),
        (
            "(declare-network f (declare-input X real))",
            "2, column 41: found ')'; expected '[' of the shape",
        ),
        (
            "(declare-network f (declare-input and real [1]))",
            "2, column 35: found 'and'; expected a name of the tensor",
        ),
        (
            "(declare-network f (declare-input X real [1]) (declare-input X real [1]))",
            "2, column 62: found a second declaration of 'X'; expected a name that nothing else has",
        ),
        (
            "(declare-network f (declare-input X real [1]) (declare-hidden H real [1]) (declare-output Y real [1]))",
            "2, column 73: found ')'; expected the name of the value in the ONNX file, between quotes",
        ),
        (
            "(declare-network f (declare-input X real [1] \"a\") (declare-output Y real [1]))",
            "2, column 78: found ONNX names of 1 of 2 inputs and outputs; expected all of them or none",
        ),
        (
            "(declare-network f (declare-input X real [1] \"a",
            "2, column 46: found a quote that no other one ends; expected a name between quotes",
        ),
        ("(assert (<= X[0] 1))", "2, column 2: found 'assert'; expected declare-network"),
    ] {
        assert_eq!(error(&text(networks, "")), format!("line {expected}"), "{networks}");
    }
    let late = format!("(assert (<= X[0] 1.0)){NETWORK}");
    let expected = "line 3, column 24: found 'declare-network'; expected assert";
    assert_eq!(error(&text(NETWORK, &late)), expected);
    let expected = "line 3, column 1: found no assertion; expected (assert …)";
    assert_eq!(error(&text(NETWORK, "")), expected);
}

#[test]
fn networks_are_related_to_one_in_front() {
    let tensors = "(declare-input A real [2]) (declare-output B real [1,3]))";
    for (second, expected) in [
        (format!("(declare-network g (equal-to h) {tensors}"), "30: found 'h'; expected the name of a network in front"),
        (format!("(declare-network g (equal-to g) {tensors}"), "30: found 'g'; expected the name of a network in front"),
        (format!("(declare-network g (equal-to f) (equal-to f) {tensors}"), "34: found 'equal-to'; expected one relation"),
        // The reference parser reads this one.
        (format!("(declare-network f {tensors}"), "18: found a second network 'f'; expected a name that no other network has"),
        ("(declare-network g (isomorphic-to f) (declare-input A real [3]) (declare-output B real [1,3]))".into(), "21: found the inputs real [3]; expected real [2] as 'f' has"),
        ("(declare-network g (equal-to f) (declare-input A real [2]) (declare-output B float32 [1,3]))".into(), "21: found the outputs float32 [1, 3]; expected real [1, 3] as 'f' has"),
        ("(declare-network g (declare-input A real [2]) (equal-to f))".into(), "48: found 'equal-to'; expected the relation in front of the inputs"),
    ] {
        let expected = format!("line 3, column {expected}");
        assert_eq!(error(&text(NETWORK, &second)), expected, "{second}");
    }
    let chain = format!(
        "{NETWORK}(declare-network g (equal-to f) {tensors}
         (declare-network h (equal-to g) (declare-input C real [2]) (declare-output D real [1,3]))"
    );
    let expected = "line 4, column 39: found 'g'; \
                    expected a network that is itself not related to another one";
    assert_eq!(error(&text(&chain, "")), expected);
    let two = format!("{NETWORK}(declare-network g (equal-to f) {tensors}");
    let query = query(&two, "(assert (== X[0] A[0])) (assert (<= B[0,0] (+ Y[0,0] 0.05)))");
    assert_eq!(query.networks[1].relation, NetworkRelation::EqualTo(0));
    assert_eq!(assertions(&query), ["1 X[0] -1 A[0] == 0", "-1 Y[0,0] 1 B[0,0] <= 0.05"]);
}

#[test]
fn indices_are_checked() {
    let scalar = "(declare-network f (declare-input X real []) (declare-output Y real [1,3]))\n";
    for (networks, term, expected) in [
        (
            NETWORK,
            "X[2]",
            "15: found the index 2 of 'X'; expected an index below 2, since its shape is [2]",
        ),
        (
            NETWORK,
            "Y[0,3]",
            "17: found the index 3 of 'Y'; expected an index below 3, since its shape is [1, 3]",
        ),
        (NETWORK, "X", "13: found 'X' without indices; expected 1, since its shape is [2]"),
        (NETWORK, "X[]", "13: found 'X' with 0 indices; expected 1, since its shape is [2]"),
        (NETWORK, "Y[0]", "13: found 'Y' with 1 index; expected 2, since its shape is [1, 3]"),
        (NETWORK, "Z[0]", "13: found 'Z'; expected the name of a tensor that is declared"),
        // The reference parser reads this one.
        (NETWORK, "X[-1]", "15: found '-1'; expected a whole number, 0 or larger"),
        (scalar, "X[0]", "13: found 'X' with 1 index; expected none, since it is a scalar"),
        (scalar, "X[]", "13: found 'X' with 0 indices; expected none, since it is a scalar"),
    ] {
        let assertion = format!("(assert (<= {term} 1.0))");
        let expected = format!("line 3, column {expected}");
        assert_eq!(error(&text(networks, &assertion)), expected, "{term}");
    }
    let types =
        "(declare-network f (declare-input X float32 [1]) (declare-output Y float64 [1]))\n";
    let expected = "line 3, column 18: found a variable of type float64; \
                    expected the type float32 of those in front";
    assert_eq!(error(&text(types, "(assert (<= X[0] Y[0]))")), expected);
}
