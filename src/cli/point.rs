//! A point as decimals that are one of the problem themselves: whoever types them again gets a
//! point of the box that meets the constraints.

use std::collections::BTreeSet;

use taut::problem::{Constraint, Expression, Problem, Variable};

use super::text::{all_digits, decimal, number, towards};

/// Decimal places that are tried, the fewest first; then all digits.
const PLACES: [usize; 4] = [8, 10, 12, 14];

/// Coordinates that are printed without being asked for.
pub const MOST_COORDINATES: usize = 10;

/// The inputs at a point: `x0 = 0.5, x1 = 2`, those that the question names among them.
pub fn inputs(problem: &Problem, input: &[f64]) -> String {
    let texts = decimals(problem, input);
    listed(&texts, &named(problem, Variable::input), |index| {
        problem.vocabulary().name(Variable::Input(index))
    })
}

/// The outputs there, likewise.
pub fn outputs(problem: &Problem, output: &[f64]) -> String {
    let texts: Vec<String> = output.iter().copied().map(number).collect();
    listed(&texts, &named(problem, Variable::output), |index| {
        problem.vocabulary().name(Variable::Output(index))
    })
}

/// The inputs, or outputs, that objective and constraints are about, and integer ones.
fn named(problem: &Problem, of: impl Fn(Variable) -> Option<usize>) -> BTreeSet<usize> {
    let constraints = problem.constraints().iter().map(Constraint::expression);
    let variables = constraints.chain([problem.objective()]).flat_map(Expression::variables);
    let integer = problem.integer().iter().map(|&index| Variable::Input(index));
    variables.chain(integer).filter_map(of).collect()
}

/// The coordinates by name, the first ones and those of `named`.
pub fn listed(texts: &[String], named: &BTreeSet<usize>, name: impl Fn(usize) -> String) -> String {
    let mut parts = Vec::new();
    let mut left_out = 0;
    for (index, text) in texts.iter().enumerate() {
        if index < MOST_COORDINATES || named.contains(&index) {
            parts.push(format!("{} = {text}", name(index)));
        } else {
            // One mark for all that are left out in a row.
            let is_first = index == MOST_COORDINATES || named.contains(&(index - 1));
            parts.extend(is_first.then(|| "…".to_string()));
            left_out += 1;
        }
    }
    let more = if left_out > 0 { format!(" ({left_out} more)") } else { String::new() };
    parts.join(", ") + &more
}

/// One text for each coordinate: as few digits as keep the point in the box and within the
/// constraints, when it is read again.
fn decimals(problem: &Problem, input: &[f64]) -> Vec<String> {
    let is_exact = problem.evaluate(input.to_vec()).exact;
    let is_good = |texts: &[String]| {
        let point = problem.evaluate(read(texts));
        // No worse than the point itself.
        if is_exact { point.exact } else { point.feasible }
    };
    for places in PLACES {
        let nearest: Vec<f64> = vec![0.0; input.len()];
        let texts = rounded(problem, input, places, &nearest);
        if is_good(&texts) {
            return texts;
        }
        let texts = rounded(problem, input, places, &inward(problem, read(&texts)));
        if is_good(&texts) {
            return texts;
        }
    }
    input.iter().copied().map(all_digits).collect()
}

fn read(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| text.parse().unwrap_or(f64::NAN)).collect()
}

/// Each coordinate rounded to its place in the box, to the side that `sides` tells by its sign.
fn rounded(problem: &Problem, input: &[f64], places: usize, sides: &[f64]) -> Vec<String> {
    let domain = problem.domain();
    let coordinate = |(index, &value): (usize, &f64)| {
        if problem.integer().binary_search(&index).is_ok() {
            return value.to_string();
        }
        let is_inside = |text: &String| {
            let [lower, upper] = [domain.lower()[index], domain.upper()[index]];
            text.parse().is_ok_and(|read: f64| (lower..=upper).contains(&read))
        };
        let first = match sides[index] {
            0.0 => decimal(value, places),
            side => towards(value, places, side),
        };
        // A narrow box needs more digits.
        let rest = (places..=17).flat_map(|places| {
            [f64::NEG_INFINITY, f64::INFINITY].map(|side| towards(value, places, side))
        });
        let found = std::iter::once(first).chain(rest).find(is_inside);
        found.unwrap_or_else(|| all_digits(value))
    };
    input.iter().enumerate().map(coordinate).collect()
}

/// For each coordinate the direction that leads back into the constraints that are missed at a
/// point.
fn inward(problem: &Problem, point: Vec<f64>) -> Vec<f64> {
    let output = problem.network().evaluate_point(&point);
    let mut directions = vec![0.0; point.len()];
    for (position, constraint) in problem.constraints().iter().enumerate() {
        let value = constraint.expression().evaluate(&point, &output);
        let sign = match (value < constraint.lower(), value > constraint.upper()) {
            (false, false) => continue,
            (true, _) => 1.0,
            (false, true) => -1.0,
        };
        // Row 0 is the objective.
        let gradient = problem.gradient(position + 1, &point);
        directions.iter_mut().zip(&gradient).for_each(|(sum, slope)| *sum += sign * slope);
    }
    directions
}
