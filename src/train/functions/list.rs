//! The formulas.
//!
//! Sources: Surjanovic and Bingham, "Virtual Library of Simulation Experiments: Test
//! Functions and Datasets" (2013), for formulas, least values and, where nothing else is
//! said, boxes; the boxes of Peaks, Ackley and Himmelblau are those of Plate, Hahn,
//! Klimek, Ganzer, Sundmacher, Sager, arXiv:2502.03016 (2025).

use std::f64::consts::{E, PI, TAU};

use super::{Dimension, TestFunction};

/// Every test function.
pub const FUNCTIONS: &[TestFunction] = &[
    PEAKS,
    ACKLEY,
    HIMMELBLAU,
    ROSENBROCK,
    RASTRIGIN,
    STYBLINSKI_TANG,
    BRANIN,
    HARTMANN_6,
    GRIEWANK,
];

/// `3(1−x)² e^(−x²−(y+1)²) − 10(x/5 − x³ − y⁵) e^(−x²−y²) − e^(−(x+1)²−y²) / 3`, the
/// function `peaks` of MATLAB.
///
/// Its minimiser has no closed form; this one is a zero of the gradient by Newton's
/// method, to all digits.
const PEAKS: TestFunction = TestFunction {
    name: "peaks",
    dimension: Dimension::Fixed(2),
    bounds: &[(-2.0, 2.0)],
    value: |p| {
        let (x, y) = (p[0], p[1]);
        3.0 * (1.0 - x).powi(2) * (-x * x - (y + 1.0).powi(2)).exp()
            - 10.0 * (x / 5.0 - x.powi(3) - y.powi(5)) * (-x * x - y * y).exp()
            - (-(x + 1.0).powi(2) - y * y).exp() / 3.0
    },
    minimizer: |_| vec![0.228_278_920_555_95, -1.625_534_957_499_68],
    least_value: |_| -6.551_133_332_835_84,
};

/// `−20 e^(−0.2 √(Σxᵢ²/n)) − e^(Σcos(2πxᵢ)/n) + 20 + e`.
const ACKLEY: TestFunction = TestFunction {
    name: "ackley",
    dimension: Dimension::AtLeast(1),
    bounds: &[(-3.5, 3.5)],
    value: |p| {
        let mean = |sum: f64| sum / p.len() as f64;
        let square = mean(p.iter().map(|x| x * x).sum());
        let cosine = mean(p.iter().map(|x| (TAU * x).cos()).sum());
        20.0 - 20.0 * (-0.2 * square.sqrt()).exp() + (E - cosine.exp())
    },
    minimizer: |n| vec![0.0; n],
    least_value: |_| 0.0,
};

/// `(x² + y − 11)² + (x + y² − 7)²`, with three more minimisers.
const HIMMELBLAU: TestFunction = TestFunction {
    name: "himmelblau",
    dimension: Dimension::Fixed(2),
    bounds: &[(-5.0, 5.0)],
    value: |p| (p[0] * p[0] + p[1] - 11.0).powi(2) + (p[0] + p[1] * p[1] - 7.0).powi(2),
    minimizer: |_| vec![3.0, 2.0],
    least_value: |_| 0.0,
};

/// `Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²`.
const ROSENBROCK: TestFunction = TestFunction {
    name: "rosenbrock",
    dimension: Dimension::AtLeast(2),
    bounds: &[(-2.048, 2.048)],
    value: |p| {
        let pairs = p.iter().zip(&p[1..]);
        pairs.map(|(x, next)| 100.0 * (next - x * x).powi(2) + (1.0 - x).powi(2)).sum()
    },
    minimizer: |n| vec![1.0; n],
    least_value: |_| 0.0,
};

/// `10n + Σ xᵢ² − 10 cos(2πxᵢ)`.
const RASTRIGIN: TestFunction = TestFunction {
    name: "rastrigin",
    dimension: Dimension::AtLeast(1),
    bounds: &[(-5.12, 5.12)],
    value: |p| p.iter().map(|x| 10.0 + x * x - 10.0 * (TAU * x).cos()).sum(),
    minimizer: |n| vec![0.0; n],
    least_value: |_| 0.0,
};

/// `½ Σ xᵢ⁴ − 16xᵢ² + 5xᵢ`.
const STYBLINSKI_TANG: TestFunction = TestFunction {
    name: "styblinski-tang",
    dimension: Dimension::AtLeast(1),
    bounds: &[(-5.0, 5.0)],
    value: |p| p.iter().map(|x| 0.5 * (x.powi(4) - 16.0 * x * x + 5.0 * x)).sum(),
    // The least root of 4x³ − 32x + 5.
    minimizer: |n| vec![-2.903_534_027_771_18; n],
    least_value: |n| -39.166_165_703_771_4 * n as f64,
};

/// `(y − 5.1x²/(4π²) + 5x/π − 6)² + 10(1 − 1/(8π)) cos x + 10`, with two more minimisers.
const BRANIN: TestFunction = TestFunction {
    name: "branin",
    dimension: Dimension::Fixed(2),
    bounds: &[(-5.0, 10.0), (0.0, 15.0)],
    value: |p| {
        let (x, y) = (p[0], p[1]);
        (y - 5.1 * x * x / (4.0 * PI * PI) + 5.0 * x / PI - 6.0).powi(2)
            + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos()
            + 10.0
    },
    // The square is 0 at y = 2.275, the cosine −1.
    minimizer: |_| vec![PI, 2.275],
    least_value: |_| 10.0 / (8.0 * PI),
};

/// `−Σᵢ αᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²)`.
const HARTMANN_6: TestFunction = TestFunction {
    name: "hartmann-6",
    dimension: Dimension::Fixed(6),
    bounds: &[(0.0, 1.0)],
    value: |p| {
        const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
        const A: [[f64; 6]; 4] = [
            [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
            [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
            [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
            [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
        ];
        const P: [[f64; 6]; 4] = [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ];
        let peak = |i: usize| {
            let distance: f64 = (0..6).map(|j| A[i][j] * (p[j] - P[i][j]).powi(2)).sum();
            ALPHA[i] * (-distance).exp()
        };
        -(0..4).map(peak).sum::<f64>()
    },
    // The published digits, continued by Newton's method.
    minimizer: |_| {
        vec![
            0.201_689_511_006_72,
            0.150_010_691_823_48,
            0.476_873_974_221_94,
            0.275_332_430_494_01,
            0.311_651_616_600_12,
            0.657_300_534_065_57,
        ]
    },
    least_value: |_| -3.322_368_011_415_51,
};

/// `1 + Σ xᵢ²/4000 − Π cos(xᵢ/√i)`.
const GRIEWANK: TestFunction = TestFunction {
    name: "griewank",
    dimension: Dimension::AtLeast(1),
    bounds: &[(-600.0, 600.0)],
    value: |p| {
        let squares: f64 = p.iter().map(|x| x * x).sum();
        let factors = p.iter().enumerate().map(|(i, x)| (x / ((i + 1) as f64).sqrt()).cos());
        1.0 + squares / 4000.0 - factors.product::<f64>()
    },
    minimizer: |n| vec![0.0; n],
    least_value: |_| 0.0,
};
