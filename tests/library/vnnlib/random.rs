//! Random queries: a formula is built with its text, and evaluated apart from the reader at
//! random points. Values are small multiples of a quarter, so that floating point is exact.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::io::vnnlib::{Atom, Formula, Parts, Query, read};
use taut::num::decimal::Decimal;
use taut::num::random::index;

use super::declared;
use super::round_trip::assert_round_trip;

const INPUTS: usize = 3;
const VARIABLES: usize = 5;

type Point = [f64; VARIABLES];
type Value = Box<dyn Fn(&Point) -> f64>;
type Truth = Box<dyn Fn(&Point) -> bool>;

fn quarter(random: &mut ChaCha8Rng) -> f64 {
    index(random, 33) as f64 / 4.0 - 4.0
}

fn variable(number: usize) -> String {
    match number.checked_sub(INPUTS) {
        None => format!("X_{number}"),
        Some(output) => format!("Y_{output}"),
    }
}

/// A linear term as text, and its value.
fn term(random: &mut ChaCha8Rng, depth: usize) -> (String, Value) {
    let kinds = if depth == 0 { 2 } else { 5 };
    match index(random, kinds) {
        0 => {
            let value = quarter(random);
            let text = [format!("{value}"), format!("{value:.4}"), format!("{:e}", value)];
            (text[index(random, 3)].clone(), Box::new(move |_| value))
        }
        1 => {
            let number = index(random, VARIABLES);
            (variable(number), Box::new(move |point| point[number]))
        }
        2 => {
            let factor = quarter(random);
            let (text, value) = term(random, depth - 1);
            let text = match index(random, 2) {
                0 => format!("(* {factor} {text})"),
                _ => format!("(* {text} {factor})"),
            };
            (text, Box::new(move |point| factor * value(point)))
        }
        kind => {
            let (text, values): (Vec<String>, Vec<Value>) =
                (0..=index(random, 3)).map(|_| term(random, depth - 1)).unzip();
            let text = text.join(" ");
            if kind == 3 {
                let sum = move |point: &Point| values.iter().map(|value| value(point)).sum();
                return (format!("(+ {text})"), Box::new(sum));
            }
            let difference = move |point: &Point| {
                let (first, others) = values.split_first().expect("one or more");
                let others: f64 = others.iter().map(|value| value(point)).sum();
                if values.len() == 1 { -first(point) } else { first(point) - others }
            };
            (format!("(- {text})"), Box::new(difference))
        }
    }
}

/// A bound of an input, or a condition on two terms.
fn condition(random: &mut ChaCha8Rng) -> (String, Truth) {
    let ((left, a), (right, b)) = match index(random, 2) {
        0 => {
            let (number, bound) = (index(random, INPUTS), quarter(random));
            let input: (String, Value) =
                (variable(number), Box::new(move |point: &Point| point[number]));
            let bound: (String, Value) = (bound.to_string(), Box::new(move |_| bound));
            if index(random, 2) == 0 { (input, bound) } else { (bound, input) }
        }
        _ => (term(random, 2), term(random, 2)),
    };
    let relation = ["<=", "<", ">=", ">", "==", "!="][index(random, 6)];
    let truth = move |point: &Point| {
        let (a, b) = (a(point), b(point));
        match relation {
            "<=" => a <= b,
            "<" => a < b,
            ">=" => a >= b,
            ">" => a > b,
            "==" => a == b,
            _ => a != b,
        }
    };
    (format!("({relation} {left} {right})"), Box::new(truth))
}

fn any_formula(random: &mut ChaCha8Rng, depth: usize) -> (String, Truth) {
    if depth == 0 || index(random, 3) == 0 {
        return condition(random);
    }
    let (text, truths): (Vec<String>, Vec<Truth>) =
        (0..=index(random, 3)).map(|_| any_formula(random, depth - 1)).unzip();
    let text = text.join(["", " ", "\n"][index(random, 3)]);
    match index(random, 2) {
        0 => (format!("(and {text})"), Box::new(move |p| truths.iter().all(|truth| truth(p)))),
        _ => (format!("(or {text})"), Box::new(move |p| truths.iter().any(|truth| truth(p)))),
    }
}

fn atom_holds(atom: &Atom, point: &Point) -> bool {
    let exact = |value: f64| Decimal::parse(&value.to_string()).expect("few digits");
    let sum = atom.terms.iter().fold(Decimal::ZERO, |sum, (variable, coefficient)| {
        let product = coefficient.times(&exact(point[variable.0])).expect("few digits");
        sum.plus(&product).expect("few digits")
    });
    atom.relation.holds(sum.cmp(&atom.constant))
}

fn holds(formula: &Formula, point: &Point) -> bool {
    match formula {
        Formula::All(formulas) => formulas.iter().all(|formula| holds(formula, point)),
        Formula::Any(formulas) => formulas.iter().any(|formula| holds(formula, point)),
        Formula::Atom(atom) => atom_holds(atom, point),
    }
}

/// Whether a part has the point, by its bounds and what else has to hold.
fn in_a_part(query: &Query, point: &Point) -> bool {
    let divided = Parts::of(query).expect("bounded inputs");
    divided.parts().iter().any(|part| {
        let bounds = divided.bounds(part);
        let is_inside = bounds.iter().zip(point).all(|(bounds, &value)| {
            let (lower, upper) =
                (bounds.lower.value.compare(value), bounds.upper.value.compare(value));
            (lower.is_lt() || (lower.is_eq() && !bounds.lower.is_strict))
                && (upper.is_gt() || (upper.is_eq() && !bounds.upper.is_strict))
        });
        is_inside && divided.formulas(part).all(|formula| holds(formula, point))
    })
}

#[test]
fn random_queries_hold_where_their_text_does() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut counts = [0; 2];
    for _ in 0..300 {
        let (texts, truths): (Vec<String>, Vec<Truth>) =
            (0..=index(&mut random, 3)).map(|_| any_formula(&mut random, 3)).unzip();
        let assert = |text: &String| format!("(assert {text})\n");
        let box_text: String =
            (0..INPUTS).map(|i| format!("(assert (and (<= X_{i} 4) (>= X_{i} -4)))")).collect();
        let text = declared(INPUTS, VARIABLES - INPUTS)
            + &box_text
            + &texts.iter().map(assert).collect::<String>();
        let query = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_round_trip(&query);
        for _ in 0..20 {
            let point: Point = std::array::from_fn(|_| quarter(&mut random));
            let expected = truths.iter().all(|truth| truth(&point));
            let found = query.assertions.iter().all(|formula| holds(formula, &point));
            assert_eq!(found, expected, "{text} at {point:?}");
            assert_eq!(in_a_part(&query, &point), expected, "{text} at {point:?}");
            counts[usize::from(expected)] += 1;
        }
    }
    // Both answers came up often.
    assert!(counts.iter().all(|&count| count > 1000), "{counts:?}");
}
