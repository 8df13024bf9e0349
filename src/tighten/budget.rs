//! The time for all programs, shared out between the layers.

use std::time::{Duration, Instant};

use crate::bounds::NeuronBounds;
use crate::network::{NodeId, Phase, ReluGraph};

/// What is left of the time, and of the work.
///
/// Each layer may take a share of the time left in proportion to what its
/// programs are expected to cost, so that an early layer does not starve the
/// late ones, whose constants are the largest; what it leaves goes to those after
/// it. Within a layer the neurons with the largest relaxation come first.
#[derive(Debug)]
pub struct Budget {
    deadline: Option<Instant>,
    /// Work of the pass at hand, node by node.
    pass: Vec<f64>,
    /// Work of the passes after it.
    later: f64,
}

impl Budget {
    /// The whole time, for nothing planned yet.
    pub fn new(limit: Option<Duration>) -> Self {
        let deadline = limit.map(|limit| Instant::now() + limit);
        Self { deadline, pass: Vec::new(), later: 0.0 }
    }

    /// Plans a pass: its work, node by node, and that of the passes after it.
    pub fn plan(&mut self, pass: Vec<f64>, later: f64) {
        (self.pass, self.later) = (pass, later);
    }

    /// The end of a node's share of the time that is left. Before anything is
    /// planned that is all of it.
    pub fn share(&self, node: NodeId) -> Option<Instant> {
        let deadline = self.deadline?;
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let rest = self.pass.get(node.index()..).unwrap_or_default();
        let work = rest.first().copied().unwrap_or(0.0);
        let total = rest.iter().sum::<f64>() + self.later;
        Some(now + if total > 0.0 { left.mul_f64(work / total) } else { left })
    }
}

/// What the programs of a node are expected to cost: their number times the
/// size of the relaxation, inputs and unstable neurons before it, or all of
/// them with conditions on outputs.
pub fn work(graph: &ReluGraph, bounds: &NeuronBounds, node: NodeId, with_outputs: bool) -> f64 {
    let unstable = |node: NodeId| -> usize {
        let readers = graph.activation_layers().filter(|layer| layer.pre_activation == node);
        let open = |layer| {
            let neurons = 0..graph.size(node);
            neurons.filter(|&index| bounds.phase(layer, index) == Phase::Unstable).count()
        };
        readers.map(open).sum()
    };
    let ends = [graph.input(), graph.output()];
    let programs = if ends.contains(&node) { graph.size(node) } else { unstable(node) };
    let before = graph.nodes().map(|(id, _)| id).filter(|&id| with_outputs || id < node);
    let size = graph.size(graph.input()) + before.map(unstable).sum::<usize>();
    programs as f64 * size as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_shared_in_proportion_to_the_work_left() {
        let mut graph = ReluGraph::new(1);
        let relu = graph.relu(graph.input());
        let mut budget = Budget::new(Some(Duration::from_secs(1000)));
        let seconds = |end: Option<Instant>| {
            end.expect("a limit").saturating_duration_since(Instant::now()).as_secs_f64()
        };
        assert!((seconds(budget.share(relu)) - 1000.0).abs() < 5.0);
        budget.plan(vec![1.0, 3.0], 1.0);
        // By hand: a fifth of 1000 s; nothing was used, so three quarters of it.
        assert!((seconds(budget.share(graph.input())) - 200.0).abs() < 5.0);
        assert!((seconds(budget.share(relu)) - 750.0).abs() < 5.0);
        assert_eq!(Budget::new(None).share(relu), None);
    }
}
