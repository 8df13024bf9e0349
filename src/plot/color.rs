//! The colour scale of values.

use super::canvas::Paint;

/// Viridis, by Smith and van der Walt (2015): even steps of lightness, so that it reads in
/// grey and by the colour-blind. Every sixteenth of the scale.
const VIRIDIS: [[u8; 3]; 17] = [
    [68, 1, 84],
    [72, 24, 106],
    [71, 45, 123],
    [66, 64, 134],
    [59, 82, 139],
    [51, 99, 141],
    [44, 114, 142],
    [38, 130, 142],
    [33, 145, 140],
    [31, 160, 136],
    [40, 174, 128],
    [63, 188, 115],
    [94, 201, 98],
    [132, 212, 75],
    [173, 220, 48],
    [216, 226, 25],
    [253, 231, 37],
];

/// The colour of a share from 0 to 1.
pub fn color(share: f64) -> Paint {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let index = (place.floor() as usize).min(VIRIDIS.len() - 2);
    let rest = place - index as f64;
    let mix = |channel: usize| {
        let (a, b) = (VIRIDIS[index][channel], VIRIDIS[index + 1][channel]);
        (f64::from(a) + rest * (f64::from(b) - f64::from(a))).round() as u8
    };
    Paint::both([mix(0), mix(1), mix(2)])
}

#[cfg(test)]
mod tests {
    use super::color;

    #[test]
    fn ends_and_middle() {
        assert_eq!(color(0.0).light, [0x44, 0x01, 0x54]);
        assert_eq!(color(0.5).light, [0x21, 0x91, 0x8c]);
        assert_eq!(color(1.0).light, [0xfd, 0xe7, 0x25]);
        assert_eq!(color(f64::MAX), color(1.0));
    }
}
