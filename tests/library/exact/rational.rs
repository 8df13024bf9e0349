//! Rational numbers, affine forms and intervals.

use dashu_ratio::RBig;

/// The rational number a double stores.
pub fn exact(number: f64) -> RBig {
    RBig::try_from(number).expect("the numbers of a case are finite")
}

/// The double nearest to a rational number.
pub fn rounded(number: &RBig) -> f64 {
    number.to_f64().value()
}

pub(crate) fn is_positive(number: &RBig) -> bool {
    *number > RBig::ZERO
}

/// The affine form `x -> slope . x + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    pub slope: Vec<RBig>,
    pub offset: RBig,
}

impl Affine {
    pub(crate) fn constant(dimension: usize, offset: RBig) -> Self {
        let slope = vec![RBig::ZERO; dimension];
        Self { slope, offset }
    }

    /// The form `x -> x_index`.
    pub(crate) fn variable(dimension: usize, index: usize) -> Self {
        let mut form = Self::constant(dimension, RBig::ZERO);
        form.slope[index] = RBig::ONE;
        form
    }

    /// `offset + sum_i factors_i forms_i` over forms in `dimension` variables.
    pub(crate) fn combination(
        dimension: usize,
        factors: &[RBig],
        forms: &[Affine],
        offset: &RBig,
    ) -> Self {
        let mut sum = Self::constant(dimension, offset.clone());
        for (factor, form) in factors.iter().zip(forms) {
            sum.add_multiple(factor, form);
        }
        sum
    }

    pub(crate) fn add_multiple(&mut self, factor: &RBig, other: &Affine) {
        if factor.is_zero() {
            return;
        }
        for (own, other) in self.slope.iter_mut().zip(&other.slope) {
            add_product(own, factor, other);
        }
        add_product(&mut self.offset, factor, &other.offset);
    }

    /// `factor self + shift`
    pub fn scaled(&self, factor: &RBig, shift: &RBig) -> Self {
        Self {
            slope: self.slope.iter().map(|entry| entry * factor).collect(),
            offset: &self.offset * factor + shift,
        }
    }

    /// `self - level`, which is at most zero where the form is at most `level`.
    pub(crate) fn above(&self, level: &RBig) -> Self {
        self.scaled(&RBig::ONE, &-level)
    }

    /// `level - self`, which is at most zero where the form is at least `level`.
    pub(crate) fn below(&self, level: &RBig) -> Self {
        self.scaled(&-RBig::ONE, level)
    }

    pub fn at(&self, point: &[RBig]) -> RBig {
        let mut value = self.offset.clone();
        for (entry, coordinate) in self.slope.iter().zip(point) {
            add_product(&mut value, entry, coordinate);
        }
        value
    }

    /// Solves `self = 0` for `x_index`: the form in the other variables that
    /// `x_index` equals there. The slope in `x_index` must not be zero.
    pub(crate) fn solved_for(&self, index: usize) -> Self {
        let mut rest = self.clone();
        let pivot = rest.slope.remove(index);
        rest.scaled(&(-RBig::ONE / pivot), &RBig::ZERO)
    }

    /// The form in the other variables that remains once `x_index` is replaced.
    pub(crate) fn substitute(&self, index: usize, replacement: &Affine) -> Self {
        let mut rest = self.clone();
        let factor = rest.slope.remove(index);
        rest.add_multiple(&factor, replacement);
        rest
    }
}

/// `sum += left * right`, at no cost where a factor is zero.
fn add_product(sum: &mut RBig, left: &RBig, right: &RBig) {
    if !left.is_zero() && !right.is_zero() {
        *sum += left * right;
    }
}

/// A closed interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    pub lower: RBig,
    pub upper: RBig,
}

impl Interval {
    fn single(number: RBig) -> Self {
        let lower = number.clone();
        Self { lower, upper: number }
    }

    pub fn is_empty(&self) -> bool {
        self.lower > self.upper
    }

    pub(crate) fn is_single(&self) -> bool {
        self.lower == self.upper
    }

    /// The integers of the interval, each as an interval of its own.
    pub(crate) fn integers(&self) -> Vec<Interval> {
        let mut found = Vec::new();
        let mut next = RBig::from(self.lower.ceil());
        while next <= self.upper {
            found.push(Interval::single(next.clone()));
            next += RBig::ONE;
        }
        found
    }
}
