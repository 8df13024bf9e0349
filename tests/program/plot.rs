//! Pictures: what they say, in both formats.

use std::path::Path;
use std::process::{Command, Output};

use ndarray::{arr1, arr2};
use taut::network::{Activation, DenseLayer, Metadata, Network};
use taut::num::IntervalBox;
use taut::plot::{Canvas, RegionPlot, Shape, curves, png, svg};
use taut::problem::{Problem, QuestionText, Sense};
use taut::regions::{RegionOptions, visit};
use taut::train::{EpochRecord, TrainingPhase};
use tiny_skia::Pixmap;

/// `y = 3 relu(x0) + relu(x1)`: by hand four regions on a square around 0, and `y` from 0 to
/// 4 on [-1, 1]².
pub fn ramps() -> Network {
    let (weights, bias) = (arr2(&[[1.0, 0.0], [0.0, 1.0]]), arr1(&[0.0, 0.0]));
    let hidden = DenseLayer { weights, bias, activation: Activation::Relu };
    let (weights, bias) = (arr2(&[[3.0, 1.0]]), arr1(&[0.0]));
    let output = DenseLayer { weights, bias, activation: Activation::Linear };
    Network::dense("ramps", vec![hidden, output]).expect("a network")
}

fn picture(network: Network, question: &QuestionText, [low, high]: [f64; 2]) -> Canvas {
    let domain = IntervalBox::new(vec![low; 2], vec![high; 2]).expect("a box");
    let problem = Problem::parse(network, domain, question).expect("a problem");
    let mut plot = RegionPlot::new(&problem).expect("two inputs");
    visit(&problem, &RegionOptions::default(), &mut |cell| {
        plot.add(cell).expect("few regions");
        std::ops::ControlFlow::Continue(())
    })
    .expect("regions");
    plot.canvas(None, None)
}

/// The words of a picture.
fn words(canvas: &Canvas) -> Vec<String> {
    let words = canvas.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(text) => Some(format!("{}{}", text.label.text, text.label.exponent)),
        Shape::Path { .. } => None,
    });
    words.collect()
}

/// Left, top, width and height of each closed contour with so many corners.
fn contours(canvas: &Canvas, corners: usize) -> Vec<[f64; 4]> {
    let paths = canvas.shapes.iter().filter_map(|shape| match shape {
        Shape::Path { contours, .. } => Some(contours),
        Shape::Text(_) => None,
    });
    let closed = paths.flatten().filter(|c| c.is_closed && c.points.len() == corners);
    let boxes = closed.map(|contour| {
        let ends = |axis: usize| {
            let all = || contour.points.iter().map(move |point| point[axis]);
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
        };
        let ((left, right), (top, bottom)) = (ends(0), ends(1));
        [left, top, right - left, bottom - top]
    });
    boxes.collect()
}

/// The scale has the values of all points, not of one point a region: by hand 0 to 4.
#[test]
fn the_scale_ends_at_the_best_value() {
    for (sense, best) in [(Sense::Minimize, "minimum 0 at "), (Sense::Maximize, "maximum 4 at ")] {
        let question = QuestionText { sense, ..QuestionText::default() };
        let canvas = picture(ramps(), &question, [-1.0, 1.0]);
        let all = words(&canvas);
        assert!(all.iter().any(|text| text.starts_with(best)), "{all:?}");
        for tick in ["0.0", "2.0", "4.0"] {
            assert!(all.iter().any(|text| text == tick), "{tick}: {all:?}");
        }
        // The star on the bar stands at its end: the bar is the last rectangle.
        let bar = *contours(&canvas, 4).last().expect("a bar");
        let stars = contours(&canvas, 10);
        let on_bar =
            stars.iter().find(|star| (star[0] + 0.5 * star[2] - bar[0] - 0.5 * bar[2]).abs() < 1.0);
        let end = if sense == Sense::Minimize { bar[1] + bar[3] } else { bar[1] };
        let on_bar = on_bar.expect("a star on the bar");
        assert!(on_bar[1] <= end && end <= on_bar[1] + on_bar[3], "{on_bar:?}, {end}");
        assert_eq!(stars.len(), 3, "in the legend, on the bar, at the point");
    }
}

#[test]
fn axes_and_the_scale_have_the_names_of_the_file() {
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    let metadata = Metadata {
        input_names: names(&["fuel <flow>", ""]),
        output_names: names(&["heat"]),
        ..Metadata::default()
    };
    let network = ramps().with_metadata(metadata).expect("names");
    let question =
        QuestionText { objective: Some("2 heat - x1".into()), ..QuestionText::default() };
    let canvas = picture(network, &question, [-1.0, 1.0]);
    let all = words(&canvas);
    for expected in ["ramps: 4 linear regions", "fuel <flow>", "x1", "2 heat - x1"] {
        assert!(all.iter().any(|text| text == expected), "{expected}: {all:?}");
    }
    assert!(svg(&canvas).contains(">fuel &lt;flow&gt;</text>"));
}

/// Domains of every size have axes with some round ticks, and pictures have numbers only.
#[test]
fn every_range_has_ticks() {
    let ranges = [
        [-1e-9, 1e-9],
        [0.0, 1e-3],
        [-3.0, 3.0],
        [0.1, 0.7],
        [0.0, 12345.0],
        [-2e6, 5e6],
        [1e9, 1e9 + 1.0],
        [-1e100, 1e100],
    ];
    for [low, high] in ranges {
        let canvas = picture(ramps(), &QuestionText::default(), [low, high]);
        let open = canvas.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { contours, .. } => Some(contours.iter().filter(|c| !c.is_closed).count()),
            Shape::Text(_) => None,
        });
        assert!(open.max() >= Some(4), "[{low}, {high}]: {:?}", words(&canvas));
        let text = svg(&canvas);
        assert!(!text.contains("NaN") && !text.contains("inf"), "[{low}, {high}]");
        assert!(png(&canvas).is_ok());
    }
    let canvas = picture(ramps(), &QuestionText::default(), [-2e6, 5e6]);
    assert!(words(&canvas).contains(&"−2×106".to_string()), "{:?}", words(&canvas));
}

fn record(phase: TrainingPhase, epoch: usize, loss: f64) -> EpochRecord {
    EpochRecord {
        phase,
        epoch,
        steps: 0,
        train_loss: loss,
        penalty: 0.0,
        validation_loss: Some(2.0 * loss),
        learning_rate: 1e-3,
    }
}

/// A training that goes on from epoch 100 is drawn there, fine-tuning behind it.
#[test]
fn curves_stand_at_their_epochs() {
    let mut records: Vec<EpochRecord> =
        (100..=200).map(|epoch| record(TrainingPhase::Train, epoch, 1.0 / epoch as f64)).collect();
    records.extend((0..=100).map(|epoch| record(TrainingPhase::FineTune, epoch, 1e-3)));
    let canvas = curves("a & b", &records, Some(50), None);
    let all = words(&canvas);
    for expected in ["a & b", "epoch", "loss", "training", "validation", "best: epoch 250", "300"] {
        assert!(all.iter().any(|text| text == expected), "{expected}: {all:?}");
    }
    assert!(!all.iter().any(|text| text == "0"), "{all:?}");
}

/// Also without a loss that has a place on the scale, and with very many.
#[test]
fn curves_of_any_length() {
    let train = |epoch, loss| record(TrainingPhase::Train, epoch, loss);
    for records in [vec![], vec![train(0, 0.0)], vec![train(0, 1.0)], vec![train(0, f64::INFINITY)]]
    {
        let text = svg(&curves("few", &records, None, None));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    let noise = |epoch: usize| 1.0 + (epoch as f64 * 1.7).sin().abs();
    let records: Vec<EpochRecord> = (0..300_000).map(|epoch| train(epoch, noise(epoch))).collect();
    let text = svg(&curves("many", &records, None, None));
    assert!(text.len() < 200_000, "{} bytes", text.len());
}

fn taut(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_taut")).args(arguments).output();
    output.expect("a run")
}

fn plotted(path: &Path, more: &[&str]) -> Vec<u8> {
    let name = path.to_str().expect("a path");
    let written = taut(&[&["regions", "instances/peaks-2x25.toml", "--plot", name], more].concat());
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    std::fs::read(path).expect("a picture")
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for name in ["regions.svg", "regions.png"] {
        let path = folder.path().join(name);
        assert!(plotted(&path, &[]) == plotted(&path, &[]), "{name}");
    }
}

#[test]
fn pictures_have_the_size_and_the_title_that_are_asked_for() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("regions.svg");
    let asked = ["--size", "900x450", "--title", "Two & more"];
    let text = String::from_utf8(plotted(&path, &asked)).expect("text");
    assert!(text.contains(" width=\"900\" height=\"450\" "), "{}", &text[..300]);
    assert_eq!(text.matches(">Two &amp; more</t").count(), 2, "for the eye and for a reader");
    let path = folder.path().join("regions.png");
    for (more, size) in [(asked.as_slice(), (900, 450)), (&[], (1280, 1000))] {
        let pixels = Pixmap::decode_png(&plotted(&path, more)).expect("a PNG");
        assert_eq!((pixels.width(), pixels.height()), size);
    }
}

#[test]
fn sizes_that_no_picture_has_are_refused() {
    for size in ["900", "900x", "0x900", "900x199", "900x8001", "-900x900", "9e2x900", "x"] {
        let size = format!("--size={size}");
        let refused = taut(&["regions", "instances/peaks-2x25.toml", "--plot", "x.svg", &size]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{message}");
        let expected = "expected WIDTHxHEIGHT in pixels, both from 200 to 8000, such as 1200x900";
        assert!(message.contains(expected), "{message}");
    }
    let refused = taut(&["regions", "instances/peaks-2x25.toml", "--title", "without"]);
    assert_eq!(refused.status.code(), Some(2));
}
