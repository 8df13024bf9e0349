//! Columns for the outputs of the network, in programs that others read: `y0`, `y1`, …, free,
//! each with the row `y − output = 0`. Nothing else in the program speaks of them.

use super::Encoder;
use crate::bounds::{NeuronBounds, read_neurons};
use crate::num::Interval;

/// Most outputs that get columns also where the question does not read them: each is a row with
/// a coefficient for every neuron that it reads.
pub const MOST_OUTPUTS: usize = 1000;

impl Encoder<'_> {
    /// Gives all outputs of the network columns of their own or, where there are more than
    /// [`MOST_OUTPUTS`], those that the question reads. Leaves out the neurons that neither
    /// these nor the question read, as far as `bounds` tell.
    ///
    /// # Panics
    /// If the bounds are those of another network.
    #[must_use]
    pub fn with_outputs(mut self, bounds: &NeuronBounds) -> Self {
        let (graph, output) = (self.graph(), self.graph().output());
        let mut read = read_neurons(graph, bounds, self.problem.rows());
        if graph.size(output) <= MOST_OUTPUTS {
            let more = read_neurons(graph, bounds, output);
            read.iter_mut().flatten().zip(more.iter().flatten()).for_each(|(r, more)| *r |= more);
        }
        self.outputs = (0..graph.size(output)).filter(|&j| read[output.index()][j]).collect();
        self.read = Some(read);
        self
    }

    /// Adds the columns, once all nodes are there.
    pub(super) fn add_outputs(&mut self) {
        let output = self.graph().output();
        let everything = Interval::new(f64::NEG_INFINITY, f64::INFINITY).expect("an interval");
        for index in std::mem::take(&mut self.outputs) {
            let name = format!("y{index}");
            let column = self.model.continuous(name.clone(), everything);
            let mut definition = self.expression(output, index).clone();
            definition.terms.push((column, -1.0));
            self.model.equal_zero(format!("{name}.is"), definition);
            self.values.push((column, output, index));
        }
    }
}
