//! What a node of the network as read is in terms of the pruned one.

use ndarray::{Array1, Array2, Axis};

use crate::network::{Linear, NodeId, ReluGraph};

/// A node's value.
pub enum Value {
    /// That of a node of the pruned network, neuron by neuron.
    Same(NodeId),
    /// A sum over several.
    Mixed(Sum),
}

/// `Σ Mₜ xₜ + constant` over nodes of the pruned network, each once.
pub struct Sum {
    terms: Vec<(NodeId, Array2<f64>)>,
    pub constant: Array1<f64>,
}

impl Value {
    /// Some of its `size` coordinates.
    pub fn rows(&self, rows: &[usize], size: usize) -> Sum {
        match self {
            Self::Same(id) => {
                let mut matrix = Array2::zeros((rows.len(), size));
                for (row, &column) in rows.iter().enumerate() {
                    matrix[(row, column)] = 1.0;
                }
                Sum { terms: vec![(*id, matrix)], constant: Array1::zeros(rows.len()) }
            }
            Self::Mixed(sum) => Sum {
                terms: sum.terms.iter().map(|(id, m)| (*id, m.select(Axis(0), rows))).collect(),
                constant: sum.constant.select(Axis(0), rows),
            },
        }
    }

    /// Adds `weights · value` to a sum.
    pub fn add_product(&self, weights: Array2<f64>, to: &mut Sum) {
        match self {
            Self::Same(id) => to.add(*id, weights),
            Self::Mixed(sum) => {
                to.constant += &weights.dot(&sum.constant);
                for (id, matrix) in &sum.terms {
                    to.add(*id, weights.dot(matrix));
                }
            }
        }
    }
}

impl Sum {
    /// Nothing.
    pub fn zeros(size: usize) -> Self {
        Self { terms: Vec::new(), constant: Array1::zeros(size) }
    }

    /// The value of a node.
    pub fn of_node(node: NodeId, size: usize) -> Self {
        Self { terms: vec![(node, Array2::eye(size))], constant: Array1::zeros(size) }
    }

    /// Adds `matrix · node`.
    pub fn add(&mut self, node: NodeId, matrix: Array2<f64>) {
        match self.terms.iter_mut().find(|(id, _)| *id == node) {
            Some((_, sum)) => *sum += &matrix,
            None => self.terms.push((node, matrix)),
        }
    }

    /// Adds row `k` of `other` to row `places[k]`.
    pub fn add_rows(&mut self, other: &Self, places: &[usize]) {
        for (k, &place) in places.iter().enumerate() {
            self.constant[place] += other.constant[k];
        }
        for (id, matrix) in &other.terms {
            let mut spread = Array2::zeros((self.constant.len(), matrix.ncols()));
            for (row, &place) in matrix.outer_iter().zip(places) {
                spread.row_mut(place).assign(&row);
            }
            self.add(*id, spread);
        }
    }

    /// Columns of all matrices.
    pub fn columns(&self) -> usize {
        self.terms.iter().map(|(_, matrix)| matrix.ncols()).sum()
    }

    /// Multiplications of these rows and of a matrix of `readers` rows behind them.
    pub fn cost(&self, readers: usize) -> usize {
        self.constant.len() * (self.columns() + readers)
    }

    /// The sum as a node.
    pub fn into_node(mut self, graph: &mut ReluGraph) -> NodeId {
        if self.terms.is_empty() {
            let zeros = Array2::zeros((self.constant.len(), graph.size(graph.input())));
            self.terms.push((graph.input(), zeros));
        }
        self.terms.sort_by_key(|(id, _)| *id);
        let terms = self.terms.into_iter().map(|(id, matrix)| (id, Linear::dense(matrix)));
        graph.affine(terms.collect(), self.constant)
    }
}
