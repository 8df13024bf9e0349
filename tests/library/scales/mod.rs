//! Random tiny networks in all units, with constraints at hard spots: no answer may be
//! wrong, whatever the units, and few may stay open.
//!
//! The short form runs with all tests. The full one is
//!
//! ```console
//! $ TAUT_SCALES_CASES=2000 TAUT_SCALES_SEED=0 cargo test --release --locked --test library scales -- \
//!     --ignored --nocapture
//! ```
//!
//! It prints the counts by class and the first wrong and open answers, `TAUT_SCALES_SHOWN`
//! of each. `TAUT_SCALES_DUMP=17` makes `cargo test --release --locked --test library scales::dump --
//! --nocapture` write the network of seed 17 and print its command lines.

mod case;
mod constraints;
mod dump;
mod judge;
mod judging;
mod method;
mod oracle;
mod table;
mod units;

use crate::random::build;
use case::{Scaled, scaled};
use judge::Verdict;
use method::{Method, methods};
use table::Table;

/// Cases of the short form.
const SHORT: u64 = 200;

/// Cases of the full form, unless the environment says otherwise.
const FULL: u64 = 10_000;

/// Wrong answers that are shown, and open ones, unless the environment says otherwise.
const SHOWN: u64 = 20;

/// One open answer of the default method in so many is allowed.
const OPEN_SHARE: u32 = 20;

#[test]
fn no_answer_is_wrong_and_few_are_open() {
    let survey = Survey::of(0, SHORT);
    println!("{survey}");
    assert!(survey.wrong.is_empty(), "{} wrong, see above", survey.wrong.len());
    let Survey { skipped, infeasible, .. } = survey;
    assert!(skipped * 10 < SHORT && infeasible * 10 > SHORT, "{skipped} {infeasible}");
    let counts = survey.table.of("method", Method::DEFAULT);
    assert!(counts.open * OPEN_SHARE <= counts.runs(), "{counts:?}");
}

#[test]
#[ignore = "minutes: TAUT_SCALES_CASES cases from seed TAUT_SCALES_SEED on"]
fn no_answer_of_many_is_wrong() {
    let survey = Survey::of(number("TAUT_SCALES_SEED", 0), number("TAUT_SCALES_CASES", FULL));
    println!("{survey}");
    assert!(survey.wrong.is_empty(), "{} wrong", survey.wrong.len());
}

/// A number from the environment.
fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text}")))
}

/// What became of many cases.
struct Survey {
    cases: u64,
    /// Cases without an answer of the oracle or without a variable in a constraint.
    skipped: u64,
    infeasible: u64,
    table: Table,
    wrong: Vec<String>,
    open: Vec<String>,
}

impl Survey {
    fn of(first: u64, cases: u64) -> Self {
        let (table, wrong, open) = (Table::default(), Vec::new(), Vec::new());
        let mut survey = Self { cases, skipped: 0, infeasible: 0, table, wrong, open };
        for seed in first..first + cases {
            survey.add(seed);
        }
        survey
    }

    fn add(&mut self, seed: u64) {
        let Ok(scaled) = scaled(seed) else {
            self.skipped += 1;
            return;
        };
        let Some(question) = build::question(&scaled.case) else {
            self.skipped += 1;
            return;
        };
        self.infeasible += u64::from(scaled.truth.is_none());
        let problem = build::problem(&scaled.case, question);
        for method in methods(&scaled) {
            let Some(verdict) = method.verdict(&scaled, &problem) else { continue };
            self.table.count(&classes(&scaled, &method), &verdict);
            let place = || format!("seed {seed}, {}", method.arguments().join(" "));
            match verdict {
                Verdict::Right => {}
                Verdict::Open(opening, what) => {
                    self.open.push(format!("{}: {}: {what}", place(), opening.name()));
                }
                Verdict::Wrong(mistake, what) => {
                    self.wrong.push(format!("{}: {}: {what}", place(), mistake.name()));
                }
            }
        }
    }
}

/// The classes in which answers are counted.
fn classes(scaled: &Scaled, method: &Method) -> Vec<(&'static str, String)> {
    let oddities = scaled.oddities;
    vec![
        ("box", oddities.domain.name().to_string()),
        ("constraints", oddities.spot.name().to_string()),
        ("inputs", oddities.inputs.to_string()),
        ("method", method.name()),
        ("neurons", oddities.neurons.to_string()),
        ("outputs", oddities.outputs.to_string()),
        ("weights", if oddities.scattered { "uneven" } else { "even" }.to_string()),
        ("whole", scaled.whole().to_string()),
    ]
}

impl std::fmt::Display for Survey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cases, skipped, infeasible, table, wrong, open } = self;
        writeln!(f, "{cases} cases, {infeasible} infeasible, {skipped} skipped")?;
        writeln!(f, "{:<41} {:>7} {:>7} {:>7}\n{table}", "", "right", "open", "wrong")?;
        let shown = usize::try_from(number("TAUT_SCALES_SHOWN", SHOWN)).expect("a small number");
        let mut lines = wrong.iter().take(shown).chain(open.iter().take(shown));
        lines.try_for_each(|line| writeln!(f, "{line}"))
    }
}
