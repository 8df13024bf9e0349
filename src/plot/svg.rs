//! A canvas as SVG.
//!
//! Colours stand in attributes, for programs that know no style sheets, and those of a dark
//! ground in a style sheet for readers who prefer that. Points are rounded to what a screen
//! shows and written as steps from one to the next, in whole numbers of that unit, so that
//! nothing adds up.

use std::fmt::{self, Write};

use super::canvas::{
    Anchor, Canvas, Contour, EXPONENT_RISE, EXPONENT_SIZE, Paint, Shape, Stroke, Text,
};

/// Fonts like the one of the PNG files.
const FONTS: &str = "Ubuntu,'Helvetica Neue',Helvetica,Arial,sans-serif";

/// Height of the font that texts have where they say nothing else.
const USUAL_SIZE: f64 = 14.0;

/// The text of an SVG file.
pub fn svg(canvas: &Canvas) -> String {
    let mut writer = Writer { text: String::new(), dark: Vec::new(), digits: 1 };
    // A larger picture shows more of each unit.
    if canvas.scale.is_some_and(|scale| scale > 2.0) {
        writer.digits = 2;
    }
    writer.body(canvas).expect("a string takes all");
    let mut svg = String::new();
    writer.head(canvas, &mut svg).expect("a string takes all");
    svg + &writer.text + "</svg>\n"
}

/// What of a shape has a colour.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Fill,
    Stroke,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Stroke => "stroke",
        }
    }
}

struct Writer {
    text: String,
    /// The classes of the style sheet.
    dark: Vec<(Part, [u8; 3])>,
    /// Decimal digits of a coordinate.
    digits: u32,
}

impl Writer {
    fn head(&self, canvas: &Canvas, out: &mut String) -> fmt::Result {
        let (width, height) = (canvas.width, canvas.height);
        let pixels = |length: f64| plain((length * canvas.scale.unwrap_or(1.0)).round(), 0);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
             viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"{FONTS}\" \
             font-size=\"{USUAL_SIZE}\" stroke-linejoin=\"round\">",
            pixels(width),
            pixels(height),
            plain(width, 3),
            plain(height, 3)
        )?;
        writeln!(out, "<title>{}</title>", escaped(&canvas.title))?;
        write!(out, "<style>@media (prefers-color-scheme:dark){{")?;
        for (index, (part, color)) in self.dark.iter().enumerate() {
            write!(out, ".{}{{{}:{}}}", class(index), part.name(), hex(*color))?;
        }
        writeln!(out, "}}</style>")
    }

    fn body(&mut self, canvas: &Canvas) -> fmt::Result {
        let ground = self.colored(Some(canvas.ground), None);
        writeln!(self.text, "<rect width=\"100%\" height=\"100%\"{ground}/>")?;
        canvas.shapes.iter().try_for_each(|shape| match shape {
            Shape::Path { contours, fill, stroke } => self.path(contours, *fill, *stroke),
            Shape::Text(text) => self.words(text),
        })
    }

    fn path(
        &mut self,
        contours: &[Contour],
        fill: Option<Paint>,
        stroke: Option<Stroke>,
    ) -> fmt::Result {
        let mut attributes = self.colored(fill, stroke.map(|stroke| stroke.paint));
        if let Some(Stroke { width, is_dashed, .. }) = stroke {
            if width != 1.0 {
                write!(attributes, " stroke-width=\"{}\"", plain(width, 2))?;
            }
            if is_dashed {
                attributes += " stroke-dasharray=\"4 3\"";
            }
        }
        if fill.is_none() {
            attributes += " fill=\"none\"";
        }
        write!(self.text, "<path{attributes} d=\"")?;
        contours.iter().for_each(|contour| self.contour(contour));
        writeln!(self.text, "\"/>")
    }

    /// One contour, without the points that rounding makes equal.
    fn contour(&mut self, contour: &Contour) {
        let unit = 10f64.powi(self.digits.cast_signed());
        let grid = |point: &[f64; 2]| point.map(|coordinate| (coordinate * unit).round());
        let mut points: Vec<[f64; 2]> = contour.points.iter().map(grid).collect();
        points.dedup();
        let is_open = !contour.is_closed;
        if !is_open && points.len() > 1 && points.first() == points.last() {
            points.pop();
        }
        if points.len() < 2 {
            return;
        }
        let mut last = [0.0, 0.0];
        for (index, &point) in points.iter().enumerate() {
            match index {
                0 => self.text.push('M'),
                1 => self.text.push('l'),
                _ => {}
            }
            let step = [point[0] - last[0], point[1] - last[1]].map(|s| plain(s / unit, 2));
            for (axis, number) in step.iter().enumerate() {
                if (axis == 1 || index > 1) && !number.starts_with('-') {
                    self.text.push(' ');
                }
                self.text.push_str(number);
            }
            last = point;
        }
        if !is_open {
            self.text.push('z');
        }
    }

    fn words(&mut self, text: &Text) -> fmt::Result {
        let [x, y] = text.at.map(|coordinate| plain(coordinate, 1));
        let mut attributes = self.colored(Some(text.paint), None);
        if text.size != USUAL_SIZE {
            write!(attributes, " font-size=\"{}\"", plain(text.size, 1))?;
        }
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => attributes += " text-anchor=\"middle\"",
            Anchor::End => attributes += " text-anchor=\"end\"",
        }
        if text.is_vertical {
            write!(attributes, " transform=\"rotate(-90 {x} {y})\"")?;
        }
        write!(self.text, "<text x=\"{x}\" y=\"{y}\"{attributes}>{}", escaped(&text.label.text))?;
        if !text.label.exponent.is_empty() {
            write!(
                self.text,
                "<tspan dy=\"{}\" font-size=\"{}\">{}</tspan>",
                plain(-EXPONENT_RISE * text.size, 1),
                plain(EXPONENT_SIZE * text.size, 1),
                escaped(&text.label.exponent)
            )?;
        }
        writeln!(self.text, "</text>")
    }

    /// The attributes of colours, with the classes of those that differ in the dark.
    fn colored(&mut self, fill: Option<Paint>, stroke: Option<Paint>) -> String {
        let (mut attributes, mut classes) = (String::new(), Vec::new());
        for (part, paint) in [(Part::Fill, fill), (Part::Stroke, stroke)] {
            let Some(paint) = paint else { continue };
            attributes += &format!(" {}=\"{}\"", part.name(), hex(paint.light));
            if paint.dark != paint.light {
                let key = (part, paint.dark);
                let known = self.dark.iter().position(|other| *other == key);
                classes.push(class(known.unwrap_or(self.dark.len())));
                if known.is_none() {
                    self.dark.push(key);
                }
            }
        }
        match classes.is_empty() {
            true => attributes,
            false => format!("{attributes} class=\"{}\"", classes.join(" ")),
        }
    }
}

fn class(index: usize) -> String {
    format!("c{index}")
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A number with at most so many digits behind the point, as short as SVG permits.
fn plain(number: f64, digits: usize) -> String {
    let mut text = format!("{number:.digits$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    match text.as_str() {
        "-0" | "0" => "0".to_string(),
        text => match (text.strip_prefix("0."), text.strip_prefix("-0.")) {
            (Some(rest), _) => format!(".{rest}"),
            (_, Some(rest)) => format!("-.{rest}"),
            (None, None) => text.to_string(),
        },
    }
}

/// A text as it stands in SVG; characters that XML cannot hold are shown as such.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            c if c.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_svg_permits() {
        let cases = [(0.5, ".5"), (-0.5, "-.5"), (-0.04, "0"), (12.0, "12"), (100.0, "100")];
        for (number, expected) in cases {
            assert_eq!(plain(number, 1), expected);
        }
        assert_eq!(plain(10.25, 2), "10.25");
    }

    #[test]
    fn texts_stay_texts() {
        assert_eq!(escaped("a<b & \u{1}"), "a&lt;b &amp; \u{fffd}");
    }
}
