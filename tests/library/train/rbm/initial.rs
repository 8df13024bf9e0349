//! Networks that begin with the weights of a stack.

use ndarray::Array2;
use taut::control::Clock;
use taut::train::data::{Dataset, Split, Targets};
use taut::train::{Metrics, Unobserved, train};

use crate::train::support::recipe;

/// Images of 5 × 5 pixels with a bright row (class 0) or column (class 1), some pixels turned.
fn stripes(count: usize, inputs: f64) -> Split {
    let pixel = |sample: usize, place: usize| {
        let (row, column, line) = (place / 5, place % 5, sample / 2 % 5);
        let is_on = if sample.is_multiple_of(2) { row == line } else { column == line };
        let is_turned = (sample * 31 + place * 17 + sample * place).is_multiple_of(13);
        if is_on != is_turned { inputs } else { 0.0 }
    };
    let dataset = Dataset {
        inputs: Array2::from_shape_fn((count, 25), |(sample, place)| pixel(sample, place)),
        targets: Targets::Classes {
            labels: (0..count).map(|sample| sample % 2).collect(),
            names: vec!["row".to_string(), "column".to_string()],
        },
        input_names: (0..25).map(|input| format!("x{input}")).collect(),
        shape: Some(vec![1, 5, 5]),
        domain: None,
    };
    let none = dataset.select(&[]);
    Split { train: dataset, validation: none.clone(), test: none }
}

fn accuracy(text: &str, data: &Split) -> f64 {
    let trained = train(&recipe(text), data, None, &Clock::unlimited(), &mut Unobserved);
    let trained = trained.unwrap_or_else(|error| panic!("{error}"));
    match &trained.report.train {
        Some(Metrics::Classification(metrics)) => metrics.accuracy,
        other => panic!("{other:?}"),
    }
}

/// Without an epoch of training, on classes that no sum of pixels tells apart: random weights know nothing, those of a stack with the ridge
/// regression behind them most, with ReLU and with clipped ReLU of any ceiling, and the other
/// units of inputs that are allowed change nothing that matters.
#[test]
fn a_stack_is_a_good_start() {
    let data = stripes(600, 1.0);
    let text = |activation: &str, method: &str| {
        format!(
            "[network]\nhidden = [20, 12]\nactivation = '{activation}'\n[init]\n\
             method = '{method}'\nrbm = {{ epochs = 100, learning_rate = 0.3 }}\n[training]\nepochs = 0\n"
        )
    };
    assert!(accuracy(&text("relu", "he"), &data) < 0.7);
    for activation in ["relu", "clipped-relu", "clipped-relu'\nceiling = 3.0\nslope = 0.01\n#'"] {
        let found = accuracy(&text(activation, "rbm"), &data);
        assert!(found > 0.8, "{activation}: {found}");
    }
    let boxed = format!("{}input_scaling = 'box'\n", text("relu", "rbm"));
    assert!(accuracy(&boxed, &data) > 0.8);
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let text = "[network]\nhidden = [8]\n[init]\nmethod = 'rbm'\nrbm = { epochs = 2 }\n[training]\n\
                epochs = 1\n";
    let data = stripes(120, 1.0);
    let bits = |threads: usize| {
        let recipe = recipe(&format!("{text}threads = {threads}\n"));
        let trained = train(&recipe, &data, None, &Clock::unlimited(), &mut Unobserved);
        crate::train::support::bits(&trained.expect("a network"))
    };
    assert_eq!(bits(1), bits(2));
}

#[test]
fn what_a_machine_makes_no_sense_of_is_refused() {
    let head = "[init]\nmethod = 'rbm'\n[training]\nepochs = 0\n";
    let refused = |text: &str, data: &Split| {
        let recipe = recipe(&format!("{head}{text}"));
        let ended = train(&recipe, data, None, &Clock::unlimited(), &mut Unobserved);
        ended.expect_err(text).to_string()
    };
    let images = stripes(60, 1.0);
    for (text, expected) in [
        ("[network]\nactivation = 'abs'\n", "network.activation: found 'abs'; expected relu or"),
        ("[network]\nhidden = []\n", "network.hidden: found no layer; expected"),
        (
            "[network]\nconvolutions = [{ channels = 2 }]\n",
            "network.convolutions: found 1 of them; expected none",
        ),
    ] {
        let error = refused(text, &images);
        assert!(error.starts_with(expected), "{error}");
        assert!(error.ends_with("or another init.method than 'rbm'"), "{error}");
    }
    let error = refused("", &stripes(60, 3.0));
    assert!(error.starts_with("data: found an input that is 3 in units of training"), "{error}");
    let recipe = recipe(&format!("{head}[data]\nsource = 'function'\nsamples = 100\n"));
    let points = crate::train::support::data(&recipe);
    let error = refused("", &points);
    assert!(error.starts_with("data: found points of a test function"), "{error}");
}
