//! Facts of different rows that cannot both be true.

use super::Row;
use crate::num::tolerance::CLAIM_TOLERANCE;
use crate::optimize::Status;
use crate::problem::Sense;

/// Every contradiction within a row, and the worst between two.
pub fn find(sense: Sense, rows: &[Row]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in rows {
        found.extend(row.contradictions.iter().map(|what| format!("{}: {what}", row.name())));
    }
    found.extend(bound_beyond_point(sense, rows));
    found.extend(infeasible_with_point(rows));
    found
}

/// The best bound against the best point.
fn bound_beyond_point(sense: Sense, rows: &[Row]) -> Option<String> {
    let runs = rows.iter().flat_map(|row| row.runs.iter().map(move |run| (row, run)));
    let points = runs.clone().filter_map(|(row, run)| Some((row, run.objective?, run.size)));
    let cost = |value: f64| sense.signed(value);
    let point = points.reduce(|a, b| if cost(b.1) < cost(a.1) { b } else { a })?;
    let relaxations = rows.iter().filter_map(|row| Some((row, row.relaxation?.bound)));
    let bounds = runs.filter_map(|(row, run)| Some((row, run.bound?))).chain(relaxations);
    let bound = bounds.reduce(|a, b| if cost(b.1) > cost(a.1) { b } else { a })?;
    let beyond = cost(bound.1) - cost(point.1);
    (beyond > CLAIM_TOLERANCE * point.2).then(|| {
        format!(
            "{} has a point of value {}, but {} proves the bound {}",
            point.0.name(),
            point.1,
            bound.0.name(),
            bound.1
        )
    })
}

/// A row that proves that there is no point against one that has a point. A point that
/// is feasible only within the tolerance proves nothing.
fn infeasible_with_point(rows: &[Row]) -> Option<String> {
    let with = |test: fn(&super::Run) -> bool| rows.iter().find(|row| row.runs.iter().any(test));
    let infeasible = with(|run| run.status == Status::Infeasible)?;
    let feasible = with(|run| run.objective.is_some() && run.violation == 0.0)?;
    let run = feasible.runs.iter().find(|run| run.objective.is_some())?;
    Some(format!(
        "{} finds the problem infeasible, but {} has the point {:?}",
        infeasible.name(),
        feasible.name(),
        run.input.as_deref().unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Run;
    use crate::optimize::{Method, OptimizeOptions, Seconds};

    fn row(status: Status, objective: Option<f64>, bound: Option<f64>) -> Row {
        row_of(Method::Milp, status, objective, bound)
    }

    fn row_of(method: Method, status: Status, objective: Option<f64>, bound: Option<f64>) -> Row {
        let mut row = Row::new(&OptimizeOptions { method, ..OptimizeOptions::default() });
        row.runs.push(Run {
            seed: 0,
            status,
            stopped_by: None,
            objective,
            bound,
            gap: None,
            input: objective.map(|_| vec![0.5]),
            nodes: 0,
            lp_iterations: Some(0),
            seconds: Seconds::default(),
            warnings: Vec::new(),
            violation: 0.0,
            size: 1.0,
        });
        row
    }

    #[test]
    fn a_bound_of_one_row_beyond_a_point_of_another() {
        let rows = [
            row(Status::Feasible, Some(1.0), Some(0.0)),
            row(Status::Feasible, Some(3.0), Some(2.0)),
        ];
        let found = find(Sense::Minimize, &rows);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("value 1") && found[0].contains("bound 2"), "{found:?}");
        // As largest values they say: 3 is attained, and 0 is not exceeded.
        let found = find(Sense::Maximize, &rows);
        assert!(found[0].contains("value 3") && found[0].contains("bound 0"), "{found:?}");
        let agree = [
            row(Status::Optimal, Some(1.0), Some(0.99999)),
            row(Status::Feasible, Some(3.0), Some(0.5)),
        ];
        assert_eq!(find(Sense::Minimize, &agree), [""; 0]);
    }

    #[test]
    fn methods_stand_against_formulations() {
        let rows = [
            row(Status::Optimal, Some(3.0), Some(2.0)),
            row_of(Method::Search, Status::Optimal, Some(1.0), Some(1.0)),
        ];
        let program = "big-m on crown bounds, scaling none";
        let expected = format!("search has a point of value 1, but {program} proves the bound 2");
        assert_eq!(find(Sense::Minimize, &rows), [expected]);
    }

    #[test]
    fn infeasible_against_a_point() {
        let mut rows =
            [row(Status::Infeasible, None, None), row(Status::Feasible, Some(3.0), Some(2.0))];
        let found = find(Sense::Minimize, &rows);
        assert!(found[0].contains("infeasible") && found[0].contains("[0.5]"), "{found:?}");
        rows[1].runs[0].violation = 1e-10;
        assert_eq!(find(Sense::Minimize, &rows), [""; 0], "feasible only within the tolerance");
    }
}
