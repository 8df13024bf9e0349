//! The forms along a path once more, in exact arithmetic: computed from the weights and the
//! phases where they are asked for, and kept as long as the phases before them stay.

use std::rc::Rc;

use super::exact::{self, Number};
use super::path::Origin;
use super::plan::{Kind, Plan, phase};
use crate::network::Phase;

type CachedForm = Option<(u64, Rc<[Number]>)>;

/// Exact forms of the affine nodes.
#[derive(Debug)]
pub struct ExactForms<'p> {
    plan: &'p Plan,
    /// With the stamp of the stage they belong to.
    cache: Vec<Vec<CachedForm>>,
    stage_of: Vec<usize>,
    /// Counts the entries into each stage and the tail.
    stamps: Vec<u64>,
}

impl<'p> ExactForms<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        let mut stage_of = vec![plan.stages.len(); plan.nodes.len()];
        for (k, stage) in plan.stages.iter().enumerate() {
            stage.affine.iter().for_each(|&node| stage_of[node] = k);
        }
        let cache = plan.nodes.iter().map(|node| vec![None; node.entries.len()]).collect();
        Self { plan, cache, stage_of, stamps: vec![0; plan.stages.len() + 1] }
    }

    /// Phases before a stage may have changed.
    pub fn enter(&mut self, stage: usize) {
        self.stamps[stage] += 1;
    }

    /// The exact form of a cut.
    pub fn cut(&mut self, passed: &[Vec<u8>], origin: Origin) -> Rc<[Number]> {
        let plan = self.plan;
        let last = plan.dimension();
        let side = |d: usize, sign: f64, end: f64| {
            let mut form = vec![Number::ZERO; last + 1];
            form[d] = exact::number(sign);
            form[last] = exact::number(-sign * end);
            form.into()
        };
        match origin {
            Origin::Lower(d) => side(d, 1.0, plan.lower[d]),
            Origin::Upper(d) => side(d, -1.0, plan.upper[d]),
            Origin::Constraint(index) => plan.constraints[index].as_slice().into(),
            Origin::Bend { node, entry, level } => {
                let form = self.value(passed, node, entry);
                if level == 0.0 {
                    return form;
                }
                let mut shifted = form.to_vec();
                shifted[last] -= exact::number(level);
                shifted.into()
            }
        }
    }

    /// The exact form of an entry of a node, under the phases of the path.
    pub fn value(&mut self, passed: &[Vec<u8>], node: usize, entry: usize) -> Rc<[Number]> {
        let plan = self.plan;
        let last = plan.dimension();
        let constant = |value: f64| {
            let mut form = vec![Number::ZERO; last + 1];
            form[last] = exact::number(value);
            form
        };
        match &plan.nodes[node].kind {
            Kind::Unused => unreachable!("only entries that are read have a form"),
            Kind::Input => {
                let input = plan.nodes[node].entries[entry];
                let mut form = constant(plan.domain.lower()[input]);
                if let Ok(position) = plan.free.binary_search(&input) {
                    form[last] = Number::ZERO;
                    form[position] = Number::ONE;
                }
                form.into()
            }
            Kind::Activation { stage } => {
                let neuron = plan.stages[*stage].neurons[entry];
                match (phase(passed[*stage][entry]), neuron.input) {
                    (Phase::Active, Some(i)) => self.value(passed, plan.stages[*stage].input, i),
                    (Phase::Saturated, _) => constant(neuron.level(1)).into(),
                    _ => constant(0.0).into(),
                }
            }
            Kind::Affine { terms, bias } => {
                let stamp = self.stamps[self.stage_of[node]];
                if let Some((known, form)) = &self.cache[node][entry]
                    && *known == stamp
                {
                    return Rc::clone(form);
                }
                let mut sum = constant(bias[entry]);
                for term in terms {
                    let is_zero = |j: usize| match plan.nodes[term.source].kind {
                        Kind::Activation { stage } => passed[stage][j] == 0,
                        _ => false,
                    };
                    for &(j, w) in term.rows[entry].iter().filter(|entry| !is_zero(entry.0)) {
                        let form = self.value(passed, term.source, j);
                        exact::add_multiple(&mut sum, w, &form);
                    }
                }
                let form: Rc<[Number]> = sum.into();
                self.cache[node][entry] = Some((stamp, Rc::clone(&form)));
                form
            }
        }
    }
}
