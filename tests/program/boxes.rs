//! `taut minimize --plot`: the boxes of a search as a picture, and what is refused.

use std::path::Path;
use std::process::{Command, Output};

use taut::control::{Clock, Silent};
use taut::num::IntervalBox;
use taut::optimize::{OptimizeOptions, Status, optimize_traced};
use taut::plot::{BoxPlot, Canvas, Shape, svg};
use taut::problem::{Problem, QuestionText};
use tiny_skia::Pixmap;

use crate::plot::ramps;

fn taut(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_taut")).args(arguments).output();
    output.expect("a run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Draws a picture of peaks, and reads it.
fn drawn(path: &Path, more: &[&str]) -> (String, Vec<u8>) {
    let name = path.to_str().expect("a path");
    let ask = ["minimize", "instances/peaks-2x25.toml", "--plot", name];
    let output = taut(&[&ask[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (text(&output.stdout), std::fs::read(path).expect("a picture"))
}

/// Every box is drawn once: their number stands in the title.
#[test]
fn the_picture_has_the_boxes_the_answer_and_the_same_bytes_each_time() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("boxes.svg");
    let (answer, bytes) = drawn(&path, &["--threads", "1"]);
    assert!(answer.contains("method  search: "), "{answer}");
    assert!(answer.ends_with(&format!("  wrote   {}\n", path.display())), "{answer}");
    assert_eq!(drawn(&path, &["--threads", "2"]).1, bytes, "on two threads");
    let picture = text(&bytes);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    assert!(picture.len() < 60_000, "{} bytes", picture.len());
    // By enumeration of the regions: -3.60634224 at (0.26475512, -1.57221534).
    for words in [">minimum −3.60634 at (0.2648, −1.572)</text>", ">depth</text>", ">x0</text>"]
    {
        assert!(picture.contains(words), "{words}");
    }
    let (_, title) = picture.split_once("<title>peaks-2x25: ").expect("a title");
    let count: usize = title.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    let is_surface = |line: &&str| line.contains(" stroke-width=\".6\" d=");
    let boxes = picture.lines().filter(is_surface).map(|line| line.matches('z').count());
    let boxes: usize = boxes.sum();
    // The smallest have no pixel.
    assert!(2 * boxes > count && boxes <= count && count > 10, "{boxes} of {count}");
}

#[test]
fn pictures_have_the_title_the_size_and_the_format_that_are_asked_for() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("boxes.png");
    let (_, bytes) = drawn(&path, &["--size", "900x450", "--title", "Some words"]);
    let pixels = Pixmap::decode_png(&bytes).expect("a PNG");
    assert_eq!((pixels.width(), pixels.height()), (900, 450));
    let path = folder.path().join("boxes.svg");
    let (_, bytes) = drawn(&path, &["--title", "Some <words>"]);
    assert!(text(&bytes).contains("<title>Some &lt;words&gt;</title>"));
}

#[test]
fn what_has_no_such_picture_is_refused_before_the_work() {
    let peaks = "instances/peaks-2x25.toml";
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("x.svg");
    let file = file.to_str().expect("a path");
    let search = "--plot draws the boxes of the search; expected --solver search or auto, found ";
    let cases = [
        (vec![peaks, "--plot", file, "--solver", "milp"], 1, format!("{search}milp")),
        (vec![peaks, "--plot", file, "--solver", "enumerate"], 1, format!("{search}enumerate")),
        (
            vec![peaks, "--plot", file, "--encoding", "big-m"],
            1,
            format!("{search}--encoding, a setting of programs"),
        ),
        (
            vec!["instances/rosenbrock4-2x25.toml", "--plot", file],
            1,
            "a picture needs 2 inputs whose intervals have a width; found 4".to_string(),
        ),
        (
            vec!["networks/peaks-2x25.onnx", "--plot", file, "--lower=-1,0", "--upper=1,0"],
            1,
            "a picture needs 2 inputs whose intervals have a width; found 1".to_string(),
        ),
        (vec![peaks, "--plot", "x.gif"], 1, "ends in .svg, .png, .pdf".to_string()),
        (vec![peaks, "--plot", "no/such/folder/x.svg"], 1, "no/such/folder".to_string()),
        (vec![peaks, "--title", "without"], 2, "--plot".to_string()),
        (vec![peaks, "--size", "900x450"], 2, "--plot".to_string()),
    ];
    for (arguments, code, expected) in cases {
        let refused = taut(&[&["minimize"][..], &arguments].concat());
        let message = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(message.contains(&expected), "{message}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

fn picture(question: &QuestionText) -> (Canvas, Status) {
    let domain = IntervalBox::new(vec![-1.0; 2], vec![2.0; 2]).expect("a box");
    let problem = Problem::parse(ramps(), domain, question).expect("a problem");
    let mut plot = BoxPlot::new(&problem).expect("two inputs");
    let mut listener = |part| plot.add(&part);
    let (options, clock) = (OptimizeOptions::default(), Clock::unlimited());
    let answer = optimize_traced(&problem, &options, &clock, &mut Silent, &mut listener);
    let answer = answer.expect("an answer");
    let best = answer.input.as_deref().zip(answer.objective);
    (plot.canvas(best, None, None).expect("a picture"), answer.status)
}

/// The words of a picture, and its dashed lines.
fn parts(canvas: &Canvas) -> (Vec<String>, Vec<Vec<[f64; 2]>>) {
    let (mut words, mut lines) = (Vec::new(), Vec::new());
    for shape in &canvas.shapes {
        match shape {
            Shape::Text(text) => words.push(text.label.text.clone()),
            Shape::Path { contours, stroke: Some(stroke), .. } if stroke.is_dashed => {
                lines.extend(contours.iter().map(|contour| contour.points.clone()));
            }
            Shape::Path { .. } => {}
        }
    }
    (words, lines)
}

/// By hand: x0 + x1 = 1 runs from (-1, 2) to (2, -1), corners of the frame.
#[test]
fn constraints_on_inputs_are_lines() {
    let question = QuestionText {
        objective: Some("y0 - x0".to_string()),
        constraints: vec!["x0 + x1 >= 1".to_string(), "y0 <= 9".to_string()],
        ..QuestionText::default()
    };
    let (canvas, status) = picture(&question);
    assert_eq!(status, Status::Optimal);
    let (words, lines) = parts(&canvas);
    assert!(words.iter().any(|word| word == "constraint"), "{words:?}");
    // One in the legend, one in the frame, which goes from its left upper corner down.
    let [_, line] = lines.as_slice() else { panic!("{lines:?}") };
    let [[left, top], [right, bottom]] = line[..] else { panic!("{line:?}") };
    assert!(left < right && top < bottom && svg(&canvas).contains("stroke-dasharray"));
    let frame = canvas.shapes.iter().rev().find_map(|shape| match shape {
        Shape::Path { contours, fill: None, stroke: Some(stroke) } if !stroke.is_dashed => {
            contours.iter().find(|contour| contour.is_closed && contour.points[0][0] == left)
        }
        _ => None,
    });
    let frame = frame.expect("a frame that begins where the line does");
    assert_eq!((frame.points[0], frame.points[2]), ([left, top], [right, bottom]));
}

/// By hand: y is never below 0, which bounds show at once, and
/// y - 3 x0 + x1 = 3 relu(-x0) + relu(x1) + x1 never below -1, which takes a box at least.
#[test]
fn where_no_point_is_has_a_colour_of_its_own() {
    for (constraint, has_boxes) in [("y0 <= -0.5", false), ("y0 - 3 x0 + x1 <= -1.2", true)] {
        let constraints = vec![constraint.to_string()];
        let (canvas, status) = picture(&QuestionText { constraints, ..QuestionText::default() });
        assert_eq!(status, Status::Infeasible);
        let (words, _) = parts(&canvas);
        assert!(words.iter().any(|word| word == "no point meets the constraints"), "{words:?}");
        assert!(!words.iter().any(|word| word.starts_with("minimum")), "{words:?}");
        assert_eq!(words[0] != "ramps: 0 boxes of the search", has_boxes, "{words:?}");
    }
}
