//! What exact methods say of the shipped generator: the walk over all linear regions, which shares
//! no bound with the others, the search, and a mixed-integer program agree on the known answers.

use std::path::Path;

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::control::Silent;
use taut::io::{read_network, read_problem};
use taut::network::Network;
use taut::num::random::uniform;
use taut::optimize::{Method, OptimizeOptions, Status, optimize};
use taut::solve::SolveOptions;
use taut::train::gan::{GanData, GanRecipe, GanSource};

const INSTANCES: [&str; 4] = ["extreme", "linf", "l1", "score"];

fn at_root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn network(name: &str) -> Network {
    read_network(&at_root(&format!("networks/{name}.onnx"))).expect("a network")
}

#[test]
fn enumeration_search_and_programs_agree_on_the_known_answers() {
    for name in INSTANCES {
        let path = at_root(&format!("instances/generators/ring-generator-{name}.toml"));
        let problem = read_problem(&path).expect("an instance");
        let known = problem.reference().expect("a known answer").objective;
        let solve = |relative_gap| SolveOptions { relative_gap, ..SolveOptions::default() };
        // Closing the program of the score to the last digits takes a quarter of a minute.
        let coarse = if name == "score" { 1e-2 } else { 1e-6 };
        for (method, gap) in
            [(Method::Enumerate, 1e-9), (Method::Search, 1e-7), (Method::Milp, coarse)]
        {
            let options =
                OptimizeOptions { method, solve: solve(gap), ..OptimizeOptions::default() };
            let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
            assert_eq!(answer.status, Status::Optimal, "{name}, {method:?}");
            let (value, bound) = (answer.objective.unwrap(), answer.bound.unwrap());
            // The options close an absolute gap of 1e-6 too.
            let room = 1e-6 + gap * known.abs();
            for found in [value, bound] {
                assert!((found - known).abs() <= room, "{name}, {method:?}: {found}, not {known}");
            }
        }
    }
}

/// Latent points at random, in rows.
fn points() -> Array2<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    Array2::from_shape_simple_fn((500, 2), || 2.0 * uniform(&mut random) - 1.0)
}

/// The composed network is the one behind the other; no sample at random is scored below the
/// known least score, or comes nearer than the known distances.
#[test]
fn no_sample_beats_the_known_answers() {
    let (generator, score) = (network("ring-generator"), network("ring-score"));
    for network in [&generator, &score] {
        let square = network.metadata().input_box.as_ref().expect("a box");
        assert_eq!((square.lower(), square.upper()), (&[-1.0, -1.0][..], &[1.0, 1.0][..]));
    }
    let known = INSTANCES.map(|name| {
        let path = at_root(&format!("instances/generators/ring-generator-{name}.toml"));
        read_problem(&path).expect("an instance").reference().expect("an answer").objective
    });
    let [extreme, linf, l1, least] = known;
    let (points, slack) = (points(), 1e-7);
    let (samples, scores) = (generator.evaluate(points.view()), score.evaluate(points.view()));
    for (sample, score) in samples.outer_iter().zip(scores.iter()) {
        let apart = [(sample[0] - 2.0).abs(), (sample[1] - 2.0).abs()];
        assert!(sample[0] <= extreme + slack && *score >= least - slack);
        assert!(apart[0].max(apart[1]) >= linf - slack && apart[0] + apart[1] >= l1 - slack);
    }
}

/// The recipe beside the network is of this generator: its samples lie where the recipe's data
/// do. (The numbers of a training depend on the machine's vector units in their last digits.)
#[test]
fn the_recipe_beside_the_generator_is_its_own() {
    let text = std::fs::read_to_string(at_root("networks/ring-generator.toml")).expect("a recipe");
    let recipe = GanRecipe::from_toml(&text).expect("a recipe");
    let (generator, score) = (network("ring-generator"), network("ring-score"));
    let parameters =
        |network: &Network| -> usize { network.layers().map(|view| view.layer.summary().1).sum() };
    let of_widths =
        |widths: &[usize]| -> usize { widths.windows(2).map(|pair| pair[1] * (pair[0] + 1)).sum() };
    let widths = |first: usize, hidden: &[usize], last: usize| [&[first], hidden, &[last]].concat();
    let made = of_widths(&widths(recipe.game.latent, &recipe.generator.hidden, 2));
    let scored = of_widths(&widths(2, &recipe.discriminator.hidden, 1));
    assert_eq!((parameters(&generator), parameters(&score)), (made, made + scored));
    let GanData::Ring(_) = recipe.data else { panic!("a ring") };
    let source = recipe.data.load(Path::new("."), &taut::control::Clock::unlimited());
    let Ok(GanSource::Mixture(mixture)) = source else { panic!("a mixture") };
    let samples = generator.evaluate(points().view());
    let good = samples.outer_iter().filter(|x| mixture.mode_of([x[0], x[1]]).is_some()).count();
    assert!(good > 400, "{good} of 500 good samples");
}
