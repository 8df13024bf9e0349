//! What is measured of spins, and how sure it is.

/// A mean and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// The mean.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Blocks that a series is cut into for its standard error.
const BLOCKS: usize = 32;

/// The mean of a series of numbers that may depend on those before, and its standard error by
/// blocking: the deviation of the means of 32 blocks, each much longer than the numbers remember.
/// What is left over at the beginning is in the mean only. Source: Flyvbjerg and Petersen, "Error
/// estimates on averages of correlated data" (1989).
pub fn blocked(series: &[f64]) -> Measured {
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let length = (series.len() / BLOCKS).max(1);
    let means: Vec<f64> = series[series.len() % length..].rchunks_exact(length).map(mean).collect();
    let (center, count) = (mean(&means), means.len() as f64);
    let squares: f64 = means.iter().map(|m| (m - center) * (m - center)).sum();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    Measured { value: mean(series), standard_error }
}

/// Integrated autocorrelation time of a series, in its steps: `½ + Σ ρ(t)` up to the first
/// `t ≥ 6 τ`. Source: Sokal, "Monte Carlo methods in statistical mechanics" (1997), section 3.
pub fn autocorrelation_time(series: &[f64]) -> f64 {
    /// Times that the window is as long as the time.
    const WINDOW: f64 = 6.0;
    let count = series.len() as f64;
    let mean = series.iter().sum::<f64>() / count;
    let covariance = |lag: usize| {
        let pairs = series.iter().zip(&series[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count
    };
    let variance = covariance(0);
    let mut time = 0.5;
    for lag in 1..series.len() {
        time += covariance(lag) / variance;
        if lag as f64 >= WINDOW * time {
            break;
        }
    }
    time
}

/// Energy of a torus of this side for each spin, in units of the coupling: −2 where all agree.
pub fn energy(spins: &[i8], side: usize) -> f64 {
    let pairs = (0..spins.len()).map(|place| {
        let right = place / side * side + (place + 1) % side;
        let down = (place + side) % spins.len();
        i32::from(spins[place]) * (i32::from(spins[right]) + i32::from(spins[down]))
    });
    -f64::from(pairs.sum::<i32>()) / spins.len() as f64
}

/// Mean of the spins.
pub fn magnetisation(spins: &[i8]) -> f64 {
    f64::from(spins.iter().map(|&spin| i32::from(spin)).sum::<i32>()) / spins.len() as f64
}

/// Products of the means of two rows, or columns, of a torus of this side, at the distances 0 to
/// `side / 2`.
pub fn row_correlations(spins: &[i8], side: usize) -> Vec<f64> {
    let mut means = [vec![0.0; side], vec![0.0; side]];
    for (place, &spin) in spins.iter().enumerate() {
        means[0][place / side] += f64::from(spin) / side as f64;
        means[1][place % side] += f64::from(spin) / side as f64;
    }
    let product = |line: &[f64], distance: usize| {
        (0..side).map(|at| line[at] * line[(at + distance) % side]).sum::<f64>()
    };
    let at = |distance| means.iter().map(|line| product(line, distance)).sum::<f64>();
    (0..=side / 2).map(|distance| at(distance) / (2 * side) as f64).collect()
}

/// Correlation length `ξ` of a torus from the products of the means of its rows at two distances
/// `r` and `r + 1`, which fall like `cosh((side/2 − r)/ξ)`; none where they do not fall.
pub fn correlation_length([near, far]: [f64; 2], (distance, side): (usize, usize)) -> Option<f64> {
    let ratio = near / far;
    if ratio.is_nan() || ratio <= 1.0 || far <= 0.0 {
        return None;
    }
    let [a, b] = [distance, distance + 1].map(|r| 0.5 * side as f64 - r as f64);
    let excess = |inverse: f64| (a * inverse).cosh() / (b * inverse).cosh() - ratio;
    let (mut low, mut high) = (0.0, 1.0);
    while excess(high) < 0.0 && high < 64.0 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if excess(middle) < 0.0 { low = middle } else { high = middle }
    }
    Some(1.0 / high)
}
