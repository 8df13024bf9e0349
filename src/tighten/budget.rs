//! The time for all programs, shared out between the layers.

use std::time::{Duration, Instant};

/// What is left of the time.
///
/// A layer may take half of it, the last one all: what an early layer gains
/// narrows all that come after it, and its programs are the smallest, but it must
/// not starve the late ones, whose constants are the largest. What a layer leaves
/// goes to those after it. Within a layer the neurons with the largest relaxation
/// come first.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    end: Option<Instant>,
}

impl Budget {
    /// All of `limit`, from now on.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { end: limit.map(|limit| Instant::now() + limit) }
    }

    /// Half of what is left.
    pub fn half(self) -> Self {
        let now = Instant::now();
        let half = |end: Instant| now + end.saturating_duration_since(now) / 2;
        Self { end: self.end.map(half) }
    }

    /// What is left; `None` without a limit.
    pub fn left(self) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_time_is_half_of_what_is_left() {
        let budget = Budget::new(Some(Duration::from_secs(1000)));
        let seconds = |budget: Budget| budget.left().expect("a limit").as_secs_f64();
        assert!((seconds(budget.half()) - 500.0).abs() < 5.0);
        assert!((seconds(budget.half().half()) - 250.0).abs() < 5.0);
        assert!((seconds(budget) - 1000.0).abs() < 5.0);
        assert_eq!(Budget::new(None).half().left(), None);
        assert_eq!(Budget::new(Some(Duration::ZERO)).left(), Some(Duration::ZERO));
    }
}
