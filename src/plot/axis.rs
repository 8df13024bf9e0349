//! Axes: a range, and round ticks in it.

use super::canvas::Label;

/// An axis, from `low` to `high` in the coordinates of its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub name: String,
    low: f64,
    high: f64,
    ticks: Vec<(f64, Label)>,
}

/// Space on both sides of what a logarithmic axis has to show, as a share of its range.
const MARGIN: f64 = 0.04;

impl Axis {
    /// An axis of numbers, with at most so many ticks; an empty range gets a width.
    pub fn linear(name: String, low: f64, high: f64, most: usize) -> Self {
        Self::stepped(name, low, high, most, 0.0)
    }

    /// An axis of whole numbers.
    pub fn whole(name: String, low: f64, high: f64, most: usize) -> Self {
        Self::stepped(name, low, high, most, 1.0)
    }

    fn stepped(name: String, low: f64, high: f64, most: usize, least_step: f64) -> Self {
        let wide = (0.01 * low.abs()).max(f64::MIN_POSITIVE);
        let (low, high) = if low < high { (low, high) } else { (low - wide, high + wide) };
        let most = most as f64;
        let step = round_step(high / most - low / most).max(least_step);
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        let largest = low.abs().max(high.abs());
        // Where rounding leaves nothing of the steps, so does it of the ticks.
        let count = if (last - first) <= 2.0 * most { (last - first) as usize } else { 0 };
        let values = (0..=count).map(|k| (first + k as f64) * step);
        let ticks = values.map(|value| (value, label(value, step, largest))).collect();
        Self { name, low, high, ticks }
    }

    /// An axis of the logarithms (to base 10) of positive numbers; so its coordinates.
    pub fn logarithmic(name: String, low: f64, high: f64, most: usize) -> Self {
        let margin = (MARGIN * (high - low)).max(0.05);
        let (low, high) = (low - margin, high + margin);
        let (first, last) = (low.floor(), high.ceil());
        let every = ((last - first) / most as f64).ceil().max(1.0);
        let mantissas: &[f64] = if high - low < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (0..=(last - first) as usize).map(|k| first + k as f64);
        let powers = powers.filter(|power| power.rem_euclid(every) == 0.0);
        let ticks = powers.flat_map(|power| {
            mantissas.iter().map(move |&mantissa: &f64| {
                let times = if mantissa == 1.0 { "10".into() } else { format!("{mantissa}×10") };
                (power + mantissa.log10(), Label { text: times, exponent: signed(power, 0) })
            })
        });
        let ticks = ticks.filter(|(place, _)| (low..=high).contains(place)).collect();
        Self { name, low, high, ticks }
    }

    /// Where a coordinate is: 0 at the low end, 1 at the high end.
    pub fn share(&self, coordinate: f64) -> f64 {
        let range = self.high - self.low;
        match range.is_finite() {
            true => (coordinate - self.low) / range,
            false => (0.5 * coordinate - 0.5 * self.low) / (0.5 * self.high - 0.5 * self.low),
        }
    }

    /// The ticks, from low to high: their shares and labels.
    pub fn ticks(&self) -> impl Iterator<Item = (f64, &Label)> {
        self.ticks.iter().map(|(place, label)| (self.share(*place), label))
    }
}

/// The least of 1, 2, 5, 10, … (times a power of ten) that is not below a step.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let rest = step / power;
    let factors = [1.0, 2.0, 5.0, 10.0];
    power * factors.into_iter().find(|factor| rest <= factor * (1.0 + 1e-9)).unwrap_or(10.0)
}

/// A number of an axis with such steps and such a largest number: decimals, or a power of
/// ten where these would be long.
fn label(value: f64, step: f64, largest: f64) -> Label {
    let step_power = (step.log10() + 1e-9).floor();
    if step >= 1e-4 && largest < 1e5 {
        return signed(value, (-step_power).max(0.0) as usize).into();
    }
    match value {
        0.0 => String::from("0").into(),
        value => scientific(value, |power| (power - step_power).clamp(0.0, 15.0) as usize),
    }
}

/// A number and a power of ten; `digits` are the decimals for a power.
fn scientific(value: f64, digits: impl Fn(f64) -> usize) -> Label {
    let power = (value.abs().log10() + 1e-9).floor();
    let mantissa = signed(value / 10f64.powf(power), digits(power));
    Label { text: format!("{mantissa}×10"), exponent: signed(power, 0) }
}

/// A value for a reader: with at most so many significant digits.
pub fn rounded(value: f64, significant: u8) -> Label {
    let decimals = f64::from(significant - 1);
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return scientific(value, |_| decimals as usize);
    }
    let power = if size == 0.0 { 0.0 } else { size.log10().floor() };
    let text = signed(value, (decimals - power).max(0.0) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string().into(),
        false => text.into(),
    }
}

/// A number with so many decimals, with the sign that is as wide as a digit.
fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().any(|c| c.is_ascii_digit() && c != '0') => {
            format!("−{digits}")
        }
        Some(digits) => digits.to_string(),
        None => text,
    }
}
