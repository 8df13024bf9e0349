//! The oracle and the judge on what is known otherwise.

use serde_json::{Value as Json, json};

use crate::exact;
use crate::exact::rational::rounded;
use crate::scales::case::{Scaled, scaled};
use crate::scales::constraints::Spot;
use crate::scales::judge::{Gap, Mistake, Verdict, judge};
use crate::scales::oracle::{Pass, optimum, real_regions};

const GAP: Gap = Gap { relative: 1e-6, absolute: 0.0 };

/// The search for whole numbers against enumeration of all of them.
#[test]
fn both_ways_to_whole_numbers_agree() {
    let mut whole = 0;
    for seed in 0..200 {
        let case = exact::random_case(seed);
        if case.integer.is_empty() {
            continue;
        }
        let found = optimum(&case, &real_regions(&case)).expect("small boxes");
        let value = found.map(|best| rounded(&best.value));
        assert_eq!(value, exact::solve(&case).map(|best| best.value), "seed {seed}");
        whole += 1;
    }
    assert!(whole > 30, "only {whole} cases");
}

/// Values at the optimum by another path: there the oracle evaluates forms of a region, here
/// the network is run.
#[test]
fn the_optimum_is_attained_and_satisfies_all_constraints() {
    let mut checked = 0;
    for seed in 0..100 {
        let Ok(Scaled { case, truth: Some(best), .. }) = scaled(seed) else { continue };
        let pass = Pass::new(&case, best.inputs.clone());
        assert_eq!(pass.objective(&case).exact, best.value, "seed {seed}");
        for constraint in &case.constraints {
            let left = pass.left(constraint).exact;
            let right = exact::rational::exact(constraint.right);
            let holds = match constraint.relation {
                exact::Relation::AtMost => left <= right,
                exact::Relation::AtLeast => left >= right,
                exact::Relation::Equal => left == right,
            };
            assert!(holds, "seed {seed}");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} constraints");
}

/// The right answer to a case, up to the rounding of its numbers.
fn right_answer(scaled: &Scaled) -> Json {
    let Some(best) = &scaled.truth else { return json!({"status": "infeasible"}) };
    let input: Vec<f64> = best.inputs.iter().map(rounded).collect();
    let inputs = input.iter().copied().map(exact::rational::exact).collect();
    let objective = rounded(&Pass::new(&scaled.case, inputs).objective(&scaled.case).exact);
    let bound = rounded(&best.value);
    json!({"status": "optimal", "input": input, "objective": objective, "bound": bound})
}

/// Cases with an optimum, some range of the objective and no constraints, which a rounded
/// point could miss.
fn plain_cases() -> impl Iterator<Item = Scaled> {
    let cases = (0..200).filter_map(|seed| scaled(seed).ok());
    cases.filter(|scaled| {
        let plain = scaled.oddities.spot == Spot::None && scaled.range > 0.0;
        plain && scaled.truth.is_some() && scaled.case.integer.is_empty()
    })
}

fn mistake(scaled: &Scaled, answer: &Json) -> Option<Mistake> {
    match judge(scaled, GAP, answer) {
        Verdict::Wrong(mistake, _) => Some(mistake),
        Verdict::Right | Verdict::Open(..) => None,
    }
}

#[test]
fn right_answers_are_right() {
    let mut infeasible = 0;
    for scaled in plain_cases() {
        let verdict = judge(&scaled, GAP, &right_answer(&scaled));
        assert!(matches!(verdict, Verdict::Right), "seed {}: {verdict:?}", scaled.seed);
    }
    for scaled in (0..100).filter_map(|seed| scaled(seed).ok()) {
        if scaled.truth.is_none() {
            assert_eq!(mistake(&scaled, &right_answer(&scaled)), None, "seed {}", scaled.seed);
            infeasible += 1;
        }
    }
    assert!(infeasible > 10, "only {infeasible}");
}

#[test]
fn an_open_answer_is_not_wrong() {
    for scaled in plain_cases() {
        for answer in [json!({"status": "unknown"}), json!({"status": "unknown", "bound": null})] {
            let verdict = judge(&scaled, GAP, &answer);
            assert!(matches!(verdict, Verdict::Open(..)), "seed {}: {verdict:?}", scaled.seed);
        }
    }
}

#[test]
fn wrong_answers_are_wrong() {
    let mut judged = 0;
    for scaled in plain_cases() {
        let wrong = |change: &dyn Fn(&mut Json)| {
            let mut answer = right_answer(&scaled);
            change(&mut answer);
            mistake(&scaled, &answer)
        };
        let seed = scaled.seed;
        let toward_better = if scaled.case.maximize { 1.0 } else { -1.0 };
        let bound = rounded(&scaled.truth.as_ref().expect("an optimum").value);

        let found = wrong(&|answer| answer["status"] = json!("infeasible"));
        assert_eq!(found, Some(Mistake::Infeasible), "seed {seed}");

        let found = wrong(&|answer| answer["input"][0] = json!(scaled.case.upper[0].next_up()));
        assert_eq!(found, Some(Mistake::Point), "seed {seed}");

        let beyond = bound - toward_better * 1e-3 * scaled.range;
        let found = wrong(&|answer| answer["bound"] = json!(beyond));
        assert_eq!(found, Some(Mistake::Bound), "seed {seed}");

        let within = bound + toward_better * 1e-3 * scaled.range;
        let found = wrong(&|answer| answer["bound"] = json!(within));
        assert_eq!(found, None, "seed {seed}");

        let beyond = if scaled.case.maximize { bound.next_down() } else { bound.next_up() };
        let beyond = if scaled.case.maximize { beyond.next_down() } else { beyond.next_up() };
        let found = wrong(&|answer| {
            answer["bound"] = json!(beyond);
            answer["bound_by"] = json!("certified");
        });
        assert_eq!(found, Some(Mistake::Certified), "seed {seed}");
        judged += 1;
    }
    assert!(judged > 20, "only {judged}");
}
