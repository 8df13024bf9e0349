//! What is read, in version 1.0: relations, terms, formulas, numbers, layout.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use taut::io::vnnlib::{Variable, read, read_query};

use super::{assertions, declared, flat};

#[test]
fn declarations_are_inputs_and_outputs() {
    let query = flat("(assert (<= X_0 Y_1))");
    assert_eq!(query.version.to_string(), "1.0");
    assert_eq!(query.networks.len(), 1);
    assert_eq!(query.variable_count(), 4);
    let names: Vec<String> = (0..4).map(|i| query.name(Variable(i))).collect();
    assert_eq!(names, ["X_0", "X_1", "Y_0", "Y_1"]);
    // In any order, and assertions between them.
    let text = "(declare-const Y_0 Real)(declare-const X_1 Real)(declare-const X_0 Real)
        (assert (<= X_1 Y_0))(declare-const X_2 Real)(assert (<= X_2 1))";
    let query = read(text.as_bytes()).expect("a query");
    assert_eq!(query.networks[0].inputs[0].shape, [3]);
    assert_eq!(assertions(&query), ["1 X_1 -1 Y_0 <= 0", "1 X_2 <= 1"]);
}

#[test]
fn relations_are_turned_and_have_constants_on_the_right() {
    for (text, expected) in [
        ("(<= X_0 1)", "1 X_0 <= 1"),
        (">= X_0 1", "-1 X_0 <= -1"),
        ("(< X_0 1)", "1 X_0 < 1"),
        ("(> X_0 1)", "-1 X_0 < -1"),
        ("(= X_0 1)", "1 X_0 == 1"),
        ("(== 1 X_0)", "1 X_0 == 1"),
        ("(!= X_0 1)", "1 X_0 != 1"),
        ("(<= 1 X_0)", "-1 X_0 <= -1"),
        ("(<= X_0 X_1)", "1 X_0 -1 X_1 <= 0"),
        ("(>= Y_0 Y_1)", "-1 Y_0 1 Y_1 <= 0"),
        ("(<= (+ X_0 Y_0) (- X_1 Y_1))", "1 X_0 -1 X_1 1 Y_0 1 Y_1 <= 0"),
        ("(<= X_0 (- 3.0))", "1 X_0 <= -3"),
        ("(<= X_0 (- 10 3 2))", "1 X_0 <= 5"),
        ("(<= (- X_0) 1)", "-1 X_0 <= 1"),
        ("(<= (- (- (- X_0))) 1)", "-1 X_0 <= 1"),
        ("(<= (- (+ X_0 2) X_1 1) 0)", "1 X_0 -1 X_1 <= -1"),
        ("(<= (- 1 (- X_0 (+ X_1 2))) 0)", "-1 X_0 1 X_1 <= -3"),
        ("(<= (+ X_0 (* 2.0 X_1)) 0)", "1 X_0 2 X_1 <= 0"),
        ("(<= (* 2 (+ X_0 (* X_1 3) 1) 0.5) 7)", "1 X_0 3 X_1 <= 6"),
        ("(<= (* 0 X_0) 1)", "<= 1"),
        ("(<= (+ X_0 (* 0 X_1)) 1)", "1 X_0 <= 1"),
        ("(<= (+ X_0 X_0 X_1) (+ X_1 3))", "2 X_0 <= 3"),
        // 0.1 + 0.2 is 0.3 here, and 0.1 · 3 too.
        ("(<= (+ X_0 0.1) 0.4)", "1 X_0 <= 0.3"),
        ("(<= (* 0.1 (+ X_0 X_0 X_0)) 1)", "0.3 X_0 <= 1"),
        ("(<= (+ X_0) (* X_1))", "1 X_0 -1 X_1 <= 0"),
    ] {
        let text = if text.starts_with('(') { text.to_string() } else { format!("({text})") };
        assert_eq!(assertions(&flat(&format!("(assert {text})"))), [expected], "{text}");
    }
}

#[test]
fn formulas_stay_as_they_are() {
    let text = "(assert (<= X_0 1))
        (assert (or (and (<= X_0 0) (>= Y_0 1)) (and (<= Y_1 Y_0))))
        (assert (and (or (<= Y_0 2)) (and (<= Y_1 3) (or (<= X_1 4) (<= X_1 5)))))
        (assert (>= X_0 -1))";
    let expected = [
        "1 X_0 <= 1",
        "((1 X_0 <= 0 & -1 Y_0 <= -1) | (-1 Y_0 1 Y_1 <= 0))",
        "((1 Y_0 <= 2) & (1 Y_1 <= 3 & (1 X_1 <= 4 | 1 X_1 <= 5)))",
        "-1 X_0 <= 1",
    ];
    assert_eq!(assertions(&flat(text)), expected);
}

#[test]
fn numbers_are_the_decimals_of_the_text() {
    for (text, expected) in [
        ("-1", "-1"),
        ("1e-05", "0.00001"),
        ("1E+3", "1000"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("2.", "2"),
        ("0.1", "0.1"),
        ("0.027921568859368563", "0.027921568859368563"),
        ("-0.0", "0"),
    ] {
        let query = flat(&format!("(assert (<= X_0 {text}))"));
        assert_eq!(assertions(&query), [format!("1 X_0 <= {expected}")], "{text}");
    }
}

#[test]
fn layout_is_free() {
    let plain = flat("(assert (<= X_0 1))(assert (or (<= Y_0 1) (<= Y_1 1)))");
    for text in [
        "(assert(<=X_0 1))(assert(or(<=Y_0 1)(<=Y_1 1)))",
        "\t(assert\t(<= X_0\t1)\t)\r\n(assert (or (<= Y_0 1)\r\n(<= Y_1 1)))\r\n",
        "; (comment) with \"quotes)\n(assert (<= X_0 1)) ; (\n(assert (or (<= Y_0 1) ; ä ∧\n(<= Y_1 1)))",
        "( assert ( <= X_0 1 ) ) ( assert ( or ( <= Y_0 1 ) ( <= Y_1 1 ) ) )\n;no end of the line",
    ] {
        assert_eq!(flat(text), plain, "{text}");
        let with_mark = format!("\u{feff}{}{text}", declared(2, 2));
        assert_eq!(read(with_mark.as_bytes()), Ok(plain.clone()), "{text}");
    }
    // A comment that is no UTF-8.
    let mut bytes = b"; \xe9\n".to_vec();
    bytes.extend(
        (declared(2, 2) + "(assert (<= X_0 1))(assert (or (<= Y_0 1) (<= Y_1 1)))").bytes(),
    );
    assert_eq!(read(&bytes), Ok(plain));
}

#[test]
fn packed_files_are_read_and_those_cut_off_are_not() {
    let text = declared(2, 2) + "(assert (<= X_0 1))";
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).expect("a vector");
    let bytes = packed.finish().expect("a vector");
    assert_eq!(read(&bytes), read(text.as_bytes()));
    let cut = &bytes[..bytes.len() - 9];
    let error = read(cut).expect_err("no end").to_string();
    assert!(error.starts_with("a gzip file that cannot be unpacked: "), "{error}");
    // A file, whatever it is called.
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("property");
    std::fs::write(&path, &bytes).expect("a file");
    assert_eq!(read_query(&path).expect("a query"), flat("(assert (<= X_0 1))"));
    for content in [cut, b"(declare-const X_0 Real)\n(assert"] {
        std::fs::write(&path, content).expect("a file");
        let error = read_query(&path).expect_err("no end").to_string();
        let reason = read(content).expect_err("no end");
        assert_eq!(error, format!("{}: {reason}", path.display()));
    }
}

/// As large as the largest public files, all on one line: 150 528 inputs, 9 MB. Were any step of
/// reading quadratic, this would take hours.
#[test]
fn one_long_line_is_read() {
    let inputs = 150_528;
    let mut text = declared(inputs, 1).replace('\n', "");
    for i in 0..inputs {
        text += &format!("(assert (<= X_{i} 0.{i}))(assert (>= X_{i} -0.5))");
    }
    // One sum over all of them, nested to the left, and a disjunction of as many.
    let sum: String = (0..inputs).map(|i| format!(" X_{i}")).collect();
    text += &format!("(assert (<= (- (+{sum}) 1) Y_0))");
    let any: String = (0..inputs).map(|i| format!("(<= X_{i} Y_0)")).collect();
    text += &format!("(assert (or {any}))");
    let query = read(text.as_bytes()).expect("a query");
    assert_eq!(query.assertions.len(), 2 * inputs + 2);
    let last = &assertions(&query)[2 * inputs - 2];
    assert_eq!(*last, "1 X_150527 <= 0.150527");
}
