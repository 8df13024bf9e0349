//! Counts of right, open and wrong answers.

use std::collections::BTreeMap;
use std::fmt;

use crate::scales::judge::Verdict;

/// Answers by what they are worth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub right: u32,
    pub open: u32,
    pub wrong: u32,
}

impl Counts {
    fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Right => &mut self.right,
            Verdict::Open(..) => &mut self.open,
            Verdict::Wrong(..) => &mut self.wrong,
        } += 1;
    }

    /// All answers.
    pub fn runs(&self) -> u32 {
        self.right + self.open + self.wrong
    }
}

/// Counts by class: what is odd about a case, or how it is solved.
#[derive(Debug, Default)]
pub struct Table {
    pub total: Counts,
    classes: BTreeMap<(&'static str, String), Counts>,
}

impl Table {
    /// The counts of a class.
    pub fn of(&self, group: &'static str, class: &str) -> Counts {
        self.classes.get(&(group, class.to_string())).copied().unwrap_or_default()
    }

    /// Counts an answer in each of its classes.
    pub fn count(&mut self, classes: &[(&'static str, String)], verdict: &Verdict) {
        self.total.count(verdict);
        let reason = match verdict {
            Verdict::Right => None,
            Verdict::Open(opening, _) => Some(("open", opening.name().to_string())),
            Verdict::Wrong(mistake, _) => Some(("wrong", mistake.name().to_string())),
        };
        for class in classes.iter().cloned().chain(reason) {
            self.classes.entry(class).or_default().count(verdict);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |group: &str, class: &str, counts: &Counts| {
            let Counts { right, open, wrong } = counts;
            writeln!(f, "{group:<12} {class:<28} {right:>7} {open:>7} {wrong:>7}")
        };
        line("", "all", &self.total)?;
        for ((group, class), counts) in &self.classes {
            line(group, class, counts)?;
        }
        Ok(())
    }
}
