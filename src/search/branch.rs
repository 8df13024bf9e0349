//! Where a part is halved: what each input promises.

use super::layout::{Layout, Part, Room};
use super::tape::Kind;

/// What a neuron between two planes counts beside an input that the row reads.
const INDIRECT: f64 = 3.0;

/// What the plane below a neuron counts beside the one above it: its slope is chosen well.
const BELOW: f64 = 0.3;

impl Layout {
    /// Adds what halving along each input promises for the row that has been led back last: how
    /// far its plane moves along the input, and how far the planes of the open neurons that it
    /// reads do; as a share of what is missing until the part is done with.
    ///
    /// Source of the indirect part: Henriksen & Lomuscio, "DEEPSPLIT" (2021), doi
    /// 10.24963/ijcai.2021/351, as it stands in VeriNet.
    pub fn score(&self, part: &mut Part, slope: &[f64], missing: f64, room: &mut Room) {
        let inputs = self.inputs();
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        let scores = &mut room.scores;
        scores.iter_mut().zip(slope).for_each(|(score, a)| *score = a.abs());
        let trace = room.rows.trace();
        for step in &self.tape.steps {
            let Kind::Activation { from, .. } = step.kind else { continue };
            let pre = self.tape.steps[from].start;
            for index in 0..step.size {
                let (at, pre) = (step.start + index, pre + index);
                let a = trace[at];
                if a == 0.0 || !room.lines.is_open[at] {
                    continue;
                }
                let (l, u) = (lower[pre], upper[pre]);
                let weight = INDIRECT * loss(a, room.lines.gap(at, l, u), BELOW) / (u - l);
                let at = pre * inputs..(pre + 1) * inputs;
                let Some(steepness) = room.steepness.get(at) else { continue };
                scores.iter_mut().zip(steepness).for_each(|(s, a)| *s += weight * a);
            }
        }
        let widths = lower[..inputs].iter().zip(&upper[..inputs]).map(|(l, u)| u - l);
        scores.iter_mut().zip(widths).for_each(|(s, width)| *s *= width);
        if missing > 0.0 {
            part.scores.iter_mut().zip(&*scores).for_each(|(to, score)| *to += score / missing);
        }
    }
}

/// What a row with a coefficient at an open neuron loses there, whose planes are so far apart;
/// the plane below, if the row meets that one, counts so much beside the one above.
pub fn loss(coefficient: f64, gap: f64, below: f64) -> f64 {
    if coefficient < 0.0 { -coefficient * gap } else { below * coefficient * gap }
}
