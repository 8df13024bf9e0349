//! Records about the same instance that cannot all be true.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{Asked, Outcome, Record};
use crate::num::tolerance::CLAIM_TOLERANCE;

/// Two records, or a record and a reference, that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Contradiction {
    /// The instance.
    pub instance: String,
    /// What cannot be.
    pub what: String,
}

/// What each record says against itself, and every instance's worst contradiction of each kind.
/// Programs keep their own tolerances, so that values and bounds count up to a relative
/// [`CLAIM_TOLERANCE`]; numbers of regions are exact.
pub fn contradictions<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<Contradiction> {
    let mut instances: BTreeMap<(&str, Asked), Vec<&Record>> = BTreeMap::new();
    for record in records {
        instances.entry((&record.instance, record.question)).or_default().push(record);
    }
    let mut found = Vec::new();
    for ((instance, _), records) in instances {
        let all = [
            bound_beyond_point(&records),
            bound_beyond_reference(&records),
            point_beyond_reference(&records),
            infeasible_with_point(&records),
            sat_and_unsat(&records),
        ];
        let own = records.iter().filter_map(|record| against_itself(record));
        let what = own.chain(all.into_iter().flatten());
        found.extend(what.map(|what| Contradiction { instance: instance.to_string(), what }));
    }
    found
}

/// A claim that Taut's own forward pass refutes.
fn against_itself(record: &Record) -> Option<String> {
    let refuted = || record.told::<String>("/refuted");
    // What the error of an optimisation says of itself.
    let refused = record.error.as_deref().and_then(|error| error.split_once("contradiction: "));
    let what = refused.map(|(_, what)| what.to_string()).or_else(refuted)?;
    let what = what.split("; please report").next().unwrap_or_default();
    Some(format!("{}: {what}", name(record)))
}

/// A value so that less is better.
fn cost(record: &Record, value: f64) -> f64 {
    if record.sense.as_deref() == Some("maximize") { -value } else { value }
}

/// A record, and a value as it is told and as it is to be made small.
type Told<'a> = (&'a Record, f64, f64);

fn best_point<'a>(records: &[&'a Record]) -> Option<Told<'a>> {
    let points = records.iter().filter_map(|r| Some((*r, r.value?, cost(r, r.value?))));
    points.min_by(|a, b| a.2.total_cmp(&b.2))
}

/// Those of programs count, and those of their relaxations.
fn best_bound<'a>(records: &[&'a Record]) -> Option<Told<'a>> {
    let of = |r: &&'a Record| [r.bound, r.told("/relaxation/bound")].map(|bound| (*r, bound));
    let bounds = records.iter().flat_map(of).filter_map(|(r, b)| Some((r, b?, cost(r, b?))));
    bounds.max_by(|a, b| a.2.total_cmp(&b.2))
}

/// Whether a number is greater than another of the same question by more than a share of a size.
fn is_beyond(asked: Asked, greater: f64, less: f64, size: f64) -> bool {
    let tolerance = match asked {
        Asked::Regions => 0.0,
        Asked::Optimum | Asked::Property => CLAIM_TOLERANCE * size,
    };
    greater - less > tolerance
}

/// The size of a value that somebody tells.
fn size(value: f64) -> f64 {
    value.abs().max(1.0)
}

fn bound_beyond_point(records: &[&Record]) -> Option<String> {
    let (point, value, least) = best_point(records)?;
    let (bound, told, proven) = best_bound(records)?;
    // Taut tells how large the numbers are that a value is made of; others do not.
    let told_size = point.told("/recheck/objective_size").filter(|_| bound.answer.is_some());
    let size = told_size.unwrap_or_else(|| size(value));
    is_beyond(bound.question, proven, least, size).then(|| {
        let (a, b) = (name(point), name(bound));
        if bound.question == Asked::Regions {
            return format!("{a} counts {value} regions, but {b} counts {told}");
        }
        format!("{a} has a point of value {value}, but {b} claims the bound {told}")
    })
}

fn bound_beyond_reference(records: &[&Record]) -> Option<String> {
    let (bound, told, proven) = best_bound(records)?;
    let reference = bound.reference?;
    let name = name(bound);
    is_beyond(bound.question, proven, cost(bound, reference), size(reference))
        .then(|| format!("{name} claims the bound {told}, but the reference is {reference}"))
}

/// A point that is better than what is known to be best.
fn point_beyond_reference(records: &[&Record]) -> Option<String> {
    let (point, value, least) = best_point(records)?;
    let reference = point.reference?;
    let name = name(point);
    is_beyond(point.question, cost(point, reference), least, size(value)).then(|| {
        format!("{name} has a point of value {value}, better than the reference {reference}")
    })
}

/// A point that is feasible only within a tolerance proves nothing.
fn infeasible_with_point(records: &[&Record]) -> Option<String> {
    let empty = records.iter().find(|record| record.outcome == Outcome::Infeasible)?;
    let violation = |record: &Record| record.told::<f64>("/recheck/violation").unwrap_or(0.0);
    let feasible = records.iter().copied().filter(|record| violation(record) == 0.0);
    let (point, value, _) = best_point(&feasible.collect::<Vec<_>>())?;
    let (a, b) = (name(empty), name(point));
    Some(format!("{a} finds that there is no point, but {b} has one of value {value}"))
}

fn sat_and_unsat(records: &[&Record]) -> Option<String> {
    let of = |outcome| records.iter().find(|record| record.outcome == outcome);
    let (sat, unsat) = (name(of(Outcome::Sat)?), name(of(Outcome::Unsat)?));
    Some(format!("{sat} finds a counterexample (sat), but {unsat} finds none (unsat)"))
}

fn name(record: &Record) -> String {
    format!("'{}' (seed {})", record.variant, record.seed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    use crate::bench::variant::Variant;
    use crate::optimize::OptimizeError;

    pub fn record(
        variant: &str,
        outcome: Outcome,
        value: Option<f64>,
        bound: Option<f64>,
    ) -> Record {
        let named = Variant { name: variant.to_string(), ..Variant::default() };
        Record {
            run: variant.to_string(),
            outcome,
            sense: Some("minimize".to_string()),
            value,
            bound,
            seconds: 1.0,
            limit_seconds: Some(2.0),
            exit_status: Some(0),
            started: 0.0,
            load: [None; 2],
            host: None,
            ..Record::of("a.toml").start(&named, 0)
        }
    }

    #[test]
    fn what_cannot_all_be_true_is_found_and_named() {
        use Outcome::{Infeasible, Open, Optimal};
        let fine = [
            record("a", Optimal, Some(1.0), Some(0.9999)),
            record("b", Open, Some(1.5), Some(-3.0)),
        ];
        assert_eq!(contradictions(&fine), []);
        let mut wrong = fine.to_vec();
        wrong.push(record("c", Optimal, Some(1.4), Some(1.4)));
        wrong.push(record("d", Infeasible, None, None));
        let found: Vec<String> = contradictions(&wrong).into_iter().map(|c| c.what).collect();
        let expected = [
            "'a' (seed 0) has a point of value 1, but 'c' (seed 0) claims the bound 1.4",
            "'d' (seed 0) finds that there is no point, but 'a' (seed 0) has one of value 1",
        ];
        assert_eq!(found, expected);
        // The largest values: 1.5 is attained, so that 0.9999 is no bound.
        let mut largest = fine.to_vec();
        largest.iter_mut().for_each(|record| record.sense = Some("maximize".to_string()));
        let found = contradictions(&largest);
        assert!(found[0].what.contains("value 1.5"), "{found:?}");
    }

    /// By hand: half a millionth of the size of what the objective is made of is a rounding, and
    /// so is a point that is feasible only within the tolerance.
    #[test]
    fn answers_of_taut_tell_how_exact_they_are() {
        let mut point = record("a", Outcome::Open, Some(1.0), None);
        let mut bound = record("b", Outcome::Open, None, Some(1.5));
        assert_eq!(contradictions([&point, &bound]).len(), 1);
        point.answer = Some(json!({ "recheck": { "objective_size": 1e6, "violation": 1e-10 } }));
        assert_eq!(contradictions([&point, &bound]).len(), 1, "a program that tells no size");
        bound.answer = Some(json!({}));
        assert_eq!(contradictions([&point, &bound]), []);
        // The bound of a relaxation is one.
        bound.answer = Some(json!({ "relaxation": { "bound": 2.5 } }));
        let found = contradictions([&point, &bound]);
        assert!(found[0].what.ends_with("claims the bound 2.5"), "{found:?}");
        let empty = record("c", Outcome::Infeasible, None, None);
        assert_eq!(contradictions([&point, &empty]), []);
        point.answer = Some(json!({ "recheck": { "objective_size": 1.0, "violation": 0.0 } }));
        assert_eq!(contradictions([&point, &empty]).len(), 1);
    }

    #[test]
    fn what_a_run_says_against_itself_counts() {
        let mut run = record("a", Outcome::Open, Some(1.0), Some(0.5));
        run.answer = Some(json!({ "refuted": "highs calls 2 a bound" }));
        let mut found = contradictions([&run]);
        let error = OptimizeError::Contradiction {
            input: vec![0.5],
            objective: 1.0,
            claimant: "highs",
            claim: "proves the bound 2".to_string(),
        };
        // As a process tells it.
        run = record("b", Outcome::Failed, None, None);
        run.error = Some(format!("error: {error}"));
        found.extend(contradictions([&run]));
        let whats: Vec<&str> = found.iter().map(|c| c.what.as_str()).collect();
        assert_eq!(whats[0], "'a' (seed 0): highs calls 2 a bound");
        let expected = "'b' (seed 0): the point [0.5] has the value 1 by a forward pass, but \
                        highs proves the bound 2";
        assert_eq!(whats[1], expected);
        run.error = Some("error: out of memory".to_string());
        assert_eq!(contradictions([&run]), []);
    }

    /// The difference of 1 is below the tolerance of values.
    #[test]
    fn numbers_of_regions_are_equal_or_one_is_wrong() {
        let count = |variant: &str, number: f64| {
            let record = record(variant, Outcome::Optimal, Some(number), Some(number));
            Record { question: Asked::Regions, ..record }
        };
        let open = record("c", Outcome::Open, None, None);
        let open = Record { question: Asked::Regions, ..open };
        let fine = [count("a", 4e6), count("b", 4e6), open];
        assert_eq!(contradictions(&fine), []);
        let wrong = [count("a", 4e6), count("b", 4e6 + 1.0)];
        let found = contradictions(&wrong);
        let expected = "'a' (seed 0) counts 4000000 regions, but 'b' (seed 0) counts 4000001";
        assert!(found.len() == 1 && found[0].what == expected, "{found:?}");
        // Another question about the same instance is another matter.
        let other = [count("a", 4e6), record("b", Outcome::Optimal, Some(1.0), Some(1.0))];
        assert_eq!(contradictions(&other), []);
    }

    #[test]
    fn sat_and_unsat_are_not_both_true() {
        use Outcome::{Sat, Timeout, Unsat};
        let of = |variant: &str, outcome| record(variant, outcome, None, None);
        assert_eq!(contradictions(&[of("a", Sat), of("b", Sat), of("c", Timeout)]), []);
        let found = contradictions(&[of("a", Unsat), of("b", Sat)]);
        let expected =
            "'b' (seed 0) finds a counterexample (sat), but 'a' (seed 0) finds none (unsat)";
        assert!(found.len() == 1 && found[0].what == expected, "{found:?}");
    }

    #[test]
    fn references_count() {
        let mut records = [record("a", Outcome::Optimal, Some(1.0), Some(1.0))];
        for (reference, expected) in [(0.5, "the reference is 0.5"), (1.5, "reference 1.5")] {
            records[0].reference = Some(reference);
            let found = contradictions(&records);
            assert!(found.len() == 1 && found[0].what.contains(expected), "{found:?}");
        }
        records[0].reference = Some(1.0 + 1e-9);
        assert_eq!(contradictions(&records), []);
    }
}
