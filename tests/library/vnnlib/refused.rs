//! What is refused, and the place that the message names.

use taut::io::vnnlib::{VnnlibError, read};

use super::{declared, error};

/// The error of an assertion on line 5, behind four lines of declarations.
fn assertion_error(text: &str) -> String {
    error(&(declared(2, 2) + text))
}

#[test]
fn declarations_of_version_1_are_checked() {
    for (text, expected) in [
        (
            "(declare-const X_0 Real)\n(declare-const X_0 Real)",
            "line 2, column 16: found a second X_0; expected one declaration of each name",
        ),
        (
            "(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)(assert (<= X_0 1))",
            "line 1, column 40: found X_2, and no X_1; expected each index from 0 on",
        ),
        (
            "(declare-const X_0 Real)(assert (<= X_0 1))",
            "line 1, column 44: found no declaration of Y_0; \
             expected inputs X_0, X_1, … and outputs Y_0, Y_1, …",
        ),
        (
            "(declare-const Z_0 Real)",
            "line 1, column 16: found 'Z_0'; expected X_i or Y_i with an index i, as 1.0 has",
        ),
        (
            "(declare-const X_01 Real)",
            "line 1, column 16: found 'X_01'; expected X_i or Y_i with an index i, as 1.0 has",
        ),
        (
            "(declare-const X_99999999999999999999 Real)",
            "line 1, column 16: found 'X_99999999999999999999'; \
             expected X_i or Y_i with an index i, as 1.0 has",
        ),
        ("(declare-const X_0 Int)", "line 1, column 20: found 'Int'; expected the type Real"),
        ("(declare-const X_0)", "line 1, column 19: found ')'; expected the type Real"),
        (
            "(declare-const X_0 Real)(check-sat)",
            "line 1, column 26: found 'check-sat'; expected declare-const or assert",
        ),
        (
            "(declare-const X_0 Real)(declare-const Y_0 Real)",
            "line 1, column 49: found no assertion; expected (assert …)",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn files_that_begin_otherwise_name_both_versions() {
    let both = "(declare-const X_0 Real) of VNN-LIB 1.0 or (vnnlib-version <2.0>) of 2.0";
    for (text, found) in [
        ("", "line 1, column 1: found the end of the file"),
        ("; only a comment\n", "line 2, column 1: found the end of the file"),
        ("(assert (<= X_0 1))", "line 1, column 2: found 'assert'"),
        (")", "line 1, column 1: found ')'"),
        ("sat", "line 1, column 1: found 'sat'"),
    ] {
        assert_eq!(error(text), format!("{found}; expected {both}"));
    }
}

#[test]
fn names_are_declared_in_front() {
    let expected = "line 5, column 13: found 'X_2'; expected a variable that is declared in front";
    assert_eq!(assertion_error("(assert (<= X_2 1))"), expected);
    let expected =
        "line 5, column 16: found '['; expected no indices, which version 1.0 does not have";
    assert_eq!(assertion_error("(assert (<= X_0[0] 1))"), expected);
}

#[test]
fn terms_that_are_none_are_named() {
    let term = "a number, a variable, or '(' of a sum, difference or product";
    let relation = "and, or, or a relation (<= < >= > == = !=) in front of its terms";
    let number = "a finite number such as -1.5 or 1e-05";
    for (text, expected) in [
        // As in public files.
        ("(assert (<= (3.7 (- Y_0 Y_1)) 0))", "14: found '3.7'; expected +, - or * in front of its terms".to_string()),
        ("(assert (Y_0 < Y_1))", format!("10: found 'Y_0'; expected {relation}")),
        ("(assert (<= X_0 1 2))", "19: found '2'; expected ')' for the '(' at line 5, column 9".into()),
        ("(assert (<= X_0))", format!("16: found ')'; expected {term}")),
        ("(assert (<= X_0 (-)))", format!("19: found ')'; expected {term}")),
        ("(assert (<= X_0 (/ 1 2)))", "18: found '/'; expected a parenthesis, a name, a number or one of + - * <= < >= > == = !=".into()),
        ("(assert (<= X_0 +1))", format!("17: found '+'; expected {term}")),
        ("(assert (<= X_0 nan))", "17: found 'nan'; expected X_i or Y_i with an index i, as 1.0 has".into()),
        ("(assert (<= X_0 0x1))", format!("17: found '0x1', not a number; expected {number}")),
        ("(assert (<= X_0 1.2.3))", format!("17: found '1.2.3', not a number; expected {number}")),
        ("(assert (<= X_0 1e400))", format!("17: found '1e400', too large for a number; expected {number}")),
        ("(assert (<= X_0 (* 1e200 1e200)))", "17: found too large for a number where constants are computed; expected smaller numbers".into()),
        ("(assert (and))", "13: found ')'; expected '(' of a formula".into()),
        ("(assert (not (<= X_0 1)))", format!("10: found 'not'; expected {relation}")),
        ("(assert (+ X_0 1))", format!("10: found '+'; expected {relation}")),
        ("(assert X_0)", "9: found 'X_0'; expected '(' of a formula".into()),
        ("(assert (<= X_0 ∞))", "17: found '∞'; expected a parenthesis, a name, a number or one of + - * <= < >= > == = !=".into()),
        ("(assert (<= X_0 1)) foo", "21: found 'foo'; expected '(' of declare-const or assert, or the end of the file".into()),
        ("(assert (<= X_0 1)))", "20: found ')'; expected '(' of declare-const or assert, or the end of the file".into()),
        ("(assert (<= X_0 1)", "19: found the end of the file; expected ')' for the '(' at line 5, column 1".into()),
        ("(assert (or (<= X_0 1)", "23: found the end of the file; expected ')' for the '(' at line 5, column 9".into()),
    ] {
        assert_eq!(assertion_error(text), format!("line 5, column {expected}"), "{text}");
    }
}

#[test]
fn products_of_variables_are_not_linear() {
    let text = declared(2, 2) + "(assert (<= (+ Y_0 (* 2 X_0 X_1)) 1))";
    let error = read(text.as_bytes()).expect_err("a product");
    assert!(matches!(error, VnnlibError::Unsupported { .. }), "{error:?}");
    let expected = "line 5, column 20: a product of variables (theory POLY), which is not linear, \
                    is not supported; expected linear terms (theory LIN)";
    assert_eq!(error.to_string(), expected);
    // What is 0 by itself is a constant.
    let text = declared(2, 2) + "(assert (<= (* (- X_0 X_0) X_1) 1))";
    assert!(read(text.as_bytes()).is_ok());
}

#[test]
fn nesting_has_a_limit() {
    for (front, back) in [("(and ", ")"), ("(<= (+ ", ")")] {
        let inner = "(<= X_0 1)";
        for (depth, is_read) in [(400, true), (600, false), (100_000, false)] {
            let text = match front {
                "(and " => format!("(assert {}{inner}{})", front.repeat(depth), back.repeat(depth)),
                _ => format!("(assert (<= {}X_0{} 1))", "(+ ".repeat(depth), ")".repeat(depth)),
            };
            match read((declared(2, 2) + &text).as_bytes()) {
                Ok(_) => assert!(is_read, "{depth}"),
                Err(error) => {
                    assert!(!is_read, "{depth}");
                    let error = error.to_string();
                    assert!(
                        error.ends_with("501 parentheses in each other; expected at most 500"),
                        "{error}"
                    );
                }
            }
        }
    }
    // Nothing but parentheses.
    assert!(read("(".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn no_start_of_a_file_and_no_byte_in_it_makes_a_panic() {
    let text = declared(1, 1) + "(assert (or (and (<= X_0 (- 1e-05)) (>= Y_0 (* 2. X_0)))))";
    let two = "(vnnlib-version <2.0>)(declare-network f (declare-input X real [1,2])
        (declare-hidden H float32 [] \"h\")(declare-output Y real [1]))(assert (< X[0,1] Y[0]))";
    for text in [text.as_str(), two] {
        assert!(read(text.as_bytes()).is_ok());
        for end in 0..text.len() {
            assert!(read(&text.as_bytes()[..end]).is_err(), "{end}");
        }
        for at in 0..text.len() {
            for byte in [b'(', b')', b'"', b'<', b'-', b'e', b'9', b'[', 0, 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = byte;
                let _ = read(&bytes);
            }
        }
    }
}
