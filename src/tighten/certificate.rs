//! What proves a tightened bound: multipliers that anyone can multiply out.

use thiserror::Error;

use crate::bounds::NeuronBounds;
use crate::encode::{EncodeError, Encoder, Triangle};
use crate::milp::{LinearExpression, dual_bound};
use crate::network::NodeId;
use crate::problem::Problem;

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The lower one.
    Lower,
    /// The upper one.
    Upper,
}

impl Side {
    /// The sign under which the end is a least value: the upper end of `a` is
    /// `−min(−a)`.
    pub fn sign(self) -> f64 {
        match self {
            Self::Lower => 1.0,
            Self::Upper => -1.0,
        }
    }
}

/// A bound of one neuron and the multipliers it follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Lemma {
    /// The neuron.
    pub index: usize,
    /// Which end of its range.
    pub side: Side,
    /// The bound.
    pub bound: f64,
    /// Rows of the relaxation and their multipliers, all others 0.
    pub multipliers: Vec<(usize, f64)>,
}

/// The lemmas that were proven over one relaxation of the network, that of
/// [`Triangle`] on given bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The node whose neurons are bounded.
    pub node: NodeId,
    /// Bounds of the nodes that the relaxation is made of: with the rows of the question,
    /// constraints on outputs are among its rows.
    pub premises: NeuronBounds,
    /// The bounds.
    pub lemmas: Vec<Lemma>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CertificateError {
    /// The relaxation cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A row that the relaxation does not have.
    #[error("neuron {index} of node {node}: row {row}, where the relaxation has {rows} rows")]
    Row {
        /// The node.
        node: usize,
        /// The neuron.
        index: usize,
        /// The row.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// Multipliers that do not prove the bound.
    #[error(
        "neuron {index} of node {node}: the multipliers prove {proven}, the {side:?} bound is {bound}"
    )]
    Bound {
        /// The node.
        node: usize,
        /// The neuron.
        index: usize,
        /// The end.
        side: Side,
        /// The bound stated.
        bound: f64,
        /// What follows from the multipliers.
        proven: f64,
    },
}

impl Certificate {
    /// Derives every bound again from the network, the premises and the
    /// multipliers. That the premises hold is for the certificates before this
    /// one, and for propagation.
    ///
    /// # Errors
    /// [`CertificateError`], for the first lemma that does not hold.
    ///
    /// # Panics
    /// If the premises or the neurons are those of another network.
    pub fn check(&self, problem: &Problem) -> Result<(), CertificateError> {
        let nodes = problem.graph().nodes().map(|(id, _)| id).take(self.premises.len());
        let boxes = nodes.map(|id| self.premises.of(id).clone());
        let Some(part) = problem.whole() else { return Ok(()) };
        let relaxation = Encoder::over(problem, part, boxes, &Triangle)?;
        let model = relaxation.model();
        let node = self.node.index();
        for &Lemma { index, side, bound, ref multipliers } in &self.lemmas {
            let mut dense = vec![0.0; model.rows().len()];
            for &(row, multiplier) in multipliers {
                let rows = dense.len();
                *dense.get_mut(row).ok_or(CertificateError::Row { node, index, row, rows })? =
                    multiplier;
            }
            let objective = signed(relaxation.expression(self.node, index), side);
            let proven = side.sign() * dual_bound(model, &objective, &dense);
            // Written so that NaN proves nothing.
            let holds = side.sign() * proven >= side.sign() * bound;
            if !holds {
                return Err(CertificateError::Bound { node, index, side, bound, proven });
            }
        }
        Ok(())
    }
}

/// `expression`, or minus it, so that the end sought is its least value.
pub fn signed(expression: &LinearExpression, side: Side) -> LinearExpression {
    let sign = side.sign();
    let terms = expression.terms.iter().map(|&(column, c)| (column, sign * c));
    LinearExpression { terms: terms.collect(), constant: sign * expression.constant }
}
