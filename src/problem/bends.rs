//! What bends: `max(0, e)`, and what is made of it without loss.
//!
//! `|e| = max(0, e) + max(0, −e)`, whose bounds never fall below 0, as those of
//! `2 max(0, e) − e` may; `max(a, b) = a + max(0, b − a)`, `min(a, b) = a − max(0, a − b)`; of a
//! list pair by pair, so that what is nested is nested as deeply as a tree of pairs.

use std::sync::Arc;

use super::{Expression, Variable};

/// Linear expressions at most that a convex one is written as.
const MOST_PLANES: usize = 256;

impl Expression {
    /// Its positive part, `max(0, e)`.
    #[must_use]
    pub fn relu(self) -> Self {
        match self.is_constant() {
            true => Self::number(self.constant().max(0.0)),
            false => Self::default().with_bend(Arc::new(self), 1.0),
        }
    }

    /// `|e|`.
    #[must_use]
    pub fn abs(self) -> Self {
        self.clone().times(-1.0).relu().plus(self.relu())
    }

    /// The larger one.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        other.minus(self.clone()).relu().plus(self)
    }

    /// The smaller one.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        self.clone().minus(self.minus(other).relu())
    }

    /// The largest of a list; `None` if it is empty.
    pub fn largest(list: Vec<Self>) -> Option<Self> {
        pairwise(list, Self::max)
    }

    /// The smallest of a list; `None` if it is empty.
    pub fn smallest(list: Vec<Self>) -> Option<Self> {
        pairwise(list, Self::min)
    }

    /// `|xᵢ − cᵢ|` of each input `xᵢ` and its coordinate `cᵢ` of a point.
    pub fn distances(point: &[f64]) -> Vec<Self> {
        let difference = |(input, c): (usize, &f64)| Self::new([(Variable::Input(input), 1.0)], -c);
        point.iter().enumerate().map(|at| difference(at).abs()).collect()
    }

    /// How deeply bends are nested.
    pub fn depth(&self) -> usize {
        self.bends().iter().map(|(bend, _)| 1 + bend.depth()).max().unwrap_or(0)
    }

    /// Expressions whose largest is this one, in each of which no bend has a coefficient above
    /// 0: linear ones, where it is convex as it is written. It alone, where they would be too
    /// many.
    pub(super) fn planes(&self) -> Vec<Self> {
        let mut open = vec![self.clone()];
        let mut planes = Vec::new();
        while let Some(expression) = open.pop() {
            // Of a maximum of maxima the outer one first: the inner ones cancel behind it.
            let rising = expression.bends().iter().filter(|(_, c)| *c > 0.0);
            match rising.max_by_key(|(bend, _)| bend.depth()).cloned() {
                None => planes.push(expression),
                Some(_) if open.len() + planes.len() + 2 > MOST_PLANES => {
                    return vec![self.clone()];
                }
                Some((bend, c)) => {
                    let flat = expression.with_bend(bend.clone(), -c);
                    let slope = Arc::unwrap_or_clone(bend);
                    let opposite = Arc::new(slope.clone().times(-1.0));
                    let slope = slope.times(c);
                    let is_opposite = |(bend, d): &(Arc<Self>, f64)| *bend == opposite && *d == c;
                    open.extend(match flat.bends().iter().any(is_opposite) {
                        // `c |e|` is `c e` or `−c e`; the flat side of both lies below these.
                        true => {
                            let flat = flat.with_bend(opposite, -c);
                            [flat.clone().plus(slope.clone()), flat.minus(slope)]
                        }
                        false => [flat.clone().plus(slope), flat],
                    });
                }
            }
        }
        planes
    }
}

fn pairwise(
    mut list: Vec<Expression>,
    of_two: fn(Expression, Expression) -> Expression,
) -> Option<Expression> {
    while list.len() > 1 {
        let mut rest = list.into_iter();
        let mut pairs = Vec::new();
        while let Some(first) = rest.next() {
            pairs.push(match rest.next() {
                Some(second) => of_two(first, second),
                None => first,
            });
        }
        list = pairs;
    }
    list.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn y(index: usize) -> Expression {
        Expression::new([(Variable::Output(index), 1.0)], 0.0)
    }

    fn at(expression: &Expression, outputs: &[f64]) -> f64 {
        expression.evaluate(&[], outputs)
    }

    #[test]
    fn bends_are_what_they_are_called() {
        let points = [[1.0, 2.0, -5.0], [-3.0, 0.5, 0.25], [0.0, 0.0, 0.0], [4.0, -4.0, 4.0]];
        let all = || (0..3).map(y).collect();
        let (largest, smallest) = (Expression::largest(all()), Expression::smallest(all()));
        for point in points {
            // By hand: those of f64.
            assert_eq!(at(&y(0).abs(), &point), point[0].abs());
            assert_eq!(at(&y(0).relu(), &point), point[0].max(0.0));
            let fold = |of: fn(f64, f64) -> f64| point.into_iter().reduce(of).unwrap();
            assert_eq!(at(largest.as_ref().unwrap(), &point), fold(f64::max));
            assert_eq!(at(smallest.as_ref().unwrap(), &point), fold(f64::min));
        }
        assert_eq!(Expression::number(-2.0).abs(), Expression::number(2.0));
        assert_eq!(y(0).max(y(0)), y(0), "nothing bends");
    }

    #[test]
    fn what_is_the_same_cancels() {
        let sum = y(0).abs().plus(y(1));
        assert_eq!(sum.minus(y(0).abs()), y(1));
        assert_eq!(y(0).abs().times(0.0), Expression::default());
    }

    /// By hand: the largest of five outputs is at most a number where each is; one of two is at
    /// most a number where it is not convex, and stays as it is.
    #[test]
    fn convex_expressions_are_planes() {
        let largest = Expression::largest((0..5).map(y).collect()).unwrap();
        let mut planes: Vec<String> = largest.planes().iter().map(ToString::to_string).collect();
        planes.sort();
        assert_eq!(planes, ["y0", "y1", "y2", "y3", "y4"]);
        let smallest = y(0).min(y(1));
        assert_eq!(smallest.planes(), std::slice::from_ref(&smallest));
        let distance = y(0).abs().plus(y(1).abs());
        assert_eq!(distance.planes().len(), 4);
        let long = (0..20).map(|i| y(i).abs()).reduce(Expression::plus).unwrap();
        assert_eq!(long.planes(), std::slice::from_ref(&long), "2^20 planes are too many");
    }
}
