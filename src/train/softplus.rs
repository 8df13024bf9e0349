//! `softplus(x) = ln(1 + eˣ)`, whose slope is the logistic function.

/// `ln(1 + eˣ)`, without overflow.
pub fn softplus(x: f64) -> f64 {
    softplus_and_slope(x).0
}

/// `ln(1 + eˣ)` and its slope `1 / (1 + e⁻ˣ)`, without overflow.
pub fn softplus_and_slope(x: f64) -> (f64, f64) {
    let small = (-x.abs()).exp();
    let slope = if x > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
    (x.max(0.0) + small.ln_1p(), slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: ln 2 with slope ½ at 0; x itself or 0 far out; no number stays none.
    #[test]
    fn softplus_by_hand() {
        assert_eq!(softplus_and_slope(0.0), (2f64.ln(), 0.5));
        assert_eq!(softplus_and_slope(800.0), (800.0, 1.0));
        assert_eq!(softplus_and_slope(-800.0), (0.0, 0.0));
        assert!(softplus(f64::NAN).is_nan());
    }
}
