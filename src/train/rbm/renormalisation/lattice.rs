//! Where a receptive field lies on a lattice, and how far it reaches.
//!
//! With the shares `wᵢ = rᵢ² / Σ r²` of a field `r`:
//!
//! - centroid: on an axis that closes to a ring the circular mean,
//!   `arg Σ wᵢ e^{2πi xᵢ/L} · L/2π`; else `Σ wᵢ xᵢ`;
//! - radius: `√(Σ wᵢ d(xᵢ, centroid)²)` with the shorter way around a ring;
//! - participation ratio: `1 / Σ wᵢ²`, the number of places of a field that is even on them.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

/// Where the visible units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lattice {
    /// Rows and columns; the units stand row by row.
    pub sides: [usize; 2],
    /// Whether the axes close to rings.
    pub is_periodic: bool,
}

/// Figures of a receptive field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldFigures {
    /// Row and column of its centre, in places; none where units have no places, or the field is
    /// 0.
    pub centroid: Option<[f64; 2]>,
    /// How far it reaches, in places; likewise.
    pub radius: Option<f64>,
    /// How many places it is made of; none where it is 0.
    pub participation: Option<f64>,
}

impl FieldFigures {
    /// Of a field on visible units, which may have places.
    pub fn new(field: &[f64], lattice: Option<Lattice>) -> Self {
        let sum: f64 = field.iter().map(|r| r * r).sum();
        if !(sum > 0.0 && sum.is_finite()) {
            return Self { centroid: None, radius: None, participation: None };
        }
        let shares: Vec<f64> = field.iter().map(|r| r * r / sum).collect();
        let participation = Some(1.0 / shares.iter().map(|w| w * w).sum::<f64>());
        let Some(lattice) = lattice else {
            return Self { centroid: None, radius: None, participation };
        };
        let centroid = lattice.centroid(&shares);
        let squares = shares.iter().enumerate().map(|(unit, w)| {
            let place = lattice.place(unit);
            let along = [0, 1].map(|axis| lattice.distance(axis, place[axis], centroid[axis]));
            w * (along[0] * along[0] + along[1] * along[1])
        });
        let radius = Some(squares.sum::<f64>().sqrt());
        Self { centroid: Some(centroid), radius, participation }
    }
}

impl Lattice {
    fn place(&self, unit: usize) -> [f64; 2] {
        [(unit / self.sides[1]) as f64, (unit % self.sides[1]) as f64]
    }

    fn centroid(&self, shares: &[f64]) -> [f64; 2] {
        [0, 1].map(|axis| {
            let places = shares.iter().enumerate().map(|(unit, w)| (self.place(unit)[axis], w));
            if !self.is_periodic {
                return places.map(|(x, w)| w * x).sum();
            }
            let side = self.sides[axis] as f64;
            let (mut sin, mut cos) = (0.0, 0.0);
            for (x, w) in places {
                let angle = TAU * x / side;
                sin += w * angle.sin();
                cos += w * angle.cos();
            }
            (sin.atan2(cos) / TAU * side).rem_euclid(side)
        })
    }

    /// Distance of two coordinates of an axis.
    fn distance(&self, axis: usize, a: f64, b: f64) -> f64 {
        let apart = (a - b).abs();
        if self.is_periodic { apart.min(self.sides[axis] as f64 - apart) } else { apart }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TORUS: Lattice = Lattice { sides: [8, 8], is_periodic: true };

    fn field(places: &[([usize; 2], f64)]) -> Vec<f64> {
        let mut field = vec![0.0; 64];
        for &([row, column], value) in places {
            field[8 * row + column] = value;
        }
        field
    }

    /// By hand: places to both sides of a seam, of equal share though of opposite sign.
    #[test]
    fn fields_across_the_seam() {
        let field = field(&[([0, 7], 2.0), ([0, 1], -2.0)]);
        let found = FieldFigures::new(&field, Some(TORUS));
        let [row, column] = found.centroid.expect("a centre");
        assert!(row.min(8.0 - row) < 1e-12 && column.min(8.0 - column) < 1e-12, "{found:?}");
        assert!((found.radius.expect("a radius") - 1.0).abs() < 1e-12);
        assert!((found.participation.expect("a ratio") - 2.0).abs() < 1e-12);
        let flat = Lattice { is_periodic: false, ..TORUS };
        let found = FieldFigures::new(&field, Some(flat));
        assert_eq!((found.centroid, found.radius), (Some([0.0, 4.0]), Some(3.0)));
    }

    /// By hand: a block of 2 × 2 has its centre between the places, √½ away from each.
    #[test]
    fn blocks_and_points() {
        let block = field(&[([2, 3], 1.0), ([2, 4], 1.0), ([3, 3], 1.0), ([3, 4], 1.0)]);
        let found = FieldFigures::new(&block, Some(TORUS));
        let [row, column] = found.centroid.expect("a centre");
        assert!((row - 2.5).abs() < 1e-12 && (column - 3.5).abs() < 1e-12);
        assert!((found.radius.expect("a radius") - 0.5f64.sqrt()).abs() < 1e-12);
        assert!((found.participation.expect("a ratio") - 4.0).abs() < 1e-12);
        let found = FieldFigures::new(&field(&[([5, 6], 0.1)]), Some(TORUS));
        assert!(found.radius.expect("a radius") < 1e-6);
        let none = FieldFigures { centroid: None, radius: None, participation: None };
        assert_eq!(FieldFigures::new(&[0.0; 64], Some(TORUS)), none);
        assert!(FieldFigures::new(&[1.0, 1.0], None).participation.is_some());
    }
}
