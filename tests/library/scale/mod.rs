//! Scaling: the same function to the last bit, the same bounds in other units, the
//! same answers; and smaller big-M constants.

mod answers;
mod bits;
mod factors;
mod networks;

use taut::bounds::{IntervalPropagation, NeuronBounds, Propagator};
use taut::network::ReluGraph;
use taut::num::IntervalBox;

/// The box [−1, 1]ⁿ.
fn unit_box(inputs: usize) -> IntervalBox {
    IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box")
}

fn interval_bounds(graph: &ReluGraph) -> NeuronBounds {
    let domain = unit_box(graph.size(graph.input()));
    IntervalPropagation.propagate(graph, &domain).expect("bounds")
}
