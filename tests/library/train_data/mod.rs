//! Data of a training: what samples come out of a source, and what is refused.

mod csv;
mod function;
mod idx;

use taut::train::data::{DataRecipe, DataSource, Dataset, Split, Targets};

/// What a recipe gives, or the whole text of the error.
fn load(recipe: &str, folder: &std::path::Path, seed: u64) -> Result<Split, String> {
    let recipe: DataRecipe = toml::from_str(recipe).map_err(|error| error.to_string())?;
    recipe.load(folder, seed).map_err(|error| error.to_string())
}

/// The error of a recipe, without the folder of its files.
fn error(recipe: &str, folder: &std::path::Path) -> String {
    let error = load(recipe, folder, 0).expect_err(recipe);
    error.replace(&format!("{}/", folder.display()), "")
}

/// Sizes of the parts for training, validation and test.
fn sizes(split: &Split) -> [usize; 3] {
    [&split.train, &split.validation, &split.test].map(Dataset::len)
}

/// How often each class occurs.
fn class_counts(data: &Dataset) -> Vec<usize> {
    match &data.targets {
        Targets::Values { .. } => panic!("values"),
        Targets::Classes { labels, names } => {
            let count = |class| labels.iter().filter(|&&label| label == class).count();
            (0..names.len()).map(count).collect()
        }
    }
}

#[test]
fn a_recipe_survives_writing_and_reading() {
    let recipes = [
        "source = 'function'\nfunction = 'rosenbrock'\ndimension = 4\nlower = -2\nupper = [1, 2.5, 3, 4]",
        "source = 'csv'\nfile = 'a.csv'\nclass = 'kind'\ndelimiter = ';'\nsamples = 7",
        "source = 'idx'\nimages = 'a'\nlabels = 'b'\ntest_images = 'c'\ntest_labels = 'd'",
    ];
    for text in recipes {
        let recipe: DataRecipe = toml::from_str(text).unwrap();
        recipe.validate().unwrap();
        let written = toml::to_string(&recipe).unwrap();
        assert_eq!(toml::from_str::<DataRecipe>(&written).unwrap(), recipe, "{written}");
    }
}

#[test]
fn unknown_sources_and_keys_are_refused_with_what_there_is() {
    let folder = std::path::Path::new(".");
    let unknown = error("source = 'xlsx'", folder);
    assert!(unknown.contains("unknown variant `xlsx`, expected one of `function`, `csv`, `idx`"));
    assert!(error("samples = 5", folder).contains("missing field `source`"));
    let cases = [
        ("source = 'function'\nsampels = 5", "unknown field `sampels`, expected one of `function`"),
        ("source = 'csv'\nfile = 'a'\nnoise = 1", "unknown field `noise`, expected one of `file`"),
        ("source = 'csv'\ntargets = ['y']", "missing field `file`"),
        ("source = 'idx'\nimages = 'a'\nlabels = 'b'\ninputs = []", "unknown field `inputs`"),
        ("source = 'function'\nlower = 'low'", "expected a number or a list of numbers"),
        ("source = 'function'\nsamples = -5", "integer `-5`"),
        ("source = 'function'\nsampling = 'halton'", "unknown variant `halton`"),
    ];
    for (recipe, expected) in cases {
        let found = error(recipe, folder);
        assert!(found.contains(expected), "{recipe}: {found}");
    }
}
