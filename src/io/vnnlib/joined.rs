//! Queries of several networks, or of values inside them, as queries of one network: of all
//! inputs, to all outputs and values inside.
//!
//! Inputs that an assertion says to be equal, as of two networks at the same point, become one
//! input, so that there are no more of them to divide than the query has freedoms.

use super::error::VnnlibError;
use super::query::{
    Atom, Formula, NetworkDeclaration, NetworkRelation, Query, Relation, Tensor, Variable,
};
use super::term::merge;

/// A query as one of a single network without hidden values.
#[derive(Clone, Debug)]
pub struct Joined {
    /// That query. Its inputs are the common ones, its outputs those of each network in order
    /// with its hidden values behind them.
    pub query: Query,
    /// Of each network, which common inputs its inputs are.
    pub inputs: Vec<Vec<usize>>,
    /// Of each variable of the query as it was, the variable that it is now.
    variables: Vec<Variable>,
}

impl Joined {
    /// Joins the networks of a query; `None` where there is one, without hidden values. It takes
    /// as much memory as the query declares variables: that there are as many is to be known.
    ///
    /// # Errors
    /// Coefficients of equal inputs together are out of range.
    pub fn of(query: &Query) -> Result<Option<Self>, VnnlibError> {
        if let [only] = &query.networks[..]
            && only.hidden.is_empty()
        {
            return Ok(None);
        }
        let common = common_inputs(query);
        let count = common.iter().flatten().max().map_or(0, |&last| last + 1);
        let mut variables = vec![Variable(0); query.variable_count()];
        let mut inputs = Vec::new();
        let (mut next, mut outputs) = (count, Vec::new());
        for network in &query.networks {
            let of_inputs = elements(&network.inputs).map(|v| common[v].expect("an input"));
            let of_inputs: Vec<usize> = of_inputs.collect();
            for (variable, &input) in elements(&network.inputs).zip(&of_inputs) {
                variables[variable] = Variable(input);
            }
            inputs.push(of_inputs);
            for tensor in network.outputs.iter().chain(&network.hidden) {
                for element in 0..tensor.count() {
                    variables[tensor.first.0 + element] = Variable(next + element);
                }
                outputs.push(Tensor { first: Variable(next), ..tensor.clone() });
                next += tensor.count();
            }
        }
        let declared = NetworkDeclaration {
            name: query.networks[0].name.clone(),
            relation: NetworkRelation::None,
            inputs: input_tensors(query, &common, count),
            hidden: Vec::new(),
            outputs,
        };
        let mut assertions = query.assertions.clone();
        assertions.iter_mut().try_for_each(|formula| renumber(formula, &variables))?;
        let (version, warnings) = (query.version, query.warnings.clone());
        let query = Query { version, networks: vec![declared], assertions, warnings };
        Ok(Some(Self { query, inputs, variables }))
    }

    /// The values of all variables of the query as it was, from those of the common inputs and
    /// all outputs.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn values(&self, joined: &[f64]) -> Vec<f64> {
        self.variables.iter().map(|variable| joined[variable.0]).collect()
    }
}

fn elements(tensors: &[Tensor]) -> impl Iterator<Item = usize> {
    tensors.iter().flat_map(|tensor| tensor.first.0..tensor.first.0 + tensor.count())
}

/// Of each variable that is an input, the number of the common input that it is: those that are
/// asserted to be equal have the same one.
fn common_inputs(query: &Query) -> Vec<Option<usize>> {
    let mut first: Vec<Option<usize>> = vec![None; query.variable_count()];
    for variable in query.networks.iter().flat_map(|network| elements(&network.inputs)) {
        first[variable] = Some(variable);
    }
    let mut open: Vec<&Formula> = query.assertions.iter().collect();
    while let Some(formula) = open.pop() {
        match formula {
            Formula::All(formulas) => open.extend(formulas),
            Formula::Any(formulas) => open.extend((formulas.len() == 1).then(|| &formulas[0])),
            Formula::Atom(atom) => {
                let Some([a, b]) = equal_pair(atom) else { continue };
                let (Some(a), Some(b)) = (found(&first, a), found(&first, b)) else { continue };
                first[a.max(b)] = Some(a.min(b));
            }
        }
    }
    let mut numbers: Vec<Option<usize>> = vec![None; first.len()];
    let mut count = 0;
    for variable in 0..first.len() {
        // The first of equal ones stands in front of the others.
        let Some(representative) = found(&first, variable) else { continue };
        numbers[variable] = match representative == variable {
            false => numbers[representative],
            true => {
                count += 1;
                Some(count - 1)
            }
        };
    }
    numbers
}

/// The first of the variables that a variable is equal to; `None` of what is no input.
fn found(first: &[Option<usize>], variable: usize) -> Option<usize> {
    let mut at = variable;
    loop {
        match first[at]? {
            before if before == at => return Some(at),
            before => at = before,
        }
    }
}

/// The two variables that an atom says to be equal.
fn equal_pair(atom: &Atom) -> Option<[usize; 2]> {
    let [(a, factor), (b, other)] = &atom.terms[..] else { return None };
    let is_difference = *factor == other.negated() && atom.constant.is_zero();
    (atom.relation == Relation::Equal && is_difference).then_some([a.0, b.0])
}

/// The common inputs: the tensors as they are where none is equal to another one, else each by
/// itself, named like the first of those that it is.
fn input_tensors(query: &Query, common: &[Option<usize>], count: usize) -> Vec<Tensor> {
    let all: Vec<&Tensor> = query.networks.iter().flat_map(|network| &network.inputs).collect();
    let mut next = 0;
    if all.iter().map(|tensor| tensor.count()).sum::<usize>() == count {
        let renumbered = all.into_iter().map(|tensor| {
            let first = Variable(next);
            next += tensor.count();
            Tensor { first, ..tensor.clone() }
        });
        return renumbered.collect();
    }
    let mut tensors: Vec<Tensor> = Vec::new();
    for tensor in all {
        for variable in (tensor.first.0..).take(tensor.count()) {
            if common[variable] == Some(tensors.len()) {
                tensors.push(Tensor {
                    name: query.name(Variable(variable)),
                    onnx_name: None,
                    element_type: tensor.element_type,
                    shape: Vec::new(),
                    first: Variable(tensors.len()),
                    position: tensor.position,
                });
            }
        }
    }
    tensors
}

fn renumber(formula: &mut Formula, variables: &[Variable]) -> Result<(), VnnlibError> {
    match formula {
        Formula::All(formulas) | Formula::Any(formulas) => {
            formulas.iter_mut().try_for_each(|formula| renumber(formula, variables))
        }
        Formula::Atom(atom) => {
            for (variable, _) in &mut atom.terms {
                *variable = variables[variable.0];
            }
            merge(&mut atom.terms, atom.position)
        }
    }
}
