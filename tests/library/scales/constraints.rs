//! Constraints at hard spots: on a kink, at the edge of what the box permits, narrow.
//!
//! Their right sides come from exact values, rounded once to a double; whether a point is
//! left, the oracle decides.

use dashu_ratio::RBig;

use crate::exact::optimum::Expression;
use crate::exact::random_case::Draw;
use crate::exact::rational::{exact, rounded};
use crate::exact::regions::Region;
use crate::exact::{Case, Constraint, Relation, output_count};
use crate::scales::oracle::{Pass, Value, extremes};
use crate::scales::units::power_of_ten;

/// Where the last constraints of a case stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// There are none.
    None,
    /// Those of a random case, in other units.
    Plain,
    /// The right side is the value where neurons bend.
    Kink,
    /// Only the best points of the box satisfy it, or those next to them.
    Edge,
    /// No point does: all miss it by a share of 1e-3 to 1e-7 of its size.
    Missed,
    /// The same by 1e-8 to 1e-12, where a point may pass for feasible.
    BarelyMissed,
    /// An equation on outputs through a random point.
    Equation,
    /// An equation on inputs only.
    InputEquation,
    /// Two inequalities about a random point.
    Strip,
}

impl Spot {
    /// All but those that a random case has by itself.
    const HARD: [Self; 7] = [
        Self::Kink,
        Self::Edge,
        Self::Missed,
        Self::BarelyMissed,
        Self::Equation,
        Self::InputEquation,
        Self::Strip,
    ];

    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Plain => "plain",
            Self::Kink => "at a kink",
            Self::Edge => "at the edge",
            Self::Missed => "missed",
            Self::BarelyMissed => "barely missed",
            Self::Equation => "equation",
            Self::InputEquation => "equation on inputs",
            Self::Strip => "strip",
        }
    }
}

/// Smallest size of terms that are made alike: people write no coefficients beyond.
const SMALLEST: f64 = 1e-15;

/// The largest of them.
const LARGEST: f64 = 1e15;

/// How far inside the edge a constraint stands, as a share of its size.
const INSIDE: [f64; 5] = [0.0, 1e-12, 1e-9, 1e-6, 1e-3];

/// How far outside it stands where that is plain.
const OUTSIDE: [f64; 5] = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7];

/// How far outside it stands where a point may pass for feasible.
const BARELY_OUTSIDE: [f64; 5] = [1e-8, 1e-9, 1e-10, 1e-11, 1e-12];

/// Adds constraints at a hard spot to most cases.
pub fn harden(draw: &mut Draw, case: &mut Case, regions: &[Region]) -> Spot {
    if draw.chance(0.25) {
        return if case.constraints.is_empty() { Spot::None } else { Spot::Plain };
    }
    // Several random ones leave no point more often than not.
    case.constraints.truncate(usize::from(draw.chance(0.3)));
    let spot = draw.pick(&Spot::HARD);
    let constraint = left_side(draw, case, spot == Spot::InputEquation);
    let new = match spot {
        Spot::Kink => vec![at_kink(draw, constraint, case, regions)],
        Spot::Edge => {
            let share = -draw.pick(&INSIDE);
            vec![beside_edge(draw, constraint, case, regions, share)]
        }
        Spot::Missed => {
            let share = draw.pick(&OUTSIDE);
            vec![beside_edge(draw, constraint, case, regions, share)]
        }
        Spot::BarelyMissed => {
            let share = draw.pick(&BARELY_OUTSIDE);
            vec![beside_edge(draw, constraint, case, regions, share)]
        }
        Spot::Strip => strip(draw, &constraint, case),
        Spot::Equation | Spot::InputEquation => {
            let right = rounded(&at_random_point(draw, &constraint, case).exact);
            vec![Constraint { right, ..constraint }]
        }
        Spot::None | Spot::Plain => unreachable!("not among the hard ones"),
    };
    case.constraints.extend(new);
    spot
}

/// An equation with the right side 0: one variable, or a sum whose terms are about alike.
fn left_side(draw: &mut Draw, case: &Case, inputs_only: bool) -> Constraint {
    let (inputs, outputs) = (case.lower.len(), output_count(case));
    let pass = Pass::new(case, random_point(draw, case));
    let [single, mixed] = [0.5, 0.3].map(|chance| draw.chance(chance));
    let first = if inputs_only || mixed { 0 } else { inputs };
    let last = if inputs_only { inputs } else { inputs + outputs };
    let mut variables: Vec<usize> = (first..last).collect();
    if single {
        variables = vec![draw.pick(&variables)];
    }
    let mut constraint = equation(vec![0.0; inputs], vec![0.0; outputs]);
    for variable in variables {
        let mut alone = equation(vec![0.0; inputs], vec![0.0; outputs]);
        *coefficient(&mut alone, variable) = 1.0;
        let size = pass.left(&alone).size;
        let unit = if single || size == 0.0 { 1.0 } else { size.clamp(SMALLEST, LARGEST) };
        let factor = draw.pick(&[-2.0, -1.0, -1.0, 0.5, 1.0, 1.0, 1.5]);
        *coefficient(&mut constraint, variable) = factor / unit;
    }
    constraint
}

fn equation(inputs: Vec<f64>, outputs: Vec<f64>) -> Constraint {
    Constraint { inputs, outputs, relation: Relation::Equal, right: 0.0 }
}

/// The coefficient of a variable, outputs counted after inputs.
fn coefficient(constraint: &mut Constraint, variable: usize) -> &mut f64 {
    match variable.checked_sub(constraint.inputs.len()) {
        Some(output) => &mut constraint.outputs[output],
        None => &mut constraint.inputs[variable],
    }
}

fn random_point(draw: &mut Draw, case: &Case) -> Vec<RBig> {
    draw.point(case).into_iter().map(exact).collect()
}

fn at_random_point(draw: &mut Draw, constraint: &Constraint, case: &Case) -> Value {
    Pass::new(case, random_point(draw, case)).left(constraint)
}

/// An inequality or equation that a vertex of a region meets exactly, but for the rounding
/// of its right side.
fn at_kink(draw: &mut Draw, constraint: Constraint, case: &Case, regions: &[Region]) -> Constraint {
    let numbers: Vec<usize> = (0..regions.len()).collect();
    let number = draw.pick(&numbers);
    let aim: Vec<f64> = case.lower.iter().map(|_| draw.pick(&[-2.0, -1.0, 1.0, 3.0])).collect();
    let aim = Expression::new(&aim, &vec![0.0; output_count(case)], 0.0);
    let [vertex, _] = extremes(&aim, &regions[number..=number]);
    let right = rounded(&Pass::new(case, vertex.inputs).left(&constraint).exact);
    let relation = draw.pick(&[Relation::AtMost, Relation::AtLeast, Relation::Equal]);
    Constraint { relation, right, ..constraint }
}

/// An inequality whose right side lies beside the largest or least value of the left side:
/// outside by a share of the size there, or inside if the share is negative.
fn beside_edge(
    draw: &mut Draw,
    constraint: Constraint,
    case: &Case,
    regions: &[Region],
    share: f64,
) -> Constraint {
    let expression = Expression::new(&constraint.inputs, &constraint.outputs, 0.0);
    let [least, most] = extremes(&expression, regions);
    let (edge, sign, relation) = match draw.chance(0.5) {
        true => (least, -1.0, Relation::AtMost),
        false => (most, 1.0, Relation::AtLeast),
    };
    let size = Pass::new(case, edge.inputs).left(&constraint).size;
    let right = rounded(&(edge.value + exact(sign * share * size)));
    Constraint { relation, right, ..constraint }
}

/// Two inequalities that leave a narrow strip about a random point.
fn strip(draw: &mut Draw, constraint: &Constraint, case: &Case) -> Vec<Constraint> {
    let middle = at_random_point(draw, constraint, case);
    let width = power_of_ten(draw.pick(&[-3, -5, -7, -9, -11])) * middle.size;
    let side = |relation, distance: f64| Constraint {
        relation,
        right: rounded(&(&middle.exact + exact(distance))),
        ..constraint.clone()
    };
    vec![side(Relation::AtLeast, -width), side(Relation::AtMost, width)]
}
