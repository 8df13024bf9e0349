//! The networks of the study: recipe, network and instance belong together, and known values
//! are those of enumeration and of mixed-integer programs.

use std::path::{Path, PathBuf};

use taut::control::Silent;
use taut::io::{read_network, read_problem};
use taut::optimize::{Method, OptimizeOptions, Status, optimize};
use taut::train::Recipe;
use taut::train::data::DataRecipe;

const FUNCTIONS: [&str; 3] = ["peaks", "ackley", "himmelblau"];

/// Known values are written with so many digits behind the point.
const DIGITS: f64 = 1e-8;

fn recipes() -> Vec<PathBuf> {
    let files = std::fs::read_dir("networks/study").expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let mut recipes: Vec<PathBuf> =
        paths.filter(|path| path.extension() == Some("toml".as_ref())).collect();
    recipes.sort();
    recipes
}

fn instance(recipe: &Path) -> PathBuf {
    Path::new("instances/study").join(recipe.file_name().expect("a name"))
}

#[test]
fn every_recipe_has_its_network() {
    // 1 to 4 layers of 10, 25, 50; three sizes with five kinds of training at three strengths.
    let recipes = recipes();
    assert_eq!(recipes.len(), FUNCTIONS.len() * (4 * 3 + 3 * 5 * 3));
    for path in recipes {
        let name = path.display();
        let text = std::fs::read_to_string(&path).expect("a recipe");
        let recipe = Recipe::from_toml(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        recipe.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
        let network = read_network(&path.with_extension("onnx"));
        let network = network.unwrap_or_else(|error| panic!("{name}: {error}"));
        let graph = network.lower().unwrap();
        let widths: Vec<usize> =
            graph.activation_layers().map(|layer| graph.size(layer.node)).collect();
        assert_eq!(widths, recipe.network.hidden, "{name}");
        let DataRecipe::Function(data) = &recipe.data else { panic!("{name}: a function") };
        let stem = path.file_stem().expect("a name").to_string_lossy();
        assert!(stem.starts_with(&data.function), "{name}");
        let half =
            [2.0, 3.5, 5.0][FUNCTIONS.iter().position(|f| *f == data.function).expect("one")];
        let domain = network.metadata().input_box.as_ref().expect("a box");
        assert_eq!((domain.lower(), domain.upper()), (&[-half; 2][..], &[half; 2][..]), "{name}");
    }
}

/// A network can be trained again when a default has changed.
#[test]
fn every_recipe_says_what_it_was_trained_with() {
    for path in recipes() {
        let text = std::fs::read_to_string(&path).expect("a recipe");
        let table: toml::Table = text.parse().expect("TOML");
        let training = ["batch", "learning_rate", "schedule", "epochs", "patience"];
        let keys = training.map(|key| ("training", key));
        for (part, key) in keys.into_iter().chain([("data", "samples")]) {
            assert!(table[part].get(key).is_some(), "{}: {part}.{key}", path.display());
        }
    }
}

#[test]
fn every_instance_has_the_value_of_its_enumeration() {
    for recipe in recipes() {
        let path = instance(&recipe);
        let problem = read_problem(&path).unwrap_or_else(|error| panic!("{error}"));
        let known = problem.reference().expect("a known value").objective;
        let answer = optimize(&problem, &enumerating(), &mut Silent);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let found = answer.objective.expect("a value");
        assert_eq!(answer.status, Status::Optimal, "{}", path.display());
        // Five units of the last digit, or of the last of seven digits.
        let allowed = 5.0 * DIGITS * (1.0 + 0.1 * known.abs());
        assert!((found - known).abs() <= allowed, "{}: {found}, {known}", path.display());
    }
}

/// The small ones, by the way that an optimisation engineer would go.
#[test]
fn mixed_integer_programs_find_the_same() {
    for function in FUNCTIONS {
        for size in ["1x10", "1x25", "2x10"] {
            let path = format!("instances/study/{function}-{size}.toml");
            let problem = read_problem(path.as_ref()).expect("an instance");
            let known = problem.reference().expect("a known value").objective;
            let answer = optimize(&problem, &OptimizeOptions::default(), &mut Silent);
            let answer = answer.expect("an answer");
            let found = answer.objective.expect("a value");
            assert_eq!(answer.status, Status::Optimal, "{path}");
            // The default gap.
            assert!(
                (found - known).abs() <= 1e-4 * (1.0 + known.abs()),
                "{path}: {found}, {known}"
            );
        }
    }
}

fn enumerating() -> OptimizeOptions {
    OptimizeOptions { method: Method::Enumerate, ..OptimizeOptions::default() }
}
