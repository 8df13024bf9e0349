//! The Sobol sequence: points in the unit cube whose first 2ᵏ cover it evenly.
//!
//! Point `n` has the coordinates `⊕ₖ gₖ vₖ`, the exclusive or of the direction numbers at
//! the ones of the Gray code `g = n ⊕ n/2`. Source: Antonov and Saleev (1979); direction
//! numbers from Joe and Kuo, "Constructing Sobol sequences with better two-dimensional
//! projections", SIAM J. Sci. Comput. 30 (2008), doi 10.1137/070709359.

/// Largest dimension.
pub const MOST_DIMENSIONS: usize = PARAMETERS.len() + 1;

/// Bits of a coordinate, and the logarithm of the longest sequence.
pub const BITS: u32 = 32;

/// Per dimension from the second on: the inner coefficients of a primitive polynomial
/// over the integers modulo 2, as bits, and the first direction numbers, as many as its
/// degree.
const PARAMETERS: [(u32, &[u32]); 20] = [
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// The first points of the sequence, from the origin on; a coordinate `c` stands for
/// `c / 2³²`.
///
/// # Panics
/// If there are more dimensions than [`MOST_DIMENSIONS`].
pub fn sobol(dimension: usize) -> impl Iterator<Item = Vec<u32>> {
    let directions: Vec<Vec<u32>> = (0..dimension).map(direction_numbers).collect();
    let mut point = vec![0; dimension];
    (1u64..=1 << BITS).map(move |next| {
        let this = point.clone();
        // The only bit in which the Gray codes of this point and the next differ.
        let bit = next.trailing_zeros().min(BITS - 1) as usize;
        for (coordinate, numbers) in point.iter_mut().zip(&directions) {
            *coordinate ^= numbers[bit];
        }
        this
    })
}

/// The direction numbers of a dimension, from the highest bit down.
fn direction_numbers(dimension: usize) -> Vec<u32> {
    let bits = BITS as usize;
    if dimension == 0 {
        return (0..bits).map(|bit| 1 << (bits - 1 - bit)).collect();
    }
    let (inner, first) = PARAMETERS[dimension - 1];
    let degree = first.len();
    let mut numbers: Vec<u32> = (0..degree).map(|bit| first[bit] << (bits - 1 - bit)).collect();
    for bit in degree..bits {
        let mut number = numbers[bit - degree] ^ (numbers[bit - degree] >> degree);
        for k in 1..degree {
            if inner >> (degree - 1 - k) & 1 == 1 {
                number ^= numbers[bit - k];
            }
        }
        numbers.push(number);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `torch.quasirandom.SobolEngine(21, scramble=False)` of PyTorch 2.15, whose
    /// first 4096 points were compared in all dimensions.
    #[test]
    fn points_known_from_another_implementation() {
        let number = |c: &u32| f64::from(*c) / 2f64.powi(32);
        let points: Vec<Vec<f64>> =
            sobol(21).take(1001).map(|point| point.iter().map(number).collect()).collect();
        let first = [
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25],
            [0.375, 0.375, 0.625, 0.875, 0.375, 0.125, 0.375, 0.875, 0.875, 0.625],
        ];
        for (point, expected) in points.iter().zip(first) {
            assert_eq!(point[..10], expected);
        }
        let in_1024ths = [
            225, 99, 531, 693, 287, 929, 47, 921, 513, 71, 87, 261, 165, 393, 147, 379, 737, 353,
            1015, 743, 535,
        ];
        assert_eq!(points[1000], in_1024ths.map(|n| f64::from(n) / 1024.0));
    }

    /// The defining property in one dimension: one of the first 2ᵏ points in each interval
    /// of width 2⁻ᵏ.
    #[test]
    fn each_coordinate_covers_the_unit_interval_evenly() {
        let points: Vec<Vec<u32>> = sobol(MOST_DIMENSIONS).take(256).collect();
        for dimension in 0..MOST_DIMENSIONS {
            let mut cells: Vec<u32> = points.iter().map(|point| point[dimension] >> 24).collect();
            cells.sort_unstable();
            assert!(cells.iter().enumerate().all(|(i, &cell)| i == cell as usize));
        }
    }
}
