//! What the readers of instances and recipes take and refuse. The schemas are held to the same
//! texts in `tests/pages`.

use taut::io::Instance;
use taut::train::Recipe;

use crate::support::texts::{INSTANCES, NO_INSTANCES, NO_RECIPES, RECIPES};

#[test]
fn instances_are_read_and_others_refused() {
    let reads = |text: &&str| toml::from_str::<Instance>(text).is_ok();
    assert_eq!(INSTANCES.iter().find(|text| !reads(text)), None);
    assert_eq!(NO_INSTANCES.iter().find(|text| reads(text)), None);
}

#[test]
fn recipes_are_read_and_others_refused() {
    let reads = |text: &&str| Recipe::from_toml(text).is_ok();
    assert_eq!(RECIPES.iter().find(|text| !reads(text)), None);
    assert_eq!(NO_RECIPES.iter().find(|text| reads(text)), None);
}
