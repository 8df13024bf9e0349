//! A random case in odd units, with hard constraints, and its exact answer.

use crate::exact::Case;
use crate::exact::optimum::{Candidate, Goal};
use crate::exact::random_case::Draw;
use crate::exact::rational::rounded;
use crate::scales::constraints::{Spot, harden};
use crate::scales::oracle::{Undecided, extremes, optimum, real_regions};
use crate::scales::units::{
    Domain, Span, change_boxes, change_inputs, change_neurons, change_outputs, scatter_weights,
};

/// A case, what is odd about it, and the truth.
pub struct Scaled {
    /// Where it comes from.
    pub seed: u64,
    /// The numbers that Taut and the oracle get.
    pub case: Case,
    /// What is odd about them.
    pub oddities: Oddities,
    /// The best point; `None` where there is none.
    pub truth: Option<Candidate>,
    /// Difference of the largest and the least value of the objective over the box,
    /// without constraints.
    pub range: f64,
}

/// What is odd about a case.
#[derive(Clone, Copy, Debug)]
pub struct Oddities {
    /// Whether weights that belong together differ by decades.
    pub scattered: bool,
    /// Units of the inputs.
    pub inputs: Span,
    /// Where the box lies.
    pub domain: Domain,
    /// Units of the hidden neurons.
    pub neurons: Span,
    /// Units of the outputs.
    pub outputs: Span,
    /// Where the constraints stand.
    pub spot: Spot,
}

impl Scaled {
    /// How many whole numbers integer inputs have to choose from.
    pub fn whole(&self) -> &'static str {
        let width = |&input: &usize| self.case.upper[input] - self.case.lower[input];
        match self.case.integer.iter().map(width).reduce(f64::max) {
            None => "no",
            Some(width) if width < 100.0 => "few numbers",
            Some(_) => "many numbers",
        }
    }
}

/// The case of a seed.
pub fn scaled(seed: u64) -> Result<Scaled, Undecided> {
    let mut draw = Draw::new(seed, 0);
    let mut case = draw.case();
    let scattered = scatter_weights(&mut draw, &mut case);
    let inputs = change_inputs(&mut draw, &mut case);
    let domain = change_boxes(&mut draw, &mut case);
    let neurons = change_neurons(&mut draw, &mut case);
    let outputs = change_outputs(&mut draw, &mut case);
    if draw.chance(0.3) {
        ask_for_an_input(&mut draw, &mut case);
    }
    let regions = real_regions(&case);
    let spot = harden(&mut draw, &mut case, &regions);
    let truth = optimum(&case, &regions)?;
    let [least, most] = extremes(&Goal::of(&case).objective, &regions);
    let range = rounded(&(most.value - least.value));
    let oddities = Oddities { scattered, inputs, domain, neurons, outputs, spot };
    Ok(Scaled { seed, case, oddities, truth, range })
}

/// Puts a single input into the objective, whose value then hangs on the constraints.
fn ask_for_an_input(draw: &mut Draw, case: &mut Case) {
    let inputs: Vec<usize> = (0..case.lower.len()).collect();
    case.objective_inputs.fill(0.0);
    case.objective_outputs.fill(0.0);
    case.objective_constant = 0.0;
    case.objective_inputs[draw.pick(&inputs)] = 1.0;
}
