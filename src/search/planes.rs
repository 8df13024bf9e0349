//! Planes below what is sought, over a box: their least values, what convex combinations of
//! them prove, and the part of the box that they leave.

use crate::num::rounding::below;

/// `value ≥ slope · x + offset` for the inputs `x` of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Coefficients of the inputs.
    pub slope: Vec<f64>,
    /// The constant, rounded down by all that rounding could do.
    pub offset: f64,
}

impl Plane {
    /// A corner of the box where the plane is least.
    pub fn lowest_corner(&self, lower: &[f64], upper: &[f64]) -> Vec<f64> {
        let ends = lower.iter().zip(upper).zip(&self.slope);
        ends.map(|((&l, &u), &a)| if a >= 0.0 { l } else { u }).collect()
    }

    /// The least value over a box, rounded down.
    pub fn least(&self, lower: &[f64], upper: &[f64]) -> f64 {
        least(&self.slope, self.offset, [lower, upper])
    }

    /// `self + factor · other`, as a plane below the exact sum over the box; `share` is what
    /// `self` is multiplied with.
    fn plus(&self, share: f64, factor: f64, other: &Self, lower: &[f64], upper: &[f64]) -> Self {
        let mut magnitude = (share * self.offset).abs() + (factor * other.offset).abs();
        let slope = self.slope.iter().zip(&other.slope).zip(lower.iter().zip(upper));
        let slope = slope.map(|((&a, &b), (&l, &u))| {
            magnitude += ((share * a).abs() + (factor * b).abs()) * l.abs().max(u.abs());
            share * a + factor * b
        });
        let slope: Vec<f64> = slope.collect();
        let terms = (slope.len() + 8) as f64;
        let error = terms * (f64::EPSILON * magnitude + f64::MIN_POSITIVE);
        let offset = below(share * self.offset + factor * other.offset, error);
        Self { slope, offset: if offset.is_finite() { offset } else { f64::NEG_INFINITY } }
    }

    /// The best convex combination of this plane and another, where it is better than this one:
    /// concave in the share, so best at one of the shares where a coordinate changes sides.
    pub fn combined(&self, other: &Self, lower: &[f64], upper: &[f64]) -> Option<Self> {
        let shares = self.slope.iter().zip(&other.slope).map(|(a, b)| a / (a - b));
        let shares = shares.filter(|share| *share > 0.0 && *share < 1.0);
        // What stays is 1 less the share up to one rounding, which `plus` covers.
        let plane = |share: f64| self.plus(1.0 - share, share, other, lower, upper);
        best(shares.map(plane), self.least(lower, upper), lower, upper)
    }

    /// This plane with the help of a row that has to be at most 0 (of which `row` is a plane
    /// below), where that is better: a multiple that is not negative may be added.
    pub fn aided(&self, row: &Self, lower: &[f64], upper: &[f64]) -> Option<Self> {
        let factors = self.slope.iter().zip(&row.slope).map(|(a, b)| -a / b);
        let factors = factors.filter(|factor| *factor > 0.0 && factor.is_finite());
        let plane = |factor: f64| self.plus(1.0, factor, row, lower, upper);
        best(factors.map(plane), self.least(lower, upper), lower, upper)
    }
}

/// The least value of `slope · x + offset` over a box, rounded down.
pub fn least(slope: &[f64], offset: f64, [lower, upper]: [&[f64]; 2]) -> f64 {
    let (mut sum, mut magnitude) = (offset, offset.abs());
    for ((&a, &l), &u) in slope.iter().zip(lower).zip(upper) {
        let end = if a >= 0.0 { l } else { u };
        sum += a * end;
        magnitude += a.abs() * l.abs().max(u.abs());
    }
    let terms = (slope.len() + 8) as f64;
    let error = terms * (f64::EPSILON * magnitude + f64::MIN_POSITIVE);
    let least = below(sum, error);
    if least.is_nan() { f64::NEG_INFINITY } else { least }
}

/// The plane with the largest least value above `known`.
fn best(
    planes: impl Iterator<Item = Plane>,
    mut known: f64,
    lower: &[f64],
    upper: &[f64],
) -> Option<Plane> {
    let mut found = None;
    for plane in planes {
        let least = plane.least(lower, upper);
        if least > known {
            known = least;
            found = Some(plane);
        }
    }
    found
}

/// What a plane `g` leaves of a box where `g(x) ≤ most` has to hold, and whether that is less
/// than before; `None` where nothing is left. Whole numbers stay whole.
///
/// `gⱼ (xⱼ − lⱼ) ≤ most − min g` for a positive coefficient, and likewise from above. Source:
/// Zhou et al., "Clip-and-Verify" (2025), arXiv:2512.11087, relaxed clipping.
pub fn clip(
    plane: &Plane,
    most: f64,
    lower: &mut [f64],
    upper: &mut [f64],
    is_integer: &[bool],
) -> Option<bool> {
    let least = plane.least(lower, upper);
    if least > most {
        return None;
    }
    let room = (most - least).next_up();
    if !room.is_finite() {
        return Some(false);
    }
    let mut is_less = false;
    for (j, &a) in plane.slope.iter().enumerate() {
        if a == 0.0 || lower[j] == upper[j] {
            continue;
        }
        let step = (room / a.abs()).next_up();
        if a > 0.0 {
            let end = (lower[j] + step).next_up();
            let end = if is_integer[j] { end.floor() } else { end };
            if end < upper[j] {
                upper[j] = end.max(lower[j]);
                is_less = true;
            }
        } else {
            let end = (upper[j] - step).next_down();
            let end = if is_integer[j] { end.ceil() } else { end };
            if end > lower[j] {
                lower[j] = end.min(upper[j]);
                is_less = true;
            }
        }
    }
    Some(is_less)
}

/// Planes below the objective, the best first, and what they prove together.
pub struct Bundle {
    /// The planes.
    pub planes: Vec<Plane>,
    /// No value is less.
    pub least: f64,
}

impl Bundle {
    /// Planes of which nothing is known yet.
    pub fn new(planes: Vec<Plane>) -> Self {
        Self { planes, least: f64::NEG_INFINITY }
    }

    /// Finds out what the planes prove over a box.
    pub fn combine(&mut self, domain: [&[f64]; 2]) {
        for plane in std::mem::take(&mut self.planes) {
            self.add(plane, domain);
        }
    }

    /// Adds a plane, and what it proves together with the best one.
    pub fn add(&mut self, plane: Plane, [lower, upper]: [&[f64]; 2]) {
        if plane.offset == f64::NEG_INFINITY {
            return;
        }
        let least = plane.least(lower, upper);
        let Some(best) = self.planes.first() else {
            self.least = self.least.max(least);
            self.planes.push(plane);
            return;
        };
        let known = best.least(lower, upper);
        let (base, other) = if least > known { (&plane, best) } else { (best, &plane) };
        let combined = base.combined(other, lower, upper);
        self.least = self.least.max(least).max(known);
        let place = usize::from(least <= known);
        self.planes.insert(place.min(self.planes.len()), plane);
        if let Some(combined) = combined {
            self.least = self.least.max(combined.least(lower, upper));
            self.planes.insert(0, combined);
        }
    }

    /// The best planes.
    pub fn into_planes(mut self, most: usize) -> Vec<Plane> {
        self.planes.truncate(most);
        self.planes
    }
}
