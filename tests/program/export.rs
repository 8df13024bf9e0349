//! Files of programs and of their points: forms that no network has, and the command.

use crate::support::highs_file;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use taut::control::Silent;
use taut::io::{Lp, MODEL_FORMATS, ModelFormat, Mps, write_model, write_solution};
use taut::milp::{Column, Kind, LinearExpression, Model, VarId};
use taut::num::Interval;
use taut::problem::Sense;
use taut::solve::{Backend, Highs, PortableModel, SolveOptions};

fn interval(lower: f64, upper: f64) -> Interval {
    Interval::new(lower, upper).expect("lower ≤ upper")
}

fn expression(terms: &[(VarId, f64)], constant: f64) -> LinearExpression {
    LinearExpression::new(terms.to_vec(), constant)
}

/// Every kind of bound, row and name.
fn motley() -> Model {
    let inf = f64::INFINITY;
    let mut model = Model::default();
    let mut column = |name: &str, lower, upper, kind| {
        let bounds = interval(lower, upper);
        model.column(Column { name: name.to_string(), bounds, kind })
    };
    let a = column("free", -inf, inf, Kind::Continuous);
    let b = column("x 1", -inf, -0.5, Kind::Continuous);
    let c = column("x 1", 0.25, inf, Kind::Continuous);
    let d = column("e1", -3.0, 7.0, Kind::Integer);
    let e = column("z", 0.0, 1.0, Kind::Integer);
    let f = column("2'", 1e-7, 1e-7, Kind::Continuous);
    let g = column("unused", -1.0, 1.0, Kind::Continuous);
    assert_eq!(g.index(), 6);
    model.range("both".to_string(), expression(&[(a, 1.0), (b, -0.1)], 0.0), -1.5, 2.5);
    model.range("both".to_string(), expression(&[(c, 1.0), (d, 2.0)], 0.0), -inf, 5.5);
    model.range("equal".to_string(), expression(&[(a, 1.0), (c, 1.0), (e, 1.0)], -2.0), 0.0, 0.0);
    model.range("open".to_string(), expression(&[(a, 1.0)], 0.0), -inf, inf);
    model.range("empty".to_string(), expression(&[], 0.0), -1.0, 1.0);
    model.at_least_zero("last".to_string(), expression(&[(f, 1.0), (b, 1.0)], 2.0));
    let costs = [(a, -1.0), (b, 1.0), (c, -0.3), (d, 1.75), (e, 1.25)];
    // Of a question that maximises.
    model.objective = -expression(&costs, 10.5);
    model
}

#[test]
fn every_kind_of_bound_and_row_is_read_as_it_is_meant() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for sense in [Sense::Maximize, Sense::Minimize] {
        let mut model = motley();
        if sense == Sense::Minimize {
            model.objective = -model.objective;
        }
        let direct = Highs.solve(&model, &SolveOptions::default(), &mut Silent).expect("solved");
        let direct = direct.objective.expect("a point");
        for format in MODEL_FORMATS {
            let path = folder.path().join(format!("motley.{}", format.name()));
            write_model(&model, sense, &[], &path).expect("a file");
            let found = highs_file::solve(&path).expect("a point");
            let found = if format.minimizes_only() { found } else { sense.signed(found) };
            assert!((found - direct).abs() < 1e-9, "{path:?}: {found}, directly {direct}");
        }
    }
}

#[test]
fn the_lp_format_in_full() {
    let model = PortableModel::new(&motley()).expect("numbers");
    let expected = "\\ a comment
Maximize
 objective: - 1 _free + 1 x_1 - 0.3 x_1.2 + 1.75 _e1 + 1.25 z + 10.5 constant
Subject To
 both.lower: + 1 _free - 0.1 x_1 >= -1.5
 both.upper: + 1 _free - 0.1 x_1 <= 2.5
 both: + 1 x_1.2 + 2 _e1 <= 5.5
 equal: + 1 _free + 1 x_1.2 + 1 z = 2
 last: + 1 x_1 + 1 _2_ >= -2
Bounds
 _free free
 -inf <= x_1 <= -0.5
 x_1.2 >= 0.25
 -3 <= _e1 <= 7
 0 <= z <= 1
 _2_ = 1e-7
 -1 <= unused <= 1
 constant = 1
Generals
 _e1
 z
End
";
    assert_eq!(Lp.write(&model, Sense::Maximize, &["a\ncomment".to_string()]), expected);
}

#[test]
fn the_mps_format_in_full() {
    let mut model = motley();
    model.objective.constant = 0.0;
    let model = PortableModel::new(&model).expect("numbers");
    let expected = "* The objective is negated, to be minimised.
NAME taut
ROWS
 N objective
 G both.lower
 L both.upper
 L both
 E equal
 G last
COLUMNS
 _free objective 1
 _free both.lower 1
 _free both.upper 1
 _free equal 1
 x_1 objective -1
 x_1 both.lower -0.1
 x_1 both.upper -0.1
 x_1 last 1
 x_1.2 objective 0.3
 x_1.2 both 1
 x_1.2 equal 1
 MARKER 'MARKER' 'INTORG'
 _e1 objective -1.75
 _e1 both 2
 z objective -1.25
 z equal 1
 MARKER 'MARKER' 'INTEND'
 _2_ last 1
 unused objective 0
RHS
 RHS both.lower -1.5
 RHS both.upper 2.5
 RHS both 5.5
 RHS equal 2
 RHS last -2
BOUNDS
 FR BND _free
 MI BND x_1
 UP BND x_1 -0.5
 LO BND x_1.2 0.25
 PL BND x_1.2
 LO BND _e1 -3
 UP BND _e1 7
 LO BND z 0
 UP BND z 1
 FX BND _2_ 1e-7
 LO BND unused -1
 UP BND unused 1
ENDATA
";
    assert_eq!(Mps.write(&model, Sense::Maximize, &[]), expected);
}

#[test]
fn the_form_of_points_in_full() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("motley.sol");
    let model = motley();
    // By hand: −(−1.5) − 0.5 · 1 − 0.3 · 0.25 + 1.75 · 2 + 1.25 + 10.5, without the last column.
    let values = [-1.5, -0.5, 0.25, 2.0, 1.0, 1e-7];
    let point: Vec<(VarId, f64)> = model.column_ids().zip(values).collect();
    for (format, objective) in [(&Lp as &dyn ModelFormat, "16.175"), (&Mps, "-16.175")] {
        write_solution(&model, (format, Sense::Maximize), &point, &path).expect("a file");
        let expected = format!(
            "=obj= {objective}\n_free -1.5\nx_1 -0.5\nx_1.2 0.25\n_e1 2\nz 1\n_2_ 1e-7\nconstant 1\n"
        );
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), expected);
    }
}

#[test]
fn rows_without_terms_that_are_never_true_make_the_file_infeasible() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for side in [(1e-9, 1.0), (-1.0, -1e-9), (2.0, f64::INFINITY)] {
        let mut model = Model::default();
        model.binary("z".to_string());
        model.range("void".to_string(), expression(&[], 0.0), side.0, side.1);
        for format in MODEL_FORMATS {
            let path = folder.path().join(format!("void.{}", format.name()));
            write_model(&model, Sense::Minimize, &[], &path).expect("a file");
            assert_eq!(highs_file::solve(&path), None, "{side:?}, {}", format.name());
        }
    }
}

#[test]
fn a_program_without_columns_or_objective_is_a_file_too() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let mut no_objective = motley();
    no_objective.objective = LinearExpression::default();
    let mut no_columns = Model::default();
    no_columns.objective.constant = 3.5;
    for (model, expected) in [(no_objective, 0.0), (no_columns, 3.5)] {
        for format in MODEL_FORMATS {
            let path = folder.path().join(format!("none.{}", format.name()));
            write_model(&model, Sense::Minimize, &[], &path).expect("a file");
            assert_eq!(highs_file::solve(&path), Some(expected), "{}", format.name());
        }
    }
}

#[test]
fn lines_stay_short() {
    let mut model = Model::default();
    let columns: Vec<VarId> =
        (0..300).map(|i| model.continuous(format!("x{i}"), interval(-1.0, 1.0 / 3.0))).collect();
    let terms: Vec<_> = columns.iter().map(|&column| (column, -1e-7 / 3.0)).collect();
    model.at_most_zero("long".to_string(), expression(&terms, 1.0));
    let model = PortableModel::new(&model).expect("numbers");
    let header = ["n".repeat(1000)];
    for format in MODEL_FORMATS {
        let text = format.write(&model, Sense::Maximize, &header);
        assert!(text.lines().all(|line| line.len() <= 120), "{}", format.name());
    }
}

#[test]
fn numbers_that_no_file_can_hold_are_refused_with_their_place() {
    let base = || {
        let mut model = Model::default();
        let x = model.continuous("x".to_string(), interval(0.0, 1.0));
        (model, x)
    };
    let (mut steep, x) = base();
    steep.at_most_zero("r".to_string(), expression(&[(x, f64::INFINITY)], 0.0));
    let (mut far, x) = base();
    far.at_least_zero("r".to_string(), expression(&[(x, 1.0)], 1e300));
    let (mut costly, x) = base();
    costly.objective = expression(&[(x, f64::NAN)], 0.0);
    let (mut shifted, _) = base();
    shifted.objective.constant = f64::NEG_INFINITY;
    let (mut wide, _) = base();
    wide.continuous("w".to_string(), interval(-1e25, f64::INFINITY));
    for (model, place) in [
        (steep, "the coefficient of x in r of the model is inf; "),
        (far, "the lower bound of r of the model is -1e300; "),
        (costly, "the cost of x of the model is NaN; "),
        (shifted, "the constant of the objective of the model is -inf; "),
        (wide, "the lower bound of w of the model is -1e25; "),
    ] {
        let error = PortableModel::new(&model).expect_err("refused").to_string();
        assert!(error.starts_with(place), "{error}");
    }
}

fn taut(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("a run")
}

#[test]
fn the_command_writes_what_it_says() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("model.lp");
    let file = path.to_str().expect("UTF-8");
    let network = "networks/rosenbrock4-2x25.onnx";
    let question = ["--integer", "0", "--objective", "2 x0 + x1", "--constraint", "y0 <= 0"];
    let arguments = [&["export", network, "-o", file, "--format", "json"], &question[..]].concat();
    let output = taut(&[&arguments[..], &["--sense", "maximize"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(record["command"], "export");
    assert_eq!(record["sense"], "maximize");
    assert_eq!(record["file"], file);
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains("\\ objective 2 x0 + x1\n"), "{text}");
    assert!(text.contains("\nMaximize\n") && text.contains("\nGenerals\n x0\n"), "{text}");
    let solved = taut(&[&["maximize", network, "--format", "json"], &question[..]].concat());
    let solved: serde_json::Value = serde_json::from_slice(&solved.stdout).expect("JSON");
    let expected = solved["objective"].as_f64().expect("a number");
    let found = highs_file::solve(&path).expect("a point");
    assert!((found - expected).abs() <= 1e-3, "{found}, by the command {expected}");
}

/// Runs the command; what it prints.
fn export(arguments: &[&str]) -> String {
    let output = taut(&[&["export"], arguments].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_packed_file_holds_the_same_text_in_the_same_bytes() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let write = |name: &str| {
        let path = folder.path().join(name);
        export(&["instances/peaks-2x25.toml", "-o", path.to_str().expect("UTF-8")]);
        std::fs::read(path).expect("a file")
    };
    for format in MODEL_FORMATS {
        let name = format.name();
        let packed = write(&format!("one.{name}.gz"));
        assert_eq!(packed, write(&format!("two.{name}.GZ")), "{name}");
        let mut text = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut text).expect("a packed file");
        assert!(text == write(&format!("plain.{name}")), "{name}");
    }
}

/// The objective in the first line of a file of a point, and the columns in the others.
fn point(path: &Path) -> (f64, Vec<(String, f64)>) {
    let text = std::fs::read_to_string(path).expect("a file");
    let entry = |line: &str| {
        let (name, value) = line.split_once(' ').expect("a name and a number");
        (name.to_string(), value.parse().expect("a number"))
    };
    let mut entries: Vec<(String, f64)> = text.lines().map(entry).collect();
    let (mark, objective) = entries.remove(0);
    assert_eq!(mark, "=obj=");
    (objective, entries)
}

#[test]
fn the_point_is_one_of_the_file_and_of_its_value() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let solution = folder.path().join("point.sol");
    let (peaks, rosenbrock) = ("instances/peaks-2x25.toml", "networks/rosenbrock4-2x25.onnx");
    let mixed = ["--integer", "0", "--objective", "2 x0 + x1 + 1", "--constraint", "y0 <= 0"];
    // The least value of the instance is known; HiGHS and Gurobi find the largest in the file;
    // 7 is the value at the corner (2, 2, …) of the box, where y0 is below 0 for some x2 and x3.
    for (problem, options, best) in [
        (peaks, &[][..], -3.6063422),
        (peaks, &["--encoding", "multiple-choice", "--scale", "balance"], -3.6063422),
        (peaks, &["--sense", "maximize", "--encoding", "big-m+cuts"], 4.1819274),
        (rosenbrock, &[&mixed[..], &["--sense", "maximize"]].concat(), 7.0),
    ] {
        let maximizes = options.contains(&"maximize");
        for format in MODEL_FORMATS {
            let file = folder.path().join(format!("program.{}", format.name()));
            let [to, start] = [&file, &solution].map(|path| path.to_str().expect("UTF-8"));
            let files = [problem, "-o", to, "--solution", start, "--format", "json"];
            let record = export(&[&files, options].concat());
            let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
            assert_eq!(record["solution"]["file"], start);
            assert_eq!(record["solution"]["status"], "optimal");
            let value = record["solution"]["objective"].as_f64().expect("a number");
            let (objective, columns) = point(&solution);
            let sign = if maximizes && format.minimizes_only() { -1.0 } else { 1.0 };
            let what = format!("{options:?}, {}", format.name());
            // Within the gap of the answer.
            assert!((value - best).abs() <= 4e-4, "{what}: {value}");
            assert!((sign * objective - value).abs() <= 1e-9, "{what}: {objective}, {value}");
            // HiGHS finds the point feasible, and its value; no column is missing.
            let columns: Vec<(&str, f64)> = columns.iter().map(|(n, v)| (n.as_str(), *v)).collect();
            let found = highs_file::solve_with(&file, &columns).expect("feasible");
            assert_eq!(found.columns.len(), columns.len(), "{what}");
            let found = found.objective;
            assert!((found - objective).abs() <= 1e-6, "{what}: {found}, {objective}");
            if problem == peaks {
                let output = columns.iter().find(|(name, _)| *name == "y0").expect("an output").1;
                assert!((output - value).abs() <= 1e-9, "{what}: {output}, {value}");
            }
        }
    }
}

#[test]
fn where_there_is_no_point_no_file_is_written() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let [file, start] = ["m.lp", "m.sol"].map(|name| folder.path().join(name));
    let [to, solution] = [&file, &start].map(|path| path.to_str().expect("UTF-8"));
    // Below the known least value of the instance, −3.606, and above what CROWN proves.
    let impossible = ["--constraint", "y0 <= -3.7"];
    let files = ["instances/peaks-2x25.toml", "-o", to, "--solution", solution];
    let said = export(&[&files, &impossible[..]].concat());
    assert!(said.ends_with("\nno point written, infeasible: no point satisfies the constraints\n"));
    assert!(file.exists() && !start.exists());
    assert_eq!(highs_file::solve(&file), None);
}

#[test]
fn the_sense_is_that_of_the_instance() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let network = format!("{}/networks/peaks-2x25.onnx", env!("CARGO_MANIFEST_DIR"));
    let instance = folder.path().join("i.toml");
    std::fs::write(&instance, format!("network = {network:?}\nsense = \"maximize\"\n")).expect("i");
    let file = folder.path().join("i.mps");
    let (instance, file) = (instance.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    for (options, expected) in [(&[][..], true), (&["--sense", "minimize"], false)] {
        let output = taut(&[&["export", instance, "-o", file], options].concat());
        assert_eq!(output.status.code(), Some(0));
        let text = std::fs::read_to_string(file).expect("a file");
        assert_eq!(text.contains("* The objective is negated"), expected);
        let said = String::from_utf8_lossy(&output.stdout).contains("the objective is negated");
        assert_eq!(said, expected);
        assert!(text.contains(" h2_0 objective "), "the default objective is y0");
    }
}

#[test]
fn files_that_cannot_be_written_are_errors() {
    let error = |file: &str| {
        let output = taut(&["export", "instances/peaks-2x25.toml", "-o", file]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let unknown = "error: model.txt: not a file of a program by its extension; \
                   supported: .mps, .mps.gz, .lp, .lp.gz\n";
    assert_eq!(error("model.txt"), unknown);
    assert_eq!(error("model.txt.gz"), unknown.replace("txt", "txt.gz"));
    assert_eq!(error("model.gz"), unknown.replace("txt", "gz"));
    assert!(error("no/such/folder/model.lp").contains("no/such/folder/model.lp: "));
    let folder = temp_dir::TempDir::new().expect("a folder");
    let model = folder.path().join("model.lp");
    let to = ["-o", model.to_str().expect("UTF-8"), "--solution", "model.mst"];
    let output = taut(&[&["export", "instances/peaks-2x25.toml"], &to[..]].concat());
    let expected = "error: model.mst: not a file of a point by its extension; expected .sol\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    // Before the work begins.
    assert!(!model.exists());
}
