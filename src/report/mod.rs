//! What a batch of runs shows: tables, figures and one page, from the records of `bench`.
//!
//! Records become a summary of each variant (that of `bench`), figures of what their times go
//! with (`correlation.rs`), and charts (`charts.rs`). Each form in which they are given has a file of
//! its own: tables for papers (`table.rs`) and a page to read (`page.rs`). Two batches stand
//! against each other pair by pair (`pair.rs`).
//!
//! A run is *solved* where it answered the question; one that did not counts as its time limit.
//! Means are geometric, shifted. Runs of the same instance with the same seed are one *case*.

mod charts;
mod correlation;
mod page;
mod pair;
mod table;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::bench::{Asked, Contradiction, Measure, Record, Summary, contradictions, summaries};
pub use charts::{Figure, figures};
pub use correlation::Correlation;
pub use page::page;
pub use pair::{Mover, Pairing, Pairs, StatusChange};
pub use table::{Table, csv, latex, markdown};

/// What the records of some folders show.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// What counts as time.
    pub measure: Measure,
    /// Shift of the geometric means, in seconds.
    pub shift_seconds: f64,
    /// Records that cannot all be true.
    pub contradictions: Vec<Contradiction>,
    /// One a variant, that with the least mean first.
    pub variants: Vec<Summary>,
    /// How times of variants go with properties of the instances.
    pub correlations: Vec<Correlation>,
    /// The records that it stands on, those about regions left out where there are others.
    #[serde(skip)]
    pub records: Vec<Record>,
}

impl Report {
    /// Of all records of some folders.
    pub fn of(records: Vec<Record>, measure: Measure, shift: f64) -> Self {
        let contradictions = contradictions(&records);
        let regions = regions(&records);
        let (about_regions, others): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(is_about_regions);
        let records = if others.is_empty() { about_regions } else { others };
        let variants = summaries(&records, measure, shift);
        let correlations = correlation::correlations(&records, &regions, &variants, measure);
        Self { measure, shift_seconds: shift, contradictions, variants, correlations, records }
    }

    /// The records of a variant.
    pub fn of_variant<'a>(&'a self, variant: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.variant == variant)
    }
}

/// Exact numbers of regions, by instance.
type Regions = BTreeMap<String, f64>;

fn regions(records: &[Record]) -> Regions {
    let exact = |record: &&Record| is_about_regions(record) && record.outcome.is_solved();
    let counted = |record: &Record| Some((record.instance.clone(), record.value?));
    records.iter().filter(exact).filter_map(counted).collect()
}

fn is_about_regions(record: &Record) -> bool {
    record.question == Asked::Regions
}

/// A number for readers: three significant digits.
fn rounded(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_string(),
        0.0 => "0".to_string(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        size => {
            let digits = (2.0 - size.log10().floor()).max(0.0) as usize;
            format!("{value:.digits$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [0.0, 1.0, -12.345, 1234.5, 0.012345, 1.5e-7, 2e9, f64::INFINITY];
        let texts = ["0", "1.00", "-12.3", "1234", "0.0123", "1.50e-7", "2.00e9", "–"];
        assert_eq!(numbers.map(rounded), texts);
    }
}
