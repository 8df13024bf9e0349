//! The font of the pictures: the outlines of its glyphs, and how wide texts are.
//!
//! Ubuntu Light, from the crate `epaint_default_fonts`, under the Ubuntu Font Licence 1.0. It
//! comes with Taut, so that a PNG is the same everywhere.

use ttf_parser::{Face, OutlineBuilder};

use super::canvas::{Anchor, EXPONENT_RISE, EXPONENT_SIZE, Label, Text};

/// The font, in units of the height of a text.
pub struct Font {
    face: Face<'static>,
    unit: f64,
}

impl Font {
    /// The font of all pictures.
    pub fn new() -> Self {
        let face = Face::parse(epaint_default_fonts::UBUNTU_LIGHT, 0).expect("a font");
        let unit = 1.0 / f64::from(face.units_per_em());
        Self { face, unit }
    }

    /// Width of a text.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        text.chars().map(|character| self.advance(character, size)).sum()
    }

    /// Width of a label.
    pub fn label_width(&self, label: &Label, size: f64) -> f64 {
        self.width(&label.text, size) + self.width(&label.exponent, EXPONENT_SIZE * size)
    }

    /// A text that is at most so wide: shortened where it has to be.
    pub fn fitted(&self, text: &str, size: f64, room: f64) -> String {
        if self.width(text, size) <= room {
            return text.to_string();
        }
        let (mut kept, mut width) = (String::new(), self.width("…", size));
        for character in text.chars() {
            width += self.advance(character, size);
            if width > room {
                break;
            }
            kept.push(character);
        }
        kept.truncate(kept.trim_end().len());
        kept + "…"
    }

    /// What a text is drawn as: words and exponent, each with the height of its font and the
    /// beginning of its base line, before the text is turned and moved to its place.
    pub fn parts<'a>(&self, text: &'a Text) -> [(&'a str, f64, [f64; 2]); 2] {
        let Text { label, size, .. } = text;
        let width = self.label_width(label, *size);
        let start = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width,
            Anchor::End => -width,
        };
        let raised = [start + self.width(&label.text, *size), -EXPONENT_RISE * size];
        [(&label.text, *size, [start, 0.0]), (&label.exponent, EXPONENT_SIZE * size, raised)]
    }

    /// Draws a text, whose base line begins at `start`, on a canvas whose `y` grows downwards.
    pub fn outline(
        &self,
        text: &str,
        size: f64,
        start: [f64; 2],
        builder: &mut dyn OutlineBuilder,
    ) {
        let [mut x, y] = start;
        for character in text.chars() {
            let glyph = self.face.glyph_index(character).unwrap_or_default();
            let [scale, left, base] = [size * self.unit, x, y].map(|number| number as f32);
            // A space has no outline.
            let _ = self.face.outline_glyph(glyph, &mut Placed { builder, scale, left, base });
            x += self.advance(character, size);
        }
    }

    fn advance(&self, character: char, size: f64) -> f64 {
        let glyph = self.face.glyph_index(character).unwrap_or_default();
        let width = self.face.glyph_hor_advance(glyph).unwrap_or_default();
        size * self.unit * f64::from(width)
    }
}

/// Hands on the outline of a glyph, whose `y` grows upwards, in units of the canvas.
struct Placed<'a> {
    builder: &'a mut dyn OutlineBuilder,
    /// Size of a unit of the font.
    scale: f32,
    left: f32,
    base: f32,
}

impl Placed<'_> {
    fn x(&self, x: f32) -> f32 {
        self.left + self.scale * x
    }

    fn y(&self, y: f32) -> f32 {
        self.base - self.scale * y
    }
}

impl OutlineBuilder for Placed<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(self.x(x), self.y(y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(self.x(x), self.y(y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.builder.quad_to(self.x(x1), self.y(y1), self.x(x), self.y(y));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let [x1, x2, x] = [x1, x2, x].map(|x| self.x(x));
        let [y1, y2, y] = [y1, y2, y].map(|y| self.y(y));
        self.builder.curve_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
