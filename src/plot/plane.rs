//! The plane of the two inputs of a problem that vary: axes, places, and what is said of them.

use super::PlotError;
use super::axis::{Axis, rounded};
use super::canvas::Label;
use super::figure::Mark;
use crate::num::IntervalBox;
use crate::problem::{Constraint, Problem, Sense, Variable};

/// Significant digits of the best value and of its place.
const VALUE_DIGITS: u8 = 6;
const PLACE_DIGITS: u8 = 4;

/// A whole number has room on both sides of it.
const HALF: f64 = 0.5;

/// Most ticks of an axis.
const TICKS: usize = 8;

/// Two inputs that vary.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// What is asked.
    pub problem: &'a Problem,
    /// The inputs.
    pub inputs: [usize; 2],
}

impl<'a> Plane<'a> {
    /// The plane of a problem.
    ///
    /// # Errors
    /// [`PlotError::NotPlanar`].
    pub fn new(problem: &'a Problem) -> Result<Self, PlotError> {
        let domain = problem.domain();
        let free = (0..domain.len()).filter(|&i| domain.lower()[i] < domain.upper()[i]);
        let free: Vec<usize> = free.collect();
        let &[a, b] = free.as_slice() else {
            return Err(PlotError::NotPlanar { free: free.len() });
        };
        Ok(Self { problem, inputs: [a, b] })
    }

    /// The place of a point.
    pub fn place(&self, point: &[f64]) -> [f64; 2] {
        self.inputs.map(|input| point[input])
    }

    /// Left lower and right upper corner of a box; whole numbers are cells.
    pub fn corners(&self, domain: &IntervalBox) -> [[f64; 2]; 2] {
        let room = self.inputs.map(|input| match self.is_integer(input) {
            true => HALF,
            false => 0.0,
        });
        let ([a, b], [c, d]) = (self.place(domain.lower()), self.place(domain.upper()));
        [[a - room[0], b - room[1]], [c + room[0], d + room[1]]]
    }

    /// The corners of the domain.
    pub fn frame(&self) -> [[f64; 2]; 2] {
        // Without a whole number in it, as it stands.
        self.corners(self.problem.integral_domain().unwrap_or(self.problem.domain()))
    }

    fn is_integer(&self, input: usize) -> bool {
        self.problem.integer().contains(&input)
    }

    /// An axis for each input.
    pub fn axes(&self) -> [Axis; 2] {
        let [low, high] = self.frame();
        [0, 1].map(|axis| {
            let name = self.problem.vocabulary().name(Variable::Input(self.inputs[axis]));
            match self.is_integer(self.inputs[axis]) {
                true => Axis::whole(name, low[axis], high[axis], TICKS),
                false => Axis::linear(name, low[axis], high[axis], TICKS),
            }
        })
    }

    /// A title that says what is shown, of which network, and that inputs are fixed.
    pub fn title(&self, count: usize, [one, many]: [&str; 2]) -> String {
        let slice = match self.problem.domain().len() - 2 {
            0 => String::new(),
            1 => ", 1 input fixed".to_string(),
            fixed => format!(", {fixed} inputs fixed"),
        };
        let noun = if count == 1 { one } else { many };
        format!("{}: {count} {noun}{slice}", self.problem.network().name())
    }

    /// What the star of the best point says.
    pub fn star(&self, place: [f64; 2], value: f64) -> (Mark, String) {
        let word = match self.problem.sense() {
            Sense::Minimize => "minimum",
            Sense::Maximize => "maximum",
        };
        let [x, y] = place.map(|x| plain(rounded(x, PLACE_DIGITS)));
        let value = plain(rounded(value, VALUE_DIGITS));
        (Mark::Star, format!("{word} {value} at ({x}, {y})"))
    }

    /// Where constraints on inputs alone have their limits: the lines as far as they lie in the
    /// frame.
    pub fn limits(&self) -> Vec<[[f64; 2]; 2]> {
        let constraints = self.problem.constraints().iter();
        let on_inputs = constraints.filter(|constraint| !constraint.expression().has_outputs());
        on_inputs.flat_map(|constraint| self.lines(constraint)).collect()
    }

    fn lines(&self, constraint: &Constraint) -> Vec<[[f64; 2]; 2]> {
        let mut slope = [0.0; 2];
        let mut constant = constraint.expression().constant();
        for &(variable, c) in constraint.expression().terms() {
            let Some(input) = variable.input() else { continue };
            match self.inputs.iter().position(|&varying| varying == input) {
                Some(axis) => slope[axis] += c,
                None => constant += c * self.problem.domain().lower()[input],
            }
        }
        let mut ends = vec![constraint.lower(), constraint.upper()];
        ends.dedup();
        let finite = ends.into_iter().filter(|end| end.is_finite());
        finite.filter_map(|end| chord(slope, end - constant, self.frame())).collect()
    }
}

/// The part of the line `a x + b y = level` within a rectangle: its ends on the sides.
fn chord([a, b]: [f64; 2], level: f64, [low, high]: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let on_x = [low[0], high[0]].map(|x| [x, (level - a * x) / b]);
    let on_y = [low[1], high[1]].map(|y| [(level - b * y) / a, y]);
    let is_inside = |point: &[f64; 2]| (0..2).all(|i| low[i] <= point[i] && point[i] <= high[i]);
    let mut ends: Vec<[f64; 2]> = on_x.into_iter().chain(on_y).filter(is_inside).collect();
    // Along the line, whichever way it runs.
    ends.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    match (ends.first(), ends.last()) {
        (Some(&first), Some(&last)) if first != last => Some([first, last]),
        _ => None,
    }
}

/// A label on one line.
fn plain(label: Label) -> String {
    match label.exponent.as_str() {
        "" => label.text,
        exponent => format!("{}^{exponent}", label.text),
    }
}

#[cfg(test)]
mod tests {
    use super::chord;

    #[test]
    fn lines_end_on_the_sides_of_the_frame() {
        let frame = [[-1.0, 0.0], [3.0, 2.0]];
        // By hand: x + y = 1 leaves at (-1, 2) and (1, 0), x = 2 at the bottom and the top.
        assert_eq!(chord([1.0, 1.0], 1.0, frame), Some([[-1.0, 2.0], [1.0, 0.0]]));
        assert_eq!(chord([1.0, 0.0], 2.0, frame), Some([[2.0, 0.0], [2.0, 2.0]]));
        assert_eq!(chord([0.0, -2.0], -1.0, frame), Some([[-1.0, 0.5], [3.0, 0.5]]));
        // Beside it, at a corner, and no line at all.
        assert_eq!(chord([1.0, 1.0], 7.0, frame), None);
        assert_eq!(chord([1.0, 1.0], 5.0, frame), None);
        assert_eq!(chord([0.0, 0.0], 0.0, frame), None);
    }
}
