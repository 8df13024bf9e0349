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
    /// The least value over a box, rounded down.
    pub fn least(&self, lower: &[f64], upper: &[f64]) -> f64 {
        least(&self.slope, self.offset, [lower, upper])
    }

    /// About the greatest value over a box.
    pub fn greatest(&self, lower: &[f64], upper: &[f64]) -> f64 {
        let ends = self.slope.iter().zip(lower).zip(upper);
        self.offset + ends.map(|((a, l), u)| (a * l).max(a * u)).sum::<f64>()
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

    /// This plane with the help of a row that has to be at most 0 (of which `row` is a plane
    /// below), where that is better: a multiple that is not negative may be added.
    pub fn aided(&self, row: &Self, lower: &[f64], upper: &[f64]) -> Option<Self> {
        let factor = self.best_along(row.slope.iter().copied(), row.offset, [lower, upper])?;
        let plane = self.plus(1.0, factor, row, lower, upper);
        (plane.least(lower, upper) > self.least(lower, upper)).then_some(plane)
    }

    /// The multiple of another plane that, added to this one, raises the least value most:
    /// concave in the multiple, so best where its derivative changes sign, at one of the
    /// multiples at which a coordinate changes sides; `None` where that is 0 or there is no end.
    ///
    /// Source: Zhou et al., "Clip-and-Verify" (2025), arXiv:2512.11087, complete clipping.
    fn best_along(
        &self,
        slope: impl Iterator<Item = f64>,
        offset: f64,
        [lower, upper]: [&[f64]; 2],
    ) -> Option<f64> {
        let mut derivative = offset;
        let mut turns = Vec::with_capacity(self.slope.len());
        for (j, (&a, b)) in self.slope.iter().zip(slope).enumerate() {
            let is_rising = a > 0.0 || a == 0.0 && b > 0.0;
            derivative += b * if is_rising { lower[j] } else { upper[j] };
            let turn = -a / b;
            if turn > 0.0 && turn.is_finite() && lower[j] < upper[j] {
                turns.push((turn, b.abs() * (upper[j] - lower[j])));
            }
        }
        turns.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut best = None;
        for (turn, change) in turns {
            if derivative <= 0.0 {
                break;
            }
            derivative -= change;
            best = Some(turn);
        }
        best.filter(|_| derivative <= 0.0)
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

/// Planes below the objective, and what they prove together.
pub struct Bundle {
    /// The planes, those that count most first.
    planes: Vec<Plane>,
    /// Their combination that proves most.
    combined: Option<Plane>,
    /// No value is less.
    pub least: f64,
}

impl Bundle {
    /// Planes of which nothing is known yet.
    pub fn new(planes: Vec<Plane>) -> Self {
        Self { planes, combined: None, least: f64::NEG_INFINITY }
    }

    /// Adds a plane.
    pub fn add(&mut self, plane: Plane) {
        if plane.offset > f64::NEG_INFINITY {
            self.planes.push(plane);
        }
    }

    /// The planes, those that count most first.
    pub fn planes(&self) -> &[Plane] {
        &self.planes
    }

    /// What some of the planes prove together over a box, given their places and weights, the
    /// largest first; any weights will do.
    pub fn combine(&mut self, weights: &[(u16, u16)], [lower, upper]: [&[f64]; 2]) {
        let is_sound =
            |&&(index, weight): &&(u16, u16)| usize::from(index) < self.planes.len() && weight > 0;
        let weights = weights.iter().filter(is_sound).map(|&(i, w)| (usize::from(i), f64::from(w)));
        let weights: Vec<(usize, f64)> = weights.collect();
        let (mut sum, mut combined) = (0.0, None::<Plane>);
        for &(index, weight) in &weights {
            let plane = &self.planes[index];
            sum += weight;
            let share = weight / sum;
            combined = Some(match combined {
                None => plane.clone(),
                // What stays is 1 less the share up to one rounding, which `plus` covers.
                Some(known) => known.plus(1.0 - share, share, plane, lower, upper),
            });
        }
        let mut planes = std::mem::take(&mut self.planes).into_iter().map(Some).collect::<Vec<_>>();
        self.planes.extend(weights.iter().filter_map(|(index, _)| planes[*index].take()));
        self.planes.extend(planes.into_iter().flatten());
        if let Some(combined) = combined {
            self.least = self.least.max(combined.least(lower, upper));
            self.combined = Some(combined);
        }
    }

    /// The planes, the combination first.
    pub fn all(&self) -> impl Iterator<Item = &Plane> {
        self.combined.iter().chain(&self.planes)
    }

    /// So many of them.
    pub fn into_planes(self, most: usize) -> Vec<Plane> {
        let planes = self.planes.into_iter().filter(|plane| self.combined.as_ref() != Some(plane));
        self.combined.iter().cloned().chain(planes).take(most).collect()
    }
}
