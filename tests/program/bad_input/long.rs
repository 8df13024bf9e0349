//! Messages stay readable however long the text is that they quote: its start, its end and
//! its length stand for it.

use crate::bad_input::{dense, folder_with, taut, with_constants};
use crate::support::onnx::{Model, Node};

/// Characters of a text in a file. An argument may have no more than 128 kB.
const LONG: usize = 300_000;

/// Most bytes of a message: a dozen lines.
const MOST_BYTES: usize = 1000;

fn long() -> String {
    "z".repeat(LONG)
}

/// That a run refuses a text with a message that has `start`, no more than a quote of the
/// text, and its length.
fn assert_short(files: &[(&str, &[u8])], arguments: &[&str], code: i32, start: &str) {
    let folder = folder_with(files);
    let output = taut(folder.path(), arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    let shown: String = message.chars().take(2 * MOST_BYTES).collect();
    assert_eq!(output.status.code(), Some(code), "{shown}");
    assert!(output.stdout.is_empty());
    assert!(message.starts_with(start), "{shown}\nexpected: {start}");
    assert!(message.len() < MOST_BYTES, "{} bytes: {shown}", message.len());
    assert!(message.contains(" characters)"), "{shown}");
    let zs = message.split(|c| c != 'z').map(str::len).max();
    assert!(zs.is_some_and(|zs| zs <= 60), "{shown}");
}

#[test]
fn long_arguments() {
    let network = dense().encode();
    let word = "z".repeat(100_000);
    let sum = "x0 + ".repeat(20_000) + "y9";
    let cases = [
        (format!("--objective={word}"), 1, "error: net.onnx: objective 'zzz"),
        (format!("--constraint={word} <= 1"), 1, "error: net.onnx: constraint 'zzz"),
        (format!("--objective={sum}"), 1, "error: net.onnx: objective 'x0 + x0"),
        (format!("--lower={word}"), 1, "error: --lower: found 'zzz"),
        (
            format!("--lower=1{}", ",1".repeat(40_000) + &word[..9000]),
            1,
            "error: --lower: found '1zzz",
        ),
        (format!("--integer={word}"), 1, "error: --integer: found 'zzz"),
        (format!("--threads={word}"), 2, "error: invalid value 'zzz"),
        (format!("--encoding={word}"), 2, "error: invalid value 'zzz"),
        (format!("--tighten={word}"), 2, "error: invalid value 'zzz"),
        (format!("--{word}"), 2, "error: unexpected argument '--zzz"),
        (word.clone(), 2, "error: unexpected argument 'zzz"),
        (format!("--log-file={word}"), 1, "error: zzz"),
        (format!("--box={word}"), 1, "error: "),
    ];
    for (argument, code, start) in cases {
        let lower = argument.starts_with("--lower");
        let upper = if lower { "--upper=2" } else { "--quiet" };
        let mut arguments = vec!["minimize", "net.onnx", &argument, upper];
        if !lower && !argument.starts_with("--box") {
            arguments.extend(["--lower=0", "--upper=1"]);
        }
        assert_short(&[("net.onnx", &network)], &arguments, code, start);
    }
    assert_short(&[], &[&word], 2, "error: unrecognized subcommand 'zzz");
    assert_short(&[], &["info", &word], 1, "error: zzz");
}

#[test]
fn long_texts_in_toml() {
    let long = long();
    let words = "zz ".repeat(LONG / 3);
    let cases = [
        format!("{long} = 1"),
        format!("network = 'net.onnx'\n{long} = 1"),
        format!("network = 'net.onnx'\nsense = '{long}'"),
        format!("network = 'net.onnx'\nsense = '{words}'"),
        format!("network = 'net.onnx'\nlower = '{long}'"),
        format!("network = 'net.onnx'\nlower = [{} z", "1, ".repeat(LONG / 3)),
    ];
    for text in cases {
        let files: [(&str, &[u8]); 1] = [("a.toml", text.as_bytes())];
        let folder = folder_with(&files);
        let output = taut(folder.path(), &["minimize", "a.toml"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(message.starts_with("error: a.toml: TOML parse error at line "), "{message:.200}");
        assert!(message.len() < MOST_BYTES, "{} bytes: {message:.200}", message.len());
        let output = taut(folder.path(), &["train", "a.toml"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.len() < MOST_BYTES, "{} bytes: {message:.200}", message.len());
    }
}

#[test]
fn long_texts_in_recipes() {
    let long = long();
    let word = &long[..100_000];
    let recipe = |text: &str| format!("[data]\n{text}");
    for (text, start) in [
        (
            recipe(&format!("source = 'function'\nfunction = '{long}'")),
            "error: r.toml: data.function",
        ),
        (format!("[init]\nmethod = '{long}'"), "error: r.toml: init.method: found 'zzz"),
        (format!("[penalty]\n{long} = 1"), "error: r.toml: penalty: found 'zzz"),
        (
            recipe("source = 'csv'\nfile = 't.csv'\ntargets = ['y']"),
            "error: t.csv: line 2, column 'x'",
        ),
        (
            recipe("source = 'csv'\nfile = 't.csv'\ntargets = ['y']\ninputs = ['w']"),
            "error: t.csv: the header: found",
        ),
        (
            recipe("source = 'csv'\nfile = 't.csv'\nclass = 'x'"),
            "error: t.csv: column 'x': found only",
        ),
    ] {
        let table = format!("x,y,{long}\n{long},1,2\n");
        let files: [(&str, &[u8]); 2] = [("r.toml", text.as_bytes()), ("t.csv", table.as_bytes())];
        assert_short(&files, &["train", "r.toml"], 1, start);
    }
    let settings = [
        (format!("--set={word}"), "error: --set zzz"),
        (format!("--set=data.{word}=1"), "error: the flags: "),
        (format!("--set=seed={word}"), "error: the flags: "),
        (format!("--optimizer={word}"), "error: the flags: training.optimizer: found 'zzz"),
    ];
    for (setting, start) in settings {
        assert_short(&[], &["train", &setting], 1, start);
    }
}

#[test]
fn long_texts_in_networks() {
    let long = long();
    let file = |format: &str, key: &str, op: &str, operand: &str| {
        format!(
            r#"{{"format": "{format}", "version": 1, {key} "input": {{"name": "x", "shape": [1, 1]}},
            "layers": [{{"name": "a", "op": "{op}", "operands": ["{operand}"], "output": "y"}}],
            "output": "y"}}"#
        )
    };
    let unknown = format!("\"{long}\": 1,");
    for (text, start) in [
        (file(&long, "", "Relu", "x"), "error: net.json: the file: found format 'zzz"),
        (file("taut-network", &unknown, "Relu", "x"), "error: net.json: unknown field `zzz"),
        (file("taut-network", "", &long, "x"), "error: net.json: node 'a': operator 'zzz"),
        (file("taut-network", "", "Relu", &long), "error: net.json: node 'a' reads 'zzz"),
    ] {
        assert_short(&[("net.json", text.as_bytes())], &["info", "net.json"], 1, start);
    }
    let node = |op: &str, operand: &str, name: &str| Node::new(op, &[operand, "w", "b"], "y", name);
    let models: [(Model, &str); 3] = [
        (with_constants().with(node(&long, "x", "a")), "error: net.onnx: node 'a': operator 'zzz"),
        (with_constants().with(node("Gemm", &long, "a")), "error: net.onnx: node 'a' reads 'zzz"),
        (with_constants().with(node("Foo", "x", &long)), "error: net.onnx: node 'zzz"),
    ];
    for (model, start) in models {
        assert_short(&[("net.onnx", &model.encode())], &["info", "net.onnx"], 1, start);
    }
}

#[test]
fn long_cells_of_a_box() {
    let network = dense().encode();
    let table = format!("1,2\n1,{}\n", long());
    let list = format!("[{{\"{}\": 0}}]", long());
    for (name, text) in [("box.csv", &table), ("box.json", &list)] {
        let files: [(&str, &[u8]); 2] = [("net.onnx", &network), (name, text.as_bytes())];
        let start = format!("error: {name}: ");
        assert_short(&files, &["minimize", "net.onnx", "--box", name], 1, &start);
    }
}
